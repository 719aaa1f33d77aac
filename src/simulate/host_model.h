// A pretend Windows host: its services, what happens to them, and how long that takes. No I/O.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "base/words.h"
#include "wire/svcctl/messages.h"

namespace tocsin::simulate {

/// What does not change about a service; shared by all hosts that have it.
struct ServiceDefinition {
  ServiceDefinition(std::string_view key_name, svcctl::QueryServiceConfig configuration,
                    bool starts_delayed = false);

  ServiceName name;
  svcctl::QueryServiceConfig config;
  bool delayed_start;
  bool accepts_pause = false;
  bool runs_at_first = false;
  bool trigger_start = false;  ///< an event starts it
  Bytes utf16_name;
  Bytes utf16_display_name;
};
using Catalogue = std::vector<std::shared_ptr<const ServiceDefinition>>;

/// Everything that can happen to a service, by the words of scripts.
enum class Action : std::uint8_t {
  start,
  stop,
  pause,
  resume,
  restart,  ///< runs on in another process
  crash,    ///< stops at once, with an exit code
  hang,     ///< stops for ever
  deny,     ///< nobody may query it any more
  allow,
  protect,  ///< clients may only query it: no right to start, stop or pause it
  unprotect,
  unplug,     ///< its account can no longer log on: starts end with 1069
  jam,        ///< its starts begin and never end
  repair,     ///< it starts again
  uninstall,  ///< gone, once nobody holds a handle
  install,    ///< refused (1072) while somebody holds a handle to the one before
};
consteval auto table_of(Action) {
  using enum Action;
  return std::array{
      Word{start, "start"},     Word{stop, "stop"},           Word{pause, "pause"},
      Word{resume, "resume"},   Word{restart, "restart"},     Word{crash, "crash"},
      Word{hang, "hang"},       Word{deny, "deny"},           Word{allow, "allow"},
      Word{protect, "protect"}, Word{unprotect, "unprotect"}, Word{unplug, "unplug"},
      Word{jam, "jam"},         Word{repair, "repair"},       Word{uninstall, "uninstall"},
      Word{install, "install"}};
}

/// Whether a service manager says that its host is going down, or works to the end.
enum class Farewell : std::uint8_t { told, quiet };

/// How a host tells of changes by itself: RNotifyServiceStatusChange and its kin.
enum class Push : std::uint8_t {
  none,         ///< it lacks these calls
  single,       ///< by them, with one call at a time on each pipe
  multiplexed,  ///< by them, with any number of calls, as Windows
};
consteval auto table_of(Push) {
  using enum Push;
  return std::array{Word{none, "none"}, Word{single, "single"}, Word{multiplexed, "multiplexed"}};
}

class HostModel {
 public:
  struct Service {
    std::shared_ptr<const ServiceDefinition> definition;
    svcctl::ServiceStatusProcess status;
    std::uint32_t target = svcctl::kStopped;  ///< where a pending state leads to
    std::optional<Time> settles_at;           ///< when it does; never, if there is no time
    std::optional<Time> begins_at;            ///< when it starts or stops by the plan of a reboot
    bool denied = false;
    bool is_protected = false;
    Action starts = Action::repair;  ///< or unplug, or jam
    bool deleted = false;
    unsigned handles = 0;
    std::uint64_t changes = 1;  ///< so many states it has entered

    /// Deleted services stay for as long as somebody holds a handle.
    [[nodiscard]] bool exists() const { return !deleted || handles > 0; }
  };

  struct Options {
    std::string name;
    /// How long a service takes to start, stop, pause or go on.
    Duration pending{};
    /// As Samba: no process ids, no REnumServicesStatusExW, no delayed start, no push.
    bool old = false;
    Push push = Push::multiplexed;
    /// Whether clients may start, stop and pause services, or only query them.
    bool controllable = true;
  };

