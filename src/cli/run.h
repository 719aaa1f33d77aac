// Watching until somebody wants it to end: what the command `run` and the service have in common.
#pragma once

#include <functional>

#include "cli/commands.h"
#include "daemon/log.h"

namespace tocsin::cli {

/// Who has started it, and what they want to know. All may be empty.
struct Surroundings {
  daemon::SystemLog system_log;     ///< for what goes to stderr elsewhere
  std::function<void()> on_loaded;  ///< the configuration is good
  std::function<void()> on_ready;   ///< the first checks are scheduled
};

/// Answers the exit code.
int watch(const RunOptions& options, const Surroundings& surroundings);

}  // namespace tocsin::cli
