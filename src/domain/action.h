// What somebody did through the commands or the dashboard; kept with the history. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/words.h"
#include "domain/silence.h"

namespace tocsin {

/// Who does something, and when.
struct Actor {
  std::string name;  ///< may be empty
  Time at{};
};

enum class ActionKind : std::uint8_t {
  silenced,
  extended,
  unsilenced,
  acknowledged,
  unacknowledged,
  retried,
  reloaded,
  tested,
  checked,
  diagnosed,
  started,  ///< this and the next two: tried to; `reason` has what became of it
  stopped,
  restarted,
};
consteval auto table_of(ActionKind) {
  using enum ActionKind;
  return std::array{Word{silenced, "silenced"},
                    Word{extended, "extended"},
                    Word{unsilenced, "unsilenced"},
                    Word{acknowledged, "acknowledged"},
                    Word{unacknowledged, "unacknowledged"},
                    Word{retried, "retried"},
                    Word{reloaded, "reloaded"},
                    Word{tested, "tested"},
                    Word{checked, "checked"},
                    Word{diagnosed, "diagnosed"},
                    Word{started, "started"},
                    Word{stopped, "stopped"},
                    Word{restarted, "restarted"}};
}
using tocsin::to_string;

struct Action {
  std::int64_t id = 0;  ///< 0: not stored yet
  Actor by;
  ActionKind kind{};
  SilenceScope scope{};     ///< what it was done to; empty: to no host
  std::string destination;  ///< its key; empty: it was about none
  Time until{};             ///< of a silence its end; else the epoch
  std::string reason;       ///< may be empty

  /// Whether it concerns any of these hosts and services, which are names or patterns; empty: all.
  [[nodiscard]] bool concerns(const SilenceScope& which) const;
};

}  // namespace tocsin
