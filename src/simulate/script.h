// What happens to a fleet, and when, as people write it.
//
//   # time  what    host      service
//   2s      stop    qs-node1  QlikSenseEngineService
//   # its account cannot log on any more (1069); jam: starts never end; repair: it starts again
//   3s      unplug  qs-node1  Spooler
//   # who may control services may only query this one (5); unprotect: the other way round
//   3s      protect qs-node1  Spooler
//   # without a service: the whole service manager
//   2.5s    deny    qs-node2
//   # connections are refused
//   1m      down    qs-node*
//   90s     up      qs-node*
//   # see mischief.h
//   100ms   behave  qs-node3  silent:5
//   # the manager says 1115 while its services stop, then connections are refused, then it is back
//   2m      reboot  qs-node1  30s
//   # the manager works to the end, so that a check sees each stop
//   5m      reboot-quietly  qs-node2
//   # stops on the one, starts on the other
//   6m      failover  qs-node1  qs-node2  Spooler
//   # ten times down and up, with a second between
//   7m      flap    qs-node1  Spooler  10  1s
//   # of the account that may log in; who is logged in stays so
//   8m      password  *  correct horse
//   # all connections are closed, and new ones accepted
//   8m      disconnect  *
//   # tells of no changes by itself (none, single, multiplexed), to clients that come again
//   8m      push    *  none
//   # every login is answered by an NTSTATUS, whatever the password
//   9m      refuse-logons  qs-node1  0xC0000234
//   10m     accept-logons  qs-node1
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "simulate/host_model.h"
#include "simulate/mischief.h"

namespace tocsin::simulate {

struct ServiceEvent {
  Action action;
  ServiceName service;
};
enum class ManagerAccess : std::uint8_t { denied, allowed };
enum class Reachability : std::uint8_t { down, up };
/// A fifth of the time its services are stopping, till the half of it connections are refused, and
/// then they start: those of delayed start last, and none that starts manually.
struct Reboot {
  Farewell farewell;
  Duration over = std::chrono::seconds(60);
};
/// Stops on the event's host and starts, when it has stopped and a moment later, here.
struct Failover {
  std::string to;  ///< a host, by its whole name
  ServiceName service;
};
/// So many times stopped and started again.
struct Flap {
  ServiceName service;
  std::uint32_t count;
  Duration every = std::chrono::seconds(1);  ///< from change to change; not less than they take
};
/// From now on the account logs in with it.
struct PasswordChange {
  std::string password;
};
/// From now on every login is refused so; 0: the password decides again.
struct LogonRefusal {
  std::uint32_t status = 0xC000006D;  ///< NTSTATUS
};
/// Its clients are thrown out and may come back.
struct Disconnect {};
using Happening = std::variant<ServiceEvent, ManagerAccess, Reachability, Behaviour, Reboot,
                               Failover, Flap, PasswordChange, LogonRefusal, Disconnect, Push>;

struct Event {
  Duration at{};     ///< after the start
  std::string host;  ///< a name, or a pattern with * and ?
  Happening what;
};

/// "stop qs-node1 Spooler": an event without its time, as parse_event() reads it.
[[nodiscard]] std::string describe(const Event& event);

/// By time. invalid_config: what is wrong in which line.
[[nodiscard]] Result<std::vector<Event>> parse_script(std::string_view text);
/// One line without the time, e.g. "stop qs-node1 Spooler". invalid_config.
[[nodiscard]] Result<Event> parse_event(std::string_view text);

}  // namespace tocsin::simulate
