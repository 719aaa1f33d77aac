// What the tests of the daemon stand on: a real store in a folder of its own, a destination that
// keeps its alerts, and a probe that answers what the test says.
#pragma once

#include <algorithm>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "daemon/delivery_log.h"
#include "daemon/journal.h"
#include "daemon/watcher.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "notify/outbox.h"
#include "platform/process.h"

namespace tocsin::daemon {

class KeepingChannel final : public notify::Channel {
 public:
  KeepingChannel(std::vector<Alert>& notified, net::Event& kept, std::string key)
      : notified_(notified), kept_(kept), key_(std::move(key)) {}
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return key_; }
  net::awaitable<notify::Answer> deliver(const Alert& alert, const DeliveryId& /*id*/,
                                         net::Deadline /*deadline*/) override {
    notified_.push_back(alert);
    kept_.set();
    co_return notify::Delivered{"kept"};
  }

 private:
  std::vector<Alert>& notified_;
  net::Event& kept_;
  std::string key_;
};

using Seen = Result<std::vector<ObservedService>>;

/// Answers what it is given, the last one for ever; what it pushes, it pushes during its second
/// check or while somebody listens.
class ScriptedProbe final : public probe::Probe {
 public:
  explicit ScriptedProbe(std::deque<Seen>& script, probe::Pushed pushed = {}, Duration takes = {})
      : script_(script), pushed_(std::move(pushed)), takes_(takes) {}
  net::awaitable<Seen> check(net::Deadline /*deadline*/) override {
    checks_++;
    if (takes_ > Duration(0)) co_await wait_until(net::within(takes_));
    auto seen = script_.front();
    if (script_.size() > 1) script_.pop_front();
    co_return seen;
  }
  net::awaitable<void> listen(net::Deadline deadline) override {
    listening_ = true;
    const bool silent = pushed_.services.empty() && !pushed_.check_again;
    if (silent) co_await Probe::listen(deadline);
  }
  probe::Pushed take_pushed() override {
    if (checks_ < 2 && !listening_) return {};
    return std::exchange(pushed_, {});
  }
  net::awaitable<Seen> list(net::Deadline deadline) override { return check(deadline); }
  net::awaitable<void> close(net::Deadline /*deadline*/) override { co_return; }

 private:
  static net::awaitable<void> wait_until(net::Deadline deadline) {
    net::Event word(co_await boost::asio::this_coro::executor);
    (void)co_await word.wait_until(deadline);
  }

  std::deque<Seen>& script_;
  probe::Pushed pushed_;
  Duration takes_;
  int checks_ = 0;
  bool listening_ = false;
};

inline ObservedService service(const char* name, ServiceState state, std::uint32_t process = 0) {
  return {.name = ServiceName(name),
          .status = {.state = state, .process_id = process},
          .details = std::make_shared<const ServiceDetails>(
              ServiceDetails{.display_name = std::string(name) + " display"})};
}

/// One run of the daemon's inner parts over a folder; another one over the same folder is a
/// restart.
class Deps {
 public:
  using MakeChannel = std::function<std::unique_ptr<notify::Channel>(const Clock&)>;
  explicit Deps(const std::filesystem::path& folder,
                const LogOptions& log = {.level = config::LogLevel::error},
                std::string destination = "kept:1", const MakeChannel& another = {})
      : log_(log),
        destination_(std::move(destination)),
        destinations_(make_destinations(another)),
        store_(store::Store::open(folder).value()),
        dispatcher_(loop_.executor(), destinations_, outbox_, delivery_log_, clock_,
                    platform::system_random()),
        journal_(loop_.executor(),
                 {.store = store_,
                  .worker = worker_,
                  .clock = clock_,
                  .log = log_,
                  .metrics = metrics_,
                  .random = platform::system_random()},
                 {dispatcher_, destinations_, routing_}) {
    scope_.spawn(journal_.run());
    dispatcher_.start();
  }
  ~Deps() {
    loop_.run_until_done([this]() -> net::awaitable<void> {
      scope_.cancel();
      co_await scope_.join();
      co_await journal_.store_rest(co_await dispatcher_.stop());
    }());
  }
  Deps(const Deps&) = delete;
  Deps& operator=(const Deps&) = delete;

  /// Lets a host be checked once for each entry of the script.
  void watch(const config::Host& host, std::deque<Seen> script, const probe::Pushed& pushed = {}) {
    const auto times = script.size();
    net::Semaphore checks(loop_.executor(), 1);
    auto watcher = make_watcher(host, checks, script, pushed);
    for (std::size_t i = 0; i < times; i++) {
      loop_.run_until_done(watcher.check());
      pass(std::chrono::seconds(1));
    }
  }
  /// Lets a host be watched, as the daemon does, until so many alerts were notified.
  std::vector<std::string> watch_until_notified(std::size_t count, const config::Host& host,
                                                std::deque<Seen> script,
                                                const probe::Pushed& pushed) {
    net::Semaphore checks(loop_.executor(), 1);
    auto watcher = make_watcher(host, checks, script, pushed);
    net::TaskScope task(loop_.executor());
    task.spawn(watcher.run());
    auto words = notified(count);
    task.cancel();
    loop_.run_until_done(task.join());
    return words;
  }

