#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/version.h"
#include "daemon/daemon.h"
#include "net/loop.h"
#include "platform/process.h"
#include "platform/signals.h"

namespace tocsin::cli {

int run(const RunOptions& options) {
  platform::protect_memory();
  platform::allow_many_files();
  auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  if (!configuration->enabled) {
    complain(fmt::format("{}: serviceMonitor.enable is false: there is nothing to do",
                         options.configuration));
    return kExitBadConfiguration;
  }
  const daemon::Log log(
      {.level = configuration->log_level,
       .color = platform::wants_color(platform::Stream::errors),
       .directory = configuration->file_logging ? configuration->log_directory : ""});
  const auto directory = daemon::data_directory(options.data_directory, *configuration);

  net::Loop loop;
  return loop.run_until_done([&]() -> net::awaitable<int> {
    daemon::Daemon daemon(loop.executor(), {*std::move(configuration), directory, version()}, log,
                          platform::system_random());
    if (const auto started = co_await daemon.start(); !started) {
      log.error("{}", started.error().what);
      co_return kExitFailed;
    }
    const int signal = co_await platform::stop_signal();
    log.info("signal {}: stopping", signal);
    co_await daemon.stop();
    log.info("stopped");
    co_return kExitOk;
  }());
}

}  // namespace tocsin::cli
