// Being a service of Windows: installed, started and stopped by its service manager. Elsewhere
// everything here answers `unsupported` with a sentence that says what to do instead.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/event_text.h"

namespace tocsin::platform {

/// What there is to know about a service of ours.
struct ServiceDefinition {
  std::string name;
  std::string description;
  std::string account;  ///< empty: NT SERVICE\NAME, an account of its own without any rights
  std::vector<std::string> arguments;              ///< of this program, when it is started
  std::vector<std::filesystem::path> directories;  ///< where it writes: nobody else may read there
  std::vector<std::filesystem::path> files;        ///< that it must be able to read
};

/// Whether this program may install and remove services. denied: it is not elevated.
[[nodiscard]] Result<> check_service_rights();

/// Installs this program as a service that starts with the system (a little after the others) and
/// again, 5, 30 and 60 seconds later, when it has failed. Asks on the console for the password of
/// an account that has one. Answers what could not be set and what is left to do, a sentence each;
/// after an error nothing has changed, except that directories may have been made. rejected: there
/// is a service of that name, its removal is not finished, or the account does not exist.
[[nodiscard]] Result<std::vector<std::string>> install_service(const ServiceDefinition& definition);

/// Stops and removes the service. not_found: there is none. rejected: it is another program's.
struct RemovedService {
  std::vector<std::string> arguments;  ///< as it was installed
  std::vector<std::string> warnings;
};
[[nodiscard]] Result<RemovedService> uninstall_service(const std::string& name);

/// What a service can say to those who administer it; from its own thread, report() from any.
class ServiceHost {
 public:
  virtual ~ServiceHost() = default;
  /// It is not ready yet, but still on its way; the next sign comes within a minute.
  virtual void still_starting() = 0;
  virtual void ready() = 0;
  /// To the event log of the system.
  virtual void report(Severity severity, std::string_view text) = 0;
};

/// Answers the program's exit code; stop_request() tells when to end. Whatever is not 0 is a
/// failure, after which the service is started again.
using ServiceBody = std::function<int(ServiceHost&)>;

/// Runs `body` when the service manager has started this program, and answers its exit code when it
/// has ended. rejected: somebody else has started it.
[[nodiscard]] Result<int> run_as_service(const ServiceBody& body);

}  // namespace tocsin::platform
