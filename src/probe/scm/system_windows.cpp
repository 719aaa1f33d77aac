#include "platform/windows.h"
#include <winsock2.h>

#include <memory>
#include <psapi.h>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <winsvc.h>
#include <ws2tcpip.h>

#include "base/names.h"
#include "base/try.h"
#include "platform/wide.h"
#include "probe/scm/records.h"
#include "probe/scm/system.h"

namespace tocsin::probe::scm {
namespace {

using platform::narrow;
using platform::wide;

using ServiceHandle =
    std::unique_ptr<std::remove_pointer_t<SC_HANDLE>, platform::Closer<CloseServiceHandle>>;
using SystemHandle = std::unique_ptr<void, platform::Closer<CloseHandle>>;

std::unexpected<std::uint32_t> last_error() {
  return std::unexpected(std::uint32_t{GetLastError()});
}

svcctl::ServiceStatusProcess to_raw(const SERVICE_STATUS_PROCESS& status) {
  svcctl::ServiceStatusProcess raw;
  raw.service_type = status.dwServiceType;
  raw.current_state = status.dwCurrentState;
  raw.controls_accepted = status.dwControlsAccepted;
  raw.win32_exit_code = status.dwWin32ExitCode;
  raw.service_specific_exit_code = status.dwServiceSpecificExitCode;
  raw.check_point = status.dwCheckPoint;
  raw.wait_hint = status.dwWaitHint;
  raw.process_id = status.dwProcessId;
  raw.service_flags = status.dwServiceFlags;
  return raw;
}

/// Wine opens its own manager whatever machine is asked for: the states would be another machine's.
bool is_wine() {
  static const bool wine =
      GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
  return wine;
}

/// Windows gives one code to names that nobody knows and to hosts that do not answer.
std::uint32_t refine(std::uint32_t code, const std::string& machine) {
  if (code != svcctl::kRpcServerUnavailable && code != ERROR_BAD_NETPATH) return code;
  ADDRINFOW* found = nullptr;
  const int answer = GetAddrInfoW(wide(machine).c_str(), nullptr, nullptr, &found);
  if (found != nullptr) FreeAddrInfoW(found);
  return answer == WSAHOST_NOT_FOUND ? std::uint32_t{WSAHOST_NOT_FOUND} : code;
}

Win32Result<ServiceHandle> open_scm(const std::string& machine) {
  if (!machine.empty() && is_wine()) return std::unexpected(std::uint32_t{ERROR_NOT_SUPPORTED});
  const auto name = wide("\\\\" + machine);
  ServiceHandle manager(OpenSCManagerW(machine.empty() ? nullptr : name.c_str(), nullptr,
                                       SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE));
  if (manager == nullptr) return std::unexpected(refine(GetLastError(), machine));
  return manager;
}

Win32Result<ServiceHandle> open_service(SC_HANDLE manager, const std::string& service,
                                        DWORD rights) {
  ServiceHandle handle(OpenServiceW(manager, wide(service).c_str(), rights));
  if (handle == nullptr) return last_error();
  return handle;
}

BytesView bytes_of(const wchar_t* begin, const Bytes& buffer) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(begin);
  if (at < buffer.data() || at >= buffer.data() + buffer.size()) return {};
  return {at, static_cast<std::size_t>(buffer.data() + buffer.size() - at)};
}

/// A text that Windows left in the buffer; empty where it left none.
std::string text_of(const wchar_t* begin, const Bytes& buffer) {
  auto strings = read_strings(bytes_of(begin, buffer));
  return strings.empty() ? "" : std::move(strings.front());
}

Win32Result<Bytes> query_config2(SC_HANDLE service, DWORD level) {
  Bytes buffer(svcctl::kMostConfig);  // the most that the call takes
  DWORD needed = 0;
  if (QueryServiceConfig2W(service, level, buffer.data(), static_cast<DWORD>(buffer.size()),
                           &needed) == 0)
    return last_error();
  return buffer;
}

bool is_delayed(SC_HANDLE service) {
  const auto buffer = query_config2(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO);
  return buffer && reinterpret_cast<const SERVICE_DELAYED_AUTO_START_INFO*>(buffer->data())
                           ->fDelayedAutostart != 0;
}

bool has_start_trigger(SC_HANDLE service) {
  const auto buffer = query_config2(service, SERVICE_CONFIG_TRIGGER_INFO);
  return buffer && names_start_trigger(*buffer, reinterpret_cast<std::uintptr_t>(buffer->data()));
}

class WindowsService final : public ControlledService {
 public:
  explicit WindowsService(ServiceHandle handle) : handle_(std::move(handle)) {}