  /// Whom a host tells what happens to its services.
  class Listener {
   public:
    /// `what`: an svcctl::NotifyMask bit.
    virtual void changed(const Service& service, std::uint32_t what) = 0;
    /// The service manager says from now on that its host shuts down.
    virtual void shuts_down() = 0;

   protected:
    ~Listener() = default;
  };

  /// `clock` outlives this.
  HostModel(Options options, const Catalogue& services, const Clock& clock);

  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] bool old() const { return options_.old; }
  [[nodiscard]] Push push() const { return options_.old ? Push::none : options_.push; }
  void set_push(Push push) { options_.push = push; }
  [[nodiscard]] bool manager_denied() const { return manager_denied_; }
  void deny_manager(bool denied) { manager_denied_ = denied; }
  /// Whether the service manager answers nothing but that (1115).
  [[nodiscard]] bool says_shutdown() const { return says_shutdown_; }

  /// What runs is asked to stop, as Windows does: all at once. It does so one after the other, the
  /// last when `over` has passed.
  void shut_down(Duration over, Farewell farewell);
  /// What starts automatically does so one after the other, those of delayed start last, when
  /// `over` has passed; the others are stopped.
  void boot(Duration over);

  /// Lets happen what is due.
  void settle();
  /// When something will be due.
  [[nodiscard]] std::optional<Time> next_change() const;

  /// Until it is removed. Changes that take their time are told when somebody calls settle().
  void add(Listener& listener);
  void remove(Listener& listener);
  /// `plan` is called when next_change() may be another one and somebody listens.
  void on_plan(std::function<void()> plan) { plan_ = std::move(plan); }
  /// All, also those that do not exist any more.
  [[nodiscard]] std::deque<Service>& services() { return services_; }
  /// The existing service of that name, or null.
  [[nodiscard]] Service* find(const ServiceName& name);

  /// Somebody holds a handle to the service, or one less.
  static void hold(Service& service) { service.handles++; }
  void release(Service& service);

  /// Whether clients may start, stop and pause the service.
  [[nodiscard]] bool may_control(const Service& service) const {
    return options_.controllable && !service.is_protected;
  }
  /// Those that depend on it, also through others, and are not stopped: in the order in which they
  /// can be stopped.
  [[nodiscard]] std::vector<Service*> active_dependents(const Service& service);

  /// Win32 codes, as the service manager answers them.
  std::uint32_t start(Service& service);
  /// With what it depends on, as Windows does for clients.
  std::uint32_t start_with_dependencies(Service& service);
  /// As control(kStop), unless what depends on it still runs.
  std::uint32_t stop_alone(Service& service);
  std::uint32_t control(Service& service, std::uint32_t control);
  /// not_found: no such service (but `install` makes one); rejected: not in its present state.
  Result<> apply(Action action, const ServiceName& name);

 private:
  Service& add(std::shared_ptr<const ServiceDefinition> definition);
  Service& install(const ServiceName& name);
  void begin(Service& service, std::uint32_t pending_state, std::uint32_t target);
  void enter_pending(Service& service, std::uint32_t state);
  std::uint32_t uninstall(Service& service);
  void enter(Service& service, std::uint32_t state);
  void tell(const Service& service, std::uint32_t what);
  void planned() const;
  void settle(Service& service, std::uint32_t state);
  /// These begin to start one after the other, from now on until `over` has passed.
  void plan_starts(const std::vector<Service*>& services, Duration over);
  void begin_planned(Service& service);
  std::uint32_t apply(Action action, Service& service);

  Options options_;
  const Clock& clock_;
  std::deque<Service> services_;  ///< of stable addresses
  std::uint32_t next_process_ = 1000;
  bool manager_denied_ = false;
  bool says_shutdown_ = false;
  std::vector<Listener*> listeners_;
  std::function<void()> plan_;
  Duration planned_step_{};  ///< how long each service takes to start after a reboot
};

}  // namespace tocsin::simulate
