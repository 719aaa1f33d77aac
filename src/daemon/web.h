// Dashboard, API and metrics of the running daemon: one more thing that looks at it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/names.h"
#include "config/web.h"
#include "daemon/log.h"
#include "daemon/storage.h"
#include "daemon/web_monitor.h"
#include "net/event.h"
#include "net/task_scope.h"
#include "net/worker.h"
#include "store/reader.h"
#include "web/api.h"
#include "web/board.h"
#include "web/events.h"
#include "web/router.h"
#include "web/server.h"

namespace tocsin::daemon {

/// A new one: nobody guesses it.
[[nodiscard]] Secret make_web_token(const RandomFill& random);

/// The token in the data directory, with which everything may be done; made where there is none.
/// Blocking. The error says that it cannot be read or written, and why.
[[nodiscard]] Result<Secret> take_web_token(const std::filesystem::path& directory,
                                            const RandomFill& random);

/// On the loop's thread only.
class Web {
 public:
  /// What outlives it.
  struct Deps {
    net::Executor executor;
    WebMonitor::Deps monitor;
    Storage& storage;
    const Clock& clock;
    const Log& log;
    const RandomFill& random;
  };
  Web(Deps deps, config::Web config);
  ~Web();
  Web(const Web&) = delete;
  Web& operator=(const Web&) = delete;

  /// Serves where the configuration says so, until it is cancelled. A port that is taken is tried
  /// again each minute.
  net::awaitable<void> run();
  /// Ends what is under way, after run() has ended.
  net::awaitable<void> stop();
  void set_config(config::Web config);

  void update(const MonitoredHost& host, bool checked) { board_.update(host, checked); }
  void remove(const HostName& host) { board_.remove(host); }
  /// Removes all others.
  void retain(const std::function<bool(const HostName&)>& stays) { board_.retain(stays); }
  void add(web::Change change) { events_.add(change); }
  /// As of WebMonitor.
  [[nodiscard]] bool is_controlling(const HostName& host) const {
    return monitor_.is_controlling(host);
  }
  [[nodiscard]] bool is_controlling() const { return monitor_.is_controlling(); }
  net::awaitable<void> finish_controls(net::Deadline deadline) { return monitor_.finish(deadline); }

  /// "http://127.0.0.1:8484/"; nothing while it does not listen.
  [[nodiscard]] std::optional<std::string> address() const;
  [[nodiscard]] Gauges gauges() const { return monitor_.gauges(); }
  /// In the text format of Prometheus.
  net::awaitable<std::string> metrics() { return monitor_.metrics(); }
  /// Empty: there is none.
  [[nodiscard]] const Secret& token() const { return token_; }

 private:
  struct Serving;
  /// Once, before the first time that it listens.
  net::awaitable<void> prepare();
  net::awaitable<Result<>> open();
  [[nodiscard]] net::awaitable<Result<std::optional<net::TlsIdentity>>> load_identity();
  net::awaitable<void> end_serving();
  void say(const web::RefusedLogin& login) const;
  /// Reads the history, also when its files were made anew; until it is cancelled.
  net::awaitable<void> keep_reader();
  /// On the thread of `reading_`.
  [[nodiscard]] Result<> follow_store();
  net::awaitable<Result<std::vector<store::DestinationState>>> read_destinations();

  Deps deps_;
  config::Web config_;
  std::unique_ptr<store::Reader> reader_;  ///< on the thread of `reading_`; null: not opened yet
  net::Worker reading_{"reader", 1};
  Secret token_;
  web::Events events_;
  web::Board board_;
  WebMonitor monitor_;
  web::Api api_;
  net::Event changed_;
  net::TaskScope background_;
  std::unique_ptr<Serving> serving_;
  bool failing_ = false;
};

}  // namespace tocsin::daemon