  std::uint32_t start() override {
    return StartServiceW(handle_.get(), 0, nullptr) != 0 ? ERROR_SUCCESS : GetLastError();
  }
  std::uint32_t control(std::uint32_t control) override {
    SERVICE_STATUS status{};
    return ControlService(handle_.get(), control, &status) != 0 ? ERROR_SUCCESS : GetLastError();
  }
  Win32Result<std::vector<std::string>> dependents() override {
    Bytes buffer(svcctl::kMostEnumeration);  // the most that the call takes
    DWORD needed = 0;
    DWORD returned = 0;
    auto* services = reinterpret_cast<ENUM_SERVICE_STATUSW*>(buffer.data());
    if (EnumDependentServicesW(handle_.get(), SERVICE_ACTIVE, services,
                               static_cast<DWORD>(buffer.size()), &needed, &returned) == 0)
      return last_error();
    std::vector<std::string> names;
    for (const auto& service : std::span(services, returned))
      names.push_back(text_of(service.lpServiceName, buffer));
    return names;
  }

 private:
  const ServiceHandle handle_;
};

class WindowsManager final : public Manager {
 public:
  explicit WindowsManager(ServiceHandle handle) : handle_(std::move(handle)) {}

  Win32Result<std::vector<ListedService>> enumerate() override {
    return fetch_list(list_, [this](std::span<std::uint8_t> buffer, std::uint32_t resume) {
      DWORD needed = 0;
      DWORD returned = 0;
      DWORD next = resume;
      const bool done =
          EnumServicesStatusExW(handle_.get(), SC_ENUM_PROCESS_INFO, SERVICE_WIN32,
                                SERVICE_STATE_ALL, buffer.data(), static_cast<DWORD>(buffer.size()),
                                &needed, &returned, &next, nullptr) != 0;
      const DWORD error = done ? ERROR_SUCCESS : GetLastError();
      return Page{.error = error, .needed = needed, .returned = returned, .resume = next};
    });
  }

  Win32Result<svcctl::ServiceStatusProcess> query_status(const std::string& service) override {
    TRY(const auto handle, open_service(handle_.get(), service, SERVICE_QUERY_STATUS));
    SERVICE_STATUS_PROCESS status{};
    DWORD needed = 0;
    if (QueryServiceStatusEx(handle.get(), SC_STATUS_PROCESS_INFO, reinterpret_cast<BYTE*>(&status),
                             sizeof(status), &needed) == 0)
      return last_error();
    return to_raw(status);
  }

  Win32Result<Configuration> query_configuration(const std::string& service) override {
    TRY(const auto handle, open_service(handle_.get(), service, SERVICE_QUERY_CONFIG));
    Bytes buffer(svcctl::kMostConfig);  // the most that the call takes
    auto* config = reinterpret_cast<QUERY_SERVICE_CONFIGW*>(buffer.data());
    DWORD needed = 0;
    if (QueryServiceConfigW(handle.get(), config, static_cast<DWORD>(buffer.size()), &needed) == 0)
      return last_error();
    return Configuration{
        .type = config->dwServiceType,
        .start_type = config->dwStartType,
        .delayed = config->dwStartType == SERVICE_AUTO_START && is_delayed(handle.get()),
        .trigger_start = has_start_trigger(handle.get()),
        .display_name = text_of(config->lpDisplayName, buffer),
        .path = text_of(config->lpBinaryPathName, buffer),
        .dependencies = read_strings(bytes_of(config->lpDependencies, buffer))};
  }

  Win32Result<std::unique_ptr<ControlledService>> open(const std::string& service,
                                                       std::uint32_t rights) override {
    TRY(auto handle, open_service(handle_.get(), service, rights));
    return std::make_unique<WindowsService>(std::move(handle));
  }

 private:
  const ServiceHandle handle_;
  Bytes list_;
};

class WindowsFeed final : public Feed {
 public:
  explicit WindowsFeed(std::string machine)
      : machine_(std::move(machine)), awake_(CreateEventW(nullptr, FALSE, FALSE, nullptr)) {}

  std::uint32_t open() override {
    auto manager = open_scm(machine_);
    if (!manager) return manager.error();
    manager_ = *std::move(manager);
    return ERROR_SUCCESS;
  }

  void shut() override {
    for (auto& [name, record] : records_) record->service.reset();
    manager_.reset();
    drain();
    records_.clear();
    list_.reset();
    fired_.clear();
  }

