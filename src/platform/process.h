// What the process asks of the system: randomness, silence about its memory, open files.
#pragma once

#include <cstddef>
#include <optional>

#include "base/random.h"

namespace tocsin::platform {

/// Cryptographic randomness of the system.
[[nodiscard]] RandomFill system_random();

/// No dump of the memory when the program crashes, and no reading of it by other programs of the
/// user: passwords live there. Administrators are not kept out.
void protect_memory();

/// Gives memory that was freed back to the system, which the C library keeps otherwise; some 30 ms
/// where 10,000 hosts are monitored.
void return_freed_memory();

/// As many open files as the system lets us have: sockets are files, and the usual limit is 1024.
void allow_many_files();
/// How many files, sockets among them, may be open at once; nothing where there is no limit.
[[nodiscard]] std::optional<std::size_t> most_open_files();

}  // namespace tocsin::platform