  /// "stopped Spooler" for everything that was notified so far, once `count` of them are.
  std::vector<std::string> notified(std::size_t count) {
    loop_.run_until_done([&]() -> net::awaitable<void> {
      const auto end = net::within(std::chrono::hours(1));
      while (notified_.size() < count && co_await kept_.wait_until(end)) kept_.reset();
      co_await clock_.settle();
    }());
    std::vector<std::string> words;
    words.reserve(notified_.size());
    for (const auto& alert : notified_) {
      words.push_back(std::string(to_string(alert.kind)) + " " + alert.service.text());
    }
    return words;
  }

  /// "stopped Spooler", "unreachable " for everything in the history.
  std::vector<std::string> history() {
    std::vector<std::string> words;
    const auto alerts = loop_.run_until_done(worker_.run([this] { return store_.history({}); }));
    words.reserve(alerts.value().size());
    for (const auto& alert : alerts.value()) {
      words.push_back(std::string(to_string(alert.kind)) + " " + alert.service.text());
    }
    return words;
  }

  [[nodiscard]] Watcher::Deps watcher_deps(net::Semaphore& checks,
                                           decltype(Watcher::Deps::make_probe) make_probe) {
    return {.journal = journal_,
            .checks = checks,
            .details = details_slots_,
            .clock = clock_,
            .log = log_,
            .metrics = metrics_,
            .random = platform::system_random(),
            .silences = silences_,
            .acks = acks_,
            .status = status_,
            .make_probe = std::move(make_probe)};
  }
  static std::shared_ptr<const Watcher::Deps> shared(Watcher::Deps deps) {
    return std::make_shared<const Watcher::Deps>(std::move(deps));
  }
  void pass(Duration time) { loop_.run_until_done(clock_.pass(time)); }
  [[nodiscard]] Journal& journal() { return journal_; }
  [[nodiscard]] std::map<HostName, MonitoredHost::Known> load_states() {
    return loop_.run_until_done(worker_.run([this] { return store_.load_states(); })).value();
  }
  /// What watchers share; every probe follows the script.
  Watcher::Deps watcher_deps(net::Semaphore& checks, std::deque<Seen>& script,
                             probe::Pushed pushed = {}) {
    return watcher_deps(checks, [&script, pushed = std::move(pushed), this](const auto& /*host*/) {
      return std::make_unique<ScriptedProbe>(script, pushed, check_takes_);
    });
  }

  kit::VirtualTime clock_{SystemClock().now()};
  Duration check_takes_{};
  std::vector<Alert> notified_;
  net::Loop loop_;
  net::Semaphore details_slots_{loop_.executor(), 1};
  Metrics metrics_;
  Log log_;
  Silences silences_{{}, log_};
  Acks acks_{log_};
  StatusHub status_;

 private:
  Watcher make_watcher(const config::Host& host, net::Semaphore& checks, std::deque<Seen>& script,
                       probe::Pushed pushed) {
    return Watcher(host, std::move(load_states()[host.name]),
                   shared(watcher_deps(checks, script, std::move(pushed))));
  }
  std::vector<notify::Destination> make_destinations(const MakeChannel& another) {
    std::vector<notify::Destination> all;
    all.push_back({.channel = std::make_unique<KeepingChannel>(notified_, kept_, destination_)});
    if (another) all.push_back({.channel = another(clock_)});
    return all;
  }

  std::string destination_;
  net::Event kept_{loop_.executor()};
  std::vector<notify::Destination> destinations_;
  notify::Routing routing_{{}, destinations_};
  DeliveryLog delivery_log_{log_, metrics_, destinations_};
  store::Store store_;
  net::Worker worker_{"store", 1};
  notify::StoreOutbox outbox_{store_, worker_};
  notify::Dispatcher dispatcher_;
  Journal journal_;
  net::TaskScope scope_{loop_.executor()};
};

/// A folder for the length of a test, and a host with two watched services.
class DaemonTest : public testing::Test {
 protected:
  DaemonTest() { std::filesystem::create_directories(folder_); }
  /// Behind the stores that a test has as members: Windows removes no file that is open.
  ~DaemonTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("tocsin-daemon-" + make_uuid(SystemClock().now(), platform::system_random()));
  config::Host host_{.name = HostName("node1"),
                     .address = "node1",
                     .services = Watchlist({{.pattern = "Spooler"}, {.pattern = "mssql$x"}})};
};

}  // namespace tocsin::daemon