  std::uint32_t arm(const std::string& service, std::uint32_t mask) override {
    auto& record = records_[ServiceName(service)];
    if (!record) record = std::make_unique<Record>(*this, service);
    if (!record->service) {
      auto handle = open_service(manager_.get(), service, SERVICE_QUERY_STATUS);
      if (!handle) return handle.error();
      record->service = *std::move(handle);
    }
    return NotifyServiceStatusChangeW(record->service.get(), mask, &record->notify);
  }

  void close(const std::string& service) override {
    const auto found = records_.find(ServiceName(service));
    if (found == records_.end()) return;
    // The record stays: Wine may write into it even after that.
    found->second->service.reset();
    drain();
  }

  std::uint32_t arm_list() override {
    if (!list_) list_ = std::make_unique<Record>(*this, std::nullopt);
    return NotifyServiceStatusChangeW(
        manager_.get(), SERVICE_NOTIFY_CREATED | SERVICE_NOTIFY_DELETED, &list_->notify);
  }

  std::vector<Notification> wait() override {
    if (fired_.empty()) WaitForSingleObjectEx(awake_.get(), INFINITE, TRUE);
    return std::exchange(fired_, {});
  }

  void wake() override { SetEvent(awake_.get()); }

 private:
  /// Stays where it is while Windows may write into it: until its handle is closed and what was
  /// already on its way has been received.
  struct Record {
    Record(WindowsFeed& of, std::optional<std::string> named) : feed(of), name(std::move(named)) {
      notify.dwVersion = SERVICE_NOTIFY_STATUS_CHANGE;
      notify.pfnNotifyCallback = &WindowsFeed::fired;
      notify.pContext = this;
    }
    WindowsFeed& feed;
    const std::optional<std::string> name;
    ServiceHandle service;
    SERVICE_NOTIFYW notify{};
  };

  /// Runs inside wait() and drain().
  static void CALLBACK fired(void* parameter) {
    auto& notify = *static_cast<SERVICE_NOTIFYW*>(parameter);
    const auto& record = *static_cast<const Record*>(notify.pContext);
    if (notify.pszServiceNames != nullptr) LocalFree(notify.pszServiceNames);
    notify.pszServiceNames = nullptr;
    record.feed.fired_.push_back({.service = record.name,
                                  .error = notify.dwNotificationStatus,
                                  .triggered = notify.dwNotificationTriggered,
                                  .status = to_raw(notify.ServiceStatus)});
  }

  static void drain() { SleepEx(0, TRUE); }

  const std::string machine_;
  const SystemHandle awake_;
  ServiceHandle manager_;
  std::unordered_map<ServiceName, std::unique_ptr<Record>> records_;
  std::unique_ptr<Record> list_;
  std::vector<Notification> fired_;
};

class WindowsSystem final : public System {
 public:
  Win32Result<std::unique_ptr<Manager>> open_manager(const std::string& machine) override {
    TRY(auto handle, open_scm(machine));
    return std::make_unique<WindowsManager>(std::move(handle));
  }

  std::unique_ptr<Feed> make_feed(const std::string& machine) override {
    return std::make_unique<WindowsFeed>(machine);
  }

  std::vector<std::string> own_names() override {
    std::vector<std::string> names;
    for (const auto format :
         {ComputerNameNetBIOS, ComputerNameDnsHostname, ComputerNameDnsFullyQualified}) {
      std::wstring name(256, L'\0');
      auto length = static_cast<DWORD>(name.size());
      if (GetComputerNameExW(format, name.data(), &length) != 0 && length > 0)
        names.push_back(narrow(name.substr(0, length)));
    }
    return names;
  }

  std::chrono::milliseconds uptime() override {
    return std::chrono::milliseconds(GetTickCount64());
  }

  std::optional<std::unordered_set<std::uint32_t>> processes() override {
    std::vector<DWORD> ids(1024);
    for (;;) {
      DWORD filled = 0;
      const auto size = static_cast<DWORD>(ids.size() * sizeof(DWORD));
      if (EnumProcesses(ids.data(), size, &filled) == 0) return std::nullopt;
      if (filled < size) {
        ids.resize(filled / sizeof(DWORD));
        return std::unordered_set<std::uint32_t>(ids.begin(), ids.end());
      }
      ids.resize(ids.size() * 2);  // full: there may be more
    }
  }
};

}  // namespace

std::shared_ptr<System> this_system() { return std::make_shared<WindowsSystem>(); }

}  // namespace tocsin::probe::scm
