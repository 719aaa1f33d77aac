// bench_flood URL COUNT DIRECTORY: COUNT changes on hosts with 200 services each, found in the same
// moment, through the real journal, store, dispatcher and HTTP client to one webhook. Says the time
// at which they are handed over (seconds since 1970); once all are recorded, how many the store has
// as delivered, and after how many milliseconds the first request left.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/delivery_log.h"
#include "daemon/journal.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "net/worker.h"
#include "notify/destination.h"
#include "notify/dispatcher.h"
#include "notify/outbox.h"
#include "platform/process.h"
#include "store/reader.h"

namespace tocsin {
namespace {

constexpr std::size_t kServices = 200;

Alert change(std::size_t host, std::size_t service, Time at) {
  return {.id = {make_uuid(at, platform::system_random())},
          .at = at,
          .kind = TransitionKind::stopped,
          .host = HostName("host" + std::to_string(host)),
          .service = ServiceName("MSSQL$INSTANCE" + std::to_string(service)),
          .details = {.display_name = "SQL Server (INSTANCE" + std::to_string(service) + ")",
                      .start_mode = StartMode::automatic,
                      .executable_path = R"(C:\Program Files\Microsoft SQL Server\sqlservr.exe)",
                      .dependencies = {"RpcSs"}},
          .status = {.state = ServiceState::stopped},
          .from = ServiceState::running,
          .to = ServiceState::stopped};
}

/// Notes when the first request leaves.
class NotingTransport final : public net::HttpTransport {
 public:
  explicit NotingTransport(net::HttpTransport& transport) : transport_(transport) {}
  net::awaitable<Result<net::HttpResponse>> fetch(net::HttpRequest request,
                                                  net::Deadline deadline) override {
    first_ = std::min(first_, net::MonotonicClock::now());
    return transport_.fetch(std::move(request), deadline);
  }
  [[nodiscard]] net::MonotonicClock::time_point first() const { return first_; }

 private:
  net::HttpTransport& transport_;
  net::MonotonicClock::time_point first_ = net::MonotonicClock::time_point::max();
};

/// What the task of a host records: its new states and their alerts.
struct Changes {
  std::vector<store::StateChange> states;
  std::vector<Alert> alerts;
};

Changes changes_of(std::size_t host, Time at) {
  Changes changes;
  for (std::size_t service = 0; service < kServices; ++service) {
    const auto& alert = changes.alerts.emplace_back(change(host, service, at));
    changes.states.push_back({.host = alert.host,
                              .service = alert.service,
                              .state = {.seen = alert.status, .settled = ServiceState::stopped}});
  }
  return changes;
}

std::size_t count_delivered(const std::string& directory, std::size_t count) {
  auto reader = store::Reader::open(directory);
  if (!reader) return 0;
  const auto rest = reader->delivery_counts();
  return rest ? count - rest->waiting - rest->dead : 0;
}

int run(const std::string& url, std::size_t count, const std::string& directory) {
  auto store = store::Store::open(directory);
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().what);
    return 1;
  }
  config::Config config;
  config.get<config::WebhookDestinations>() = {
      .enabled = true, .rate_limit = {}, .webhooks = {{.firing = {.url = url}}}};
  const SystemClock clock;
  const daemon::Log log({.level = config::LogLevel::warn});
  net::Loop loop;
  net::Worker worker("store", 1);
  notify::StoreOutbox outbox(*store, worker);
  net::HttpClient client(loop.executor());
  NotingTransport http(client);
  notify::Messages messages;
  logins::Logins logins(
      {.executor = loop.executor(), .clock = clock, .random = platform::system_random()});
  const notify::ChannelDeps deps{.executor = loop.executor(),
                                 .http = http,
                                 .version = "bench",
                                 .messages = messages,
                                 .logins = logins,
                                 .clock = clock};
  const auto destinations = notify::make_destinations(config, deps);
  daemon::Metrics metrics;
  daemon::DeliveryLog observer(log, metrics, destinations.alerts);
  notify::Dispatcher dispatcher(loop.executor(), destinations.alerts, outbox, observer, clock,
                                platform::system_random());
  daemon::Journal journal(loop.executor(),
                          {.store = *store,
                           .worker = worker,
                           .clock = clock,
                           .log = log,
                           .metrics = metrics,
                           .random = platform::system_random()},
                          {dispatcher, destinations.alerts, destinations.routing});
  return loop.run_until_done([&]() -> net::awaitable<int> {
    net::TaskScope background(loop.executor());
    dispatcher.start();
    background.spawn(journal.run());
    co_await net::sleep_for(std::chrono::milliseconds(200));  // the dispatcher has read the outbox
    std::vector<Changes> found;
    found.reserve(count / kServices);
    for (std::size_t host = 0; host < count / kServices; ++host)
      found.push_back(changes_of(host, clock.now()));
    const auto begin = clock.now();
    const auto begun = net::MonotonicClock::now();
    fmt::print("{:.3f}\n", std::chrono::duration<double>(begin.time_since_epoch()).count());
    std::fflush(stdout);
    net::TaskScope hosts(loop.executor());
    for (auto& [states, alerts] : found)
      hosts.spawn(
          journal.commit(std::move(states), std::nullopt, std::move(alerts), log.of("flood")));
    co_await hosts.join();
    // Nothing is asked of the store meanwhile, which is what is measured.
    while (dispatcher.attempts() < count) co_await net::sleep_for(std::chrono::milliseconds(100));
    background.cancel();
    co_await background.join();
    co_await dispatcher.stop();
    fmt::print("{} {}\n", count_delivered(directory, count),
               std::chrono::round<std::chrono::milliseconds>(http.first() - begun).count());
    co_return 0;
  }());
}

}  // namespace
}  // namespace tocsin

int main(int count, char** arguments) {
  if (count != 4) return 2;
  return tocsin::run(arguments[1], std::strtoul(arguments[2], nullptr, 10), arguments[3]);
}
