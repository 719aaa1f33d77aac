#include "platform/windows.h"

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <winsvc.h>

#include "base/names.h"
#include "base/path.h"
#include "base/try.h"
#include "platform/accounts.h"
#include "platform/command_line.h"
#include "platform/event_log.h"
#include "platform/os_error.h"
#include "platform/password_prompt.h"
#include "platform/permissions.h"
#include "platform/service.h"
#include "platform/service_rules.h"
#include "platform/wide.h"

namespace tocsin::platform {
namespace {

using ServiceHandle = std::unique_ptr<SC_HANDLE__, Closer<CloseServiceHandle>>;

constexpr auto kStopLimit = std::chrono::seconds(30);

/// What went wrong, in the words of somebody who can do something about it.
std::unexpected<Error> fail_of_service(std::uint32_t code, const std::string& name) {
  switch (code) {
    case ERROR_ACCESS_DENIED:
      return fail(ErrorKind::denied,
                  "only administrators install and remove services: open the console with \"Run as "
                  "administrator\"",
                  code);
    case ERROR_SERVICE_EXISTS:
    case ERROR_DUPLICATE_SERVICE_NAME:
      return fail(ErrorKind::rejected,
                  "a service named " + name +
                      " is installed already, and stays as it is: remove it first (tocsin service "
                      "uninstall), or choose another --name",
                  code);
    case ERROR_SERVICE_MARKED_FOR_DELETE:
      return fail(ErrorKind::rejected,
                  "the service " + name +
                      " is removed as soon as no program has it open: close services.msc and "
                      "what else shows services, or restart the machine",
                  code);
    case ERROR_SERVICE_DOES_NOT_EXIST:
      return fail(ErrorKind::not_found, "no service named " + name + " is installed", code);
    case ERROR_INVALID_SERVICE_ACCOUNT:
      return fail(ErrorKind::rejected,
                  "there is no such account, or its password is wrong: write it as DOMAIN\\name, "
                  ".\\name, or NT AUTHORITY\\LocalService",
                  code);
    default:
      return fail_windows(code, "the service " + name);
  }
}

Result<ServiceHandle> open_manager(DWORD access) {
  ServiceHandle manager(OpenSCManagerW(nullptr, nullptr, access));
  if (!manager) return fail_of_service(GetLastError(), "");
  return manager;
}

std::filesystem::path program_path() {
  std::wstring path(MAX_PATH, L'\0');
  for (;;) {
    const auto size = GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size()));
    if (size < path.size()) return path.substr(0, size);
    path.resize(path.size() * 2);
  }
}

// Installing

Result<ServiceHandle> create(SC_HANDLE manager, const ServiceDefinition& definition,
                             const std::filesystem::path& program, const std::string& account) {
  std::wstring password;
  if (has_password(account)) {
    TRY(const auto asked, ask_password(account));
    password = wide(asked.reveal());
  }
  std::vector<std::string> words{to_utf8(program)};
  words.insert(words.end(), definition.arguments.begin(), definition.arguments.end());
  const auto name = wide(definition.name);
  // SERVICE_START belongs to the right to have it started again after a failure.
  ServiceHandle service(CreateServiceW(
      manager, name.c_str(), name.c_str(), SERVICE_CHANGE_CONFIG | SERVICE_START | DELETE,
      SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
      wide(to_command_line(words)).c_str(), nullptr, nullptr, nullptr, wide(account).c_str(),
      password.empty() ? nullptr : password.c_str()));
  const auto code = GetLastError();
  SecureZeroMemory(password.data(), password.size() * sizeof(wchar_t));
  if (!service) return fail_of_service(code, definition.name);
  return service;
}

/// What CreateServiceW cannot set. Not every system knows all of it, and none of it is needed to
/// watch services: so what fails is said, and the rest is done.
class Refinement {
 public:
  Refinement(SC_HANDLE service, std::vector<std::string>& warnings)
      : service_(service), warnings_(warnings) {}

  template <typename Info>
  void set(DWORD level, Info info, std::string_view what_is_missing) {
    if (ChangeServiceConfig2W(service_, level, &info) != FALSE) return;
    warnings_.push_back(fail_windows(GetLastError(), what_is_missing).error().what);
  }

 private:
  SC_HANDLE service_;
  std::vector<std::string>& warnings_;
};

