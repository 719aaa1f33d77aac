// The service API of Win32 as far as we need it, in its own numbers: the seam between Windows and
// what we make of it. Calls block; errors are Win32 codes.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "wire/svcctl/messages.h"

namespace tocsin::probe::scm {

template <typename T>
using Win32Result = std::expected<T, std::uint32_t>;

/// ENUM_SERVICE_STATUS_PROCESSW
struct ListedService {
  std::string name;  ///< the key name; all text is UTF-8
  std::string display_name;
  svcctl::ServiceStatusProcess status;
};

/// QUERY_SERVICE_CONFIGW and what QueryServiceConfig2W adds.
struct Configuration {
  std::uint32_t type = 0;
  std::uint32_t start_type = 0;
  bool delayed = false;        ///< SERVICE_CONFIG_DELAYED_AUTO_START_INFO
  bool trigger_start = false;  ///< SERVICE_CONFIG_TRIGGER_INFO names a trigger that starts it
  std::string display_name;
  std::string path;
  std::vector<std::string> dependencies;
};

/// A service that was opened to be controlled, closed at its end. Win32 codes, 0: done.
class ControlledService {
 public:
  virtual ~ControlledService() = default;
  /// StartServiceW: may take half a minute.
  virtual std::uint32_t start() = 0;
  /// ControlService; likewise.
  virtual std::uint32_t control(std::uint32_t control) = 0;
  /// EnumDependentServicesW: those that do not rest, in the order in which they can be stopped.
  virtual Win32Result<std::vector<std::string>> dependents() = 0;
};

/// One open service control manager. One call at a time, from any thread.
class Manager {
 public:
  virtual ~Manager() = default;
  /// All services (no drivers), in one call of EnumServicesStatusExW once their number is known.
  virtual Win32Result<std::vector<ListedService>> enumerate() = 0;
  virtual Win32Result<svcctl::ServiceStatusProcess> query_status(const std::string& service) = 0;
  virtual Win32Result<Configuration> query_configuration(const std::string& service) = 0;
  /// `rights` are svcctl::Access bits.
  virtual Win32Result<std::unique_ptr<ControlledService>> open(const std::string& service,
                                                               std::uint32_t rights) = 0;
};

/// NotifyServiceStatusChangeW: the manager reports by itself what services do. All calls but wake()
/// on one thread; shut() is its last.
class Feed {
 public:
  /// SERVICE_NOTIFY_2W
  struct Notification {
    std::optional<std::string> service;  ///< absent: about the manager's list of services
    std::uint32_t error = 0;             ///< dwNotificationStatus
    std::uint32_t triggered = 0;         ///< dwNotificationTriggered: bits as in a mask
    svcctl::ServiceStatusProcess status;
  };

  virtual ~Feed() = default;
  /// Opens the manager; after shut() anew. A Win32 code, 0: done.
  virtual std::uint32_t open() = 0;
  /// Closes the manager and all services: what was armed is void.
  virtual void shut() = 0;
  /// Asks for the next notification about the service: one, then it must be armed again. Opens a
  /// handle that keeps Windows from removing the service until close() when none is open.
  virtual std::uint32_t arm(const std::string& service, std::uint32_t mask) = 0;
  virtual void close(const std::string& service) = 0;
  /// Asks for the next creation or removal of a service.
  virtual std::uint32_t arm_list() = 0;
  /// Sleeps until there is something, or until wake().
  virtual std::vector<Notification> wait() = 0;
  /// From any thread.
  virtual void wake() = 0;
};

/// The Windows that the program runs on. From any thread.
class System {
 public:
  virtual ~System() = default;
  /// With the rights to connect and to enumerate. `machine`: empty for this one.
  virtual Win32Result<std::unique_ptr<Manager>> open_manager(const std::string& machine) = 0;
  virtual std::unique_ptr<Feed> make_feed(const std::string& machine) = 0;
  /// The names that this machine goes by: NetBIOS, DNS, fully qualified.
  virtual std::vector<std::string> own_names() = 0;
  /// How long this machine has been up.
  virtual std::chrono::milliseconds uptime() = 0;
  /// The processes that live on this machine; nothing when the system does not tell.
  virtual std::optional<std::unordered_set<std::uint32_t>> processes() = 0;
};

/// Null where the program does not run on Windows.
[[nodiscard]] std::shared_ptr<System> this_system();

}  // namespace tocsin::probe::scm
