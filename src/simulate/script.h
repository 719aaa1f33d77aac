// What happens to a fleet, and when, as people write it.
//
//   # time  what    host      service
//   2s      stop    qs-node1  QlikSenseEngineService
//   # without a service: the whole service manager
//   2.5s    deny    qs-node2
//   # connections are refused
//   1m      down    qs-node*
//   90s     up      qs-node*
//   # see mischief.h
//   100ms   behave  qs-node3  silent:5
#pragma once

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
using Happening = std::variant<ServiceEvent, ManagerAccess, Reachability, Behaviour>;

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
