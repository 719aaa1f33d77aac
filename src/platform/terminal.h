// The terminal on which the program prints.
#pragma once

#include <cstdint>

namespace tocsin::platform {

/// While it lives, a console of Windows shows UTF-8 and understands colours; afterwards it is as it
/// was, also when ^C ends the program. main() has the only one.
class Terminal {
 public:
  Terminal();
  ~Terminal();  // NOLINT(performance-trivially-destructible): on Windows it restores the console
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
};

enum class Stream : std::uint8_t { output, errors };
/// Whether somebody reads it as text in colour: a terminal, and NO_COLOR is not set.
[[nodiscard]] bool wants_color(Stream stream);

}  // namespace tocsin::platform
