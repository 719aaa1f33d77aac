// The user's wish that the program ends.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace tocsin::platform {

/// Ends at the first SIGINT or SIGTERM (^C on Windows) and answers its number. From then on a
/// second one ends the process at once. Cancellation throws.
boost::asio::awaitable<int> stop_signal();

}  // namespace tocsin::platform
