// How Windows says that the program should end, and what it expects then. Pure, so that it is
// tested everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/words.h"

namespace tocsin::platform {

enum class StopReason : std::uint8_t {
  interrupt,
  break_key,
  console_closed,
  logoff,
  shutdown,
  service_stopped,
};

/// As it stands in the log.
consteval auto table_of(StopReason) {
  using enum StopReason;
  return std::array{Word{interrupt, "^C"},
                    Word{break_key, "^Break"},
                    Word{console_closed, "the console is closed"},
                    Word{logoff, "the user logs off"},
                    Word{shutdown, "the system shuts down"},
                    Word{service_stopped, "the service is stopped"}};
}

/// What the handler of a console event does.
enum class Answer : std::uint8_t {
  pass_on,        ///< to the next handler; the last one ends the process at once
  stop,           ///< ask the program to end, and return
  stop_and_hold,  ///< the same, but never return: Windows kills the process when the handler does
};
struct ConsoleAnswer {
  Answer answer;
  StopReason reason;  ///< means nothing with pass_on
};

/// `event` is one of the CTRL_..._EVENT of HandlerRoutine (wincon.h); `stopping`: it is not the
/// first. A second ^C is for those who do not want to wait.
[[nodiscard]] ConsoleAnswer answer_console(std::uint32_t event, bool stopping);

/// `control` is one of the SERVICE_CONTROL_... of HandlerEx (winsvc.h). Nothing: it does not ask
/// the service to end.
[[nodiscard]] std::optional<StopReason> reason_of_control(std::uint32_t control);

}  // namespace tocsin::platform
