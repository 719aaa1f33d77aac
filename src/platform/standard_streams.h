// What the process was given to write to: a terminal, a pipe, a file, or nothing.
#pragma once

#include <string_view>

namespace tocsin::platform {

/// Once, before anything is opened: a reader that ends is an error of writing and not the end of
/// the process, and no file or socket takes the place of a stream that is closed.
void prepare_standard_streams();

/// Past the C library, whose lock a write that stalls would keep, also from the end of the process.
/// Waits as long as the reader does; answers whether all of it was written.
bool write_to_stderr(std::string_view text);

}  // namespace tocsin::platform
