// What the process asks of the system: randomness, silence about its memory, its terminal.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace tocsin::platform {

/// Cryptographic randomness of the system.
[[nodiscard]] RandomFill system_random();

/// No core file and no look into the memory by other processes of the user: passwords live there.
void protect_memory();

/// As many open files as the system lets us have: sockets are files, and the usual limit is 1024.
void allow_many_files();

enum class Stream : std::uint8_t { output, errors };
/// Whether somebody reads it as text in colour: a terminal, and NO_COLOR is not set.
[[nodiscard]] bool wants_color(Stream stream);

}  // namespace tocsin::platform
