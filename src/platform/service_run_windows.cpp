#include "platform/windows.h"

#include <array>
#include <mutex>
#include <winsvc.h>

#include "platform/event_log.h"
#include "platform/os_error.h"
#include "platform/service.h"
#include "platform/service_rules.h"
#include "platform/stop_event.h"
#include "platform/wide.h"

namespace tocsin::platform {
namespace {

/// One service, from ServiceMain to its end, on the thread that the manager made for it; controls
/// arrive on the program's first thread.
class Service final : public ServiceHost {
 public:
  explicit Service(const std::string& name) : log_(name) {
    handle_ = RegisterServiceCtrlHandlerExW(wide(name).c_str(), on_control, this);
  }

  void still_starting() override { tell(starting(++checkpoint_)); }
  void ready() override { tell(running()); }
  /// The last thing that the service does: the program's first thread ends the process then.
  void end(int exit_code) { tell(stopped(exit_code)); }
  void report(Severity severity, std::string_view text) override { log_.write(severity, text); }

 private:
  static DWORD WINAPI on_control(DWORD control, DWORD /*type*/, void* /*data*/, void* context) {
    if (const auto reason = reason_of_control(control)) {
      static_cast<Service*>(context)->tell(stopping());
      ask_to_stop(*reason);
      return NO_ERROR;
    }
    return control == SERVICE_CONTROL_INTERROGATE ? NO_ERROR : ERROR_CALL_NOT_IMPLEMENTED;
  }

  void tell(const ServiceStatus& status) {
    SERVICE_STATUS win32_status{.dwServiceType = SERVICE_WIN32_OWN_PROCESS,
                                .dwCurrentState = status.state,
                                .dwControlsAccepted = status.accepted,
                                .dwWin32ExitCode = status.exit_code,
                                .dwServiceSpecificExitCode = status.specific_exit_code,
                                .dwCheckPoint = status.checkpoint,
                                .dwWaitHint = status.wait_hint};
    const std::scoped_lock lock(mutex_);
    if (ended_) return;  // a control that came at the last moment
    ended_ = status.state == SERVICE_STOPPED;
    SetServiceStatus(handle_, &win32_status);
  }

  EventLog log_;
  SERVICE_STATUS_HANDLE handle_ = nullptr;
  std::uint32_t checkpoint_ = 0;
  std::mutex mutex_;
  bool ended_ = false;
};

/// ServiceMain gets no context either.
struct Assignment {
  const ServiceBody* body = nullptr;
  int exit_code = 0;
};
Assignment assignment;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): see above

void WINAPI service_main(DWORD /*count*/, wchar_t** arguments) {
  ignore_console();
  // It outlives this function, because a control may still be on its way.
  static Service service(narrow(arguments[0]));
  service.still_starting();
  assignment.exit_code = (*assignment.body)(service);
  service.end(assignment.exit_code);
}

}  // namespace

Result<int> run_as_service(const ServiceBody& body) {
  assignment.body = &body;
  std::wstring name;  // the manager does not look at it when a program has one service only
  const std::array<SERVICE_TABLE_ENTRYW, 2> table{SERVICE_TABLE_ENTRYW{name.data(), service_main},
                                                  SERVICE_TABLE_ENTRYW{nullptr, nullptr}};
  if (StartServiceCtrlDispatcherW(table.data()) == FALSE) {
    const auto code = GetLastError();
    if (code == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT)
      return fail(ErrorKind::rejected,
                  "only the service manager starts this: from a console, use `tocsin run`", code);
    return fail_windows(code, "the service manager");
  }
  return assignment.exit_code;
}

}  // namespace tocsin::platform
