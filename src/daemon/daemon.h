// The composition root: everything that runs between start and stop, wired together in one place.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "config/load.h"
#include "daemon/log.h"
#include "net/async.h"
#include "net/worker.h"
#include "platform/supervisor.h"
#include "store/requests.h"
#include "web/monitor.h"

namespace tocsin::daemon {

struct DaemonOptions {
  config::Config config;
  std::filesystem::path data_directory;
  std::string version;  ///< for User-Agent
  /// Reads the configuration again, on a thread of its own; empty: there is no file.
  std::function<config::Loaded()> load = {};
  std::string file = {};                       ///< that it was read from; empty: none
  std::vector<config::Finding> findings = {};  ///< of the file
  platform::Supervisor supervisor = {};        ///< that is told how it fares
};

class Daemon {
 public:
  /// `log` must outlive it. Nothing runs before start().
  Daemon(net::Executor executor, DaemonOptions options, const Log& log, RandomFill random);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Opens the store, loads what is known and what must still be delivered, and starts the task of
  /// each host; logs "ready". storage: the data directory cannot be used; nothing runs then.
  net::awaitable<Result<>> start();
  /// Reads the configuration again. One with a mistake changes nothing. By a good one hosts come,
  /// go and change one by one: the others do not notice, states and sessions are kept, and what
  /// is still to be delivered waits in the store while destinations are made anew. What became of
  /// it is logged and answered.
  net::awaitable<store::ReloadAnswer> reload();
  /// Ends within a few seconds: running checks are abandoned, deliveries under way are finished or
  /// stay pending in the store, sessions are logged off. Not while reload() runs.
  net::awaitable<void> stop();
  /// Where a browser finds the dashboard, the token of the data directory with it; nothing: it does
  /// not listen. After start().
  [[nodiscard]] std::optional<std::string> dashboard() const;

 private:
  net::awaitable<void> reload_unasked();
  net::awaitable<store::ReloadAnswer> reload_in_peace();
  [[nodiscard]] store::ReloadAnswer refuse_reload(const std::string& why) const;
  [[nodiscard]] net::awaitable<web::LoadedConfiguration> configuration();

  struct Components;
  net::Executor executor_;
  DaemonOptions options_;
  const Log& log_;
  RandomFill random_;
  SystemClock clock_;
  Time loaded_at_{};
  std::shared_ptr<const config::FilesRead> files_read_;  ///< by the configuration that runs
  bool files_differ_ = false;                            ///< by the last look at them
  net::Deadline look_at_files_{};                        ///< when it is too old
  net::Worker looking_{"config files", 1};
  std::unique_ptr<Components> components_;
};

/// The directory of the store: what the command line says, else the configuration, else the
/// platform's default.
[[nodiscard]] std::filesystem::path data_directory(const std::string& option,
                                                   const config::Config& config);

}  // namespace tocsin::daemon
