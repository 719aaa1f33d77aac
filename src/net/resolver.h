// Names to addresses on a few threads, because the system's resolver blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/async.h"
#include "net/worker.h"

namespace tocsin::net {

/// An IPv4 or IPv6 address, with or without brackets and %zone, in its usual form; nothing when the
/// text is a name.
[[nodiscard]] std::optional<std::string> as_address(const std::string& text);

/// The name's addresses in the system's order, after the system's own time: for threads that may
/// wait, or be given up. not_found, unreachable.
[[nodiscard]] Result<std::vector<std::string>> resolve_now(const std::string& name);

/// What this machine calls itself; empty when it does not say.
[[nodiscard]] std::string own_host_name();

class Resolver {
 public:
  /// The name's addresses, at least one, in the order in which the system wants them tried.
  /// not_found, unreachable, timed_out. A question given up on (by deadline or cancellation) keeps
  /// its thread until the system's own time limit; one that still waits for a thread is dropped.
  awaitable<Result<std::vector<std::string>>> resolve(std::string name, Deadline deadline);

 private:
  static constexpr std::size_t kThreads = 4;

  Worker threads_{"resolver", kThreads};
};

}  // namespace tocsin::net
