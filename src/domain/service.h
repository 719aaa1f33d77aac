// What is known about a service, and what one check of a host observes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ratio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "base/now.h"
#include "base/words.h"
#include "domain/boot.h"

namespace tocsin {

/// 1 to 7 are the service control manager's own numbers ([MS-SCMR] 2.2.47, dwCurrentState).
enum class ServiceState : std::uint8_t {
  stopped = 1,
  start_pending = 2,
  stop_pending = 3,
  running = 4,
  continue_pending = 5,
  pause_pending = 6,
  paused = 7,
  missing = 16,  ///< the host says that there is no such service (error 1060)
  denied = 17,   ///< the host does not let us query it (error 5)
  unknown = 18,  ///< not observed: the host was not reached, or names a state that does not exist
  overrun = 19,  ///< of a service cluster: more hosts run it than may
};

struct StateRow {
  ServiceState value;
  std::string_view word;  ///< Butler's and the service control manager's
  char letter;            ///< in timelines and overviews
  int rank;               ///< how bad it is, for worse()
};

consteval auto table_of(ServiceState) {
  using enum ServiceState;
  return std::array{StateRow{running, "RUNNING", 'r', 0},
                    StateRow{continue_pending, "CONTINUE_PENDING", 'c', 1},
                    StateRow{start_pending, "START_PENDING", 'b', 2},
                    StateRow{pause_pending, "PAUSE_PENDING", 'w', 3},
                    StateRow{stop_pending, "STOP_PENDING", 'e', 4},
                    StateRow{paused, "PAUSED", 'p', 5},
                    StateRow{unknown, "UNKNOWN", 'u', 6},
                    StateRow{denied, "DENIED", 'd', 7},
                    StateRow{overrun, "OVERRUN", 'o', 8},
                    StateRow{stopped, "STOPPED", 's', 9},
                    StateRow{missing, "MISSING", 'm', 10}};
}
/// The one that stands for both where there is room for one: on its way to running, on its way
/// down, paused, not observed, gone, each is worse than those before it.
[[nodiscard]] ServiceState worse(ServiceState a, ServiceState b);
[[nodiscard]] bool is_pending(ServiceState state);

enum class StartMode : std::int8_t {
  unknown = -1,
  automatic = 0,
  automatic_delayed = 1,
  manual = 2,
  disabled = 3,
  boot = 4,
  system = 5,
};

consteval auto table_of(StartMode) {
  using enum StartMode;
  return std::array{Word{unknown, "Unknown"},
                    Word{automatic, "Automatic"},
                    Word{automatic_delayed, "Automatic (delayed start)"},
                    Word{manual, "Manual"},
                    Word{disabled, "Disabled"},
                    Word{boot, "Boot"},
                    Word{system, "System"}};
}

/// SERVICE_STATUS_PROCESS ([MS-SCMR] 2.2.49), as far as decisions need it.
struct ServiceStatus {
  ServiceState state = ServiceState::unknown;
  std::uint32_t process_id = 0;  ///< 0 when it does not run or the host does not tell
  std::uint32_t exit_code =
      0;  ///< Win32 code; 1066 means: see service_exit_code; 1077: never started
  std::uint32_t service_exit_code = 0;
  std::uint32_t checkpoint = 0;  ///< grows while a pending service makes progress
  /// How long until the next progress, by its own estimate; as wide as it comes.
  std::chrono::duration<std::uint32_t, std::milli> wait_hint{};

  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
};

/// What changes rarely: read slowly, cached, shared between observations.
struct ServiceDetails {
  std::string display_name;
  StartMode start_mode = StartMode::unknown;
  std::string executable_path;
  std::vector<std::string> dependencies;
  std::uint32_t type = 0;      ///< SERVICE_WIN32_OWN_PROCESS and so on, interactive bit masked out
  bool trigger_start = false;  ///< started by events: stopped is its normal life

  friend bool operator==(const ServiceDetails&, const ServiceDetails&) = default;
};

/// Whether it is one user's copy of a per-user service, whose name ends in a number of the
/// session's.
[[nodiscard]] bool is_per_user(const ServiceDetails& details);

/// What was read of services besides their states, by name.
using KnownDetails = std::map<ServiceName, std::shared_ptr<const ServiceDetails>>;
/// Null when they were never read.
[[nodiscard]] const ServiceDetails* find_details(const KnownDetails& known,
                                                 const ServiceName& name);

struct ObservedService {
  ServiceName name;
  ServiceStatus status;
  /// Null when they could not be read.
  std::shared_ptr<const ServiceDetails> details;
};
/// Gives each service those of `read` that are its own; the others keep what they have.
void attach_details(std::span<ObservedService> services, const KnownDetails& read);

/// Observed services in the order of their names, each once: of a name that is there twice the
/// first counts.
class ObservedServices {
 public:
  ObservedServices() = default;
  /// Sorts them, unless they are.
  ObservedServices(std::vector<ObservedService> services);

  [[nodiscard]] auto begin() const { return services_.begin(); }
  [[nodiscard]] auto end() const { return services_.end(); }
  [[nodiscard]] std::size_t size() const { return services_.size(); }
  void attach_details(const KnownDetails& read) { tocsin::attach_details(services_, read); }

 private:
  std::vector<ObservedService> services_;
};

/// What one check of one host brings: all watched services (missing and denied ones too), or why
/// there are none.
struct Observation {
  HostName host;
  Now at;
  Result<ObservedServices> services;
  BootSigns boot{};
};

}  // namespace tocsin
