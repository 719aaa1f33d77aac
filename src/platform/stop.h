// The request of a user, the system or a service manager to end the program.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

namespace tocsin::platform {

/// Ends at the first such request and answers where it came from, for the log: "SIGTERM", "^C",
/// "the service is stopped". From then on a second ^C ends the process at once; and where Windows
/// closes the console or shuts down, it ends the process a few seconds later by itself.
/// Cancellation throws.
boost::asio::awaitable<std::string> stop_request();

/// Calls `on_request` at each request to read the configuration again: SIGHUP, where there are
/// signals; not on a terminal, which sends it at its end. Until it is cancelled, which throws.
boost::asio::awaitable<void> watch_reload_requests(std::function<void()> on_request);

}  // namespace tocsin::platform