void refine(SC_HANDLE service, const ServiceDefinition& definition,
            std::vector<std::string>& warnings) {
  Refinement refinement(service, warnings);
  auto description = wide(definition.description);
  refinement.set(SERVICE_CONFIG_DESCRIPTION, SERVICE_DESCRIPTIONW{description.data()},
                 "the service has no description");
  refinement.set(SERVICE_CONFIG_DELAYED_AUTO_START_INFO, SERVICE_DELAYED_AUTO_START_INFO{TRUE},
                 "it starts together with the other services, not after them");

  constexpr DWORD kDay = 24 * 60 * 60;
  std::array actions{SC_ACTION{SC_ACTION_RESTART, 5'000}, SC_ACTION{SC_ACTION_RESTART, 30'000},
                     SC_ACTION{SC_ACTION_RESTART, 60'000}};
  refinement.set(SERVICE_CONFIG_FAILURE_ACTIONS,
                 SERVICE_FAILURE_ACTIONSW{.dwResetPeriod = kDay,
                                          .lpRebootMsg = nullptr,
                                          .lpCommand = nullptr,
                                          .cActions = actions.size(),
                                          .lpsaActions = actions.data()},
                 "it is not started again when it has crashed");
  refinement.set(SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, SERVICE_FAILURE_ACTIONS_FLAG{TRUE},
                 "it is not started again when it has ended with an error");

  refinement.set(SERVICE_CONFIG_SERVICE_SID_INFO, SERVICE_SID_INFO{SERVICE_SID_TYPE_UNRESTRICTED},
                 "its process does not carry the name of the service: its account needs full "
                 "control of the data directory, and must be able to read the configuration");
  // All others are taken away from its process, whatever its account has. This one, to pass through
  // directories that it may not list, everybody has.
  std::array<wchar_t, 25> privileges{L"SeChangeNotifyPrivilege\0"};
  refinement.set(SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO,
                 SERVICE_REQUIRED_PRIVILEGES_INFOW{privileges.data()},
                 "it keeps all privileges of its account");
}

bool is_on_network_drive(const std::filesystem::path& path) {
  return GetDriveTypeW(path.root_path().c_str()) == DRIVE_REMOTE;
}

/// What the service will not be able to do although it is installed, as far as can be seen.
void warn_of_places(const std::filesystem::path& program, const ServiceDefinition& definition,
                    std::vector<std::string>& warnings) {
  if (!is_readable_by_others(program))
    warnings.push_back(to_utf8(program) +
                       " is in a place that the service may not be able to read: put it into "
                       "C:\\Program Files\\tocsin, say, and install it from there");
  for (const auto& path : definition.files) {
    if (is_on_network_drive(path))
      warnings.push_back(to_utf8(path) + " is on a network drive, which services do not have");
  }
}

// Removing

Result<std::vector<std::string>> command_line_of(SC_HANDLE service, const std::string& name) {
  DWORD size = 0;
  QueryServiceConfigW(service, nullptr, 0, &size);
  std::vector<std::uint64_t> buffer(size / sizeof(std::uint64_t) + 1);  // aligned for pointers
  auto* config = reinterpret_cast<QUERY_SERVICE_CONFIGW*>(buffer.data());
  if (QueryServiceConfigW(service, config, static_cast<DWORD>(buffer.size() * 8), &size) == FALSE)
    return fail_of_service(GetLastError(), name);
  return split_command_line(config->lpBinaryPathName);
}

/// Asks until it has stopped: a service that is still starting does not listen yet.
bool stop(SC_HANDLE service) {
  const auto limit = std::chrono::steady_clock::now() + kStopLimit;
  bool asked = false;
  while (std::chrono::steady_clock::now() < limit) {
    SERVICE_STATUS status{};
    if (!asked) asked = ControlService(service, SERVICE_CONTROL_STOP, &status) != FALSE;
    if (QueryServiceStatus(service, &status) == FALSE) return false;
    if (status.dwCurrentState == SERVICE_STOPPED) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

}  // namespace

Result<> check_service_rights() {
  TRY(open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE));
  return {};
}

Result<std::vector<std::string>> install_service(const ServiceDefinition& definition) {
  TRY(const auto manager, open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE));
  TRY(const auto sid, sid_of_service(definition.name));
  const auto program = program_path();
  const auto account =
      definition.account.empty() ? virtual_account(definition.name) : definition.account;

  const auto service = create(manager.get(), definition, program, account);
  if (!service) return std::unexpected(service.error());
  for (const auto& directory : definition.directories) {
    auto given = give_directory(directory, sid);
    if (given) continue;
    DeleteService(service->get());
    return fail(std::move(given));
  }

  std::vector<std::string> warnings;
  const auto warn = [&](const Result<>& done) {
    if (!done) warnings.push_back(done.error().what);
  };
  refine(service->get(), definition, warnings);
  for (const auto& file : definition.files) {
    if (!is_readable_by_others(file)) warn(let_read(file, sid));
  }
  warn(register_event_source(definition.name, program));
  warn_of_places(program, definition, warnings);
  if (needs_logon_right(account))
    warnings.push_back(account +
                       " needs the right \"Log on as a service\" (secpol.msc, Local Policies, User "
                       "Rights Assignment), or the service does not start");
  return warnings;
}

Result<RemovedService> uninstall_service(const std::string& name) {
  TRY(const auto manager, open_manager(SC_MANAGER_CONNECT));
  const ServiceHandle service(
      OpenServiceW(manager.get(), wide(name).c_str(),
                   DELETE | SERVICE_STOP | SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG));
  if (!service) return fail_of_service(GetLastError(), name);
  TRY(auto words, command_line_of(service.get(), name));
  if (!runs_tocsin(words))
    return fail(ErrorKind::rejected, "the service " + name + " is another program's, and stays");

  RemovedService removed;
  if (!stop(service.get()))
    removed.warnings.push_back(
        "the service does not stop; it is removed when its process has ended");
  if (DeleteService(service.get()) == FALSE) return fail_of_service(GetLastError(), name);
  if (const auto done = remove_event_source(name); !done)
    removed.warnings.push_back(done.error().what);
  removed.arguments.assign(words.begin() + 1, words.end());
  return removed;
}

}  // namespace tocsin::platform
