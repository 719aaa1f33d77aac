// bench_flood URL COUNT DIRECTORY: COUNT changes on hosts with 200 services each, found in the same
// moment, through the real journal, store, dispatcher and HTTP client to one webhook. Says the time
// at which they are handed over (seconds since 1970), then how many the store has as delivered.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
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

/// What the task of a host records: its new states and their alerts.
net::awaitable<void> commit(daemon::Journal& journal, daemon::PrefixedLog log, std::size_t host,
                            Time at) {
  std::vector<store::StateChange> states;
  std::vector<Alert> alerts;
  for (std::size_t service = 0; service < kServices; ++service) {
    alerts.push_back(change(host, service, at));
    states.push_back({.host = alerts.back().host,
                      .service = alerts.back().service,
                      .state = {.seen = alerts.back().status, .settled = ServiceState::stopped}});
  }
  co_await journal.commit(std::move(states), std::nullopt, std::move(alerts), std::move(log));
}

int run(const std::string& url, std::size_t count, const std::string& directory) {
  auto store = store::Store::open(directory);
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().what);
    return 1;
  }
  config::Config config;
  config.get<config::WebhookDestinations>() = {
      .enabled = true, .rate_limit = {}, .webhooks = {{.url = url}}};
  const SystemClock clock;
  const daemon::Log log({.level = config::LogLevel::warn});
  net::Loop loop;
  net::Worker worker("store", 1);
  notify::StoreOutbox outbox(*store, worker);
  net::HttpClient http(loop.executor());
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
    const auto begin = clock.now();
    fmt::print("{:.3f}\n", std::chrono::duration<double>(begin.time_since_epoch()).count());
    std::fflush(stdout);
    net::TaskScope hosts(loop.executor());
    for (std::size_t host = 0; host < count / kServices; ++host)
      hosts.spawn(commit(journal, log.of("flood"), host, begin));
    co_await hosts.join();
    std::size_t delivered = 0;
    while (delivered < count) {
      co_await net::sleep_for(std::chrono::seconds(1));
      const auto rows = co_await worker.run([&] { return store->deliveries(false, count); });
      delivered = 0;
      for (const auto& row : *rows) delivered += row.state == store::DeliveryState::delivered;
    }
    fmt::print("{}\n", delivered);
    background.cancel();
    co_await background.join();
    co_await dispatcher.stop();
    co_return 0;
  }());
}

}  // namespace
}  // namespace tocsin

int main(int count, char** arguments) {
  if (count != 4) return 2;
  return tocsin::run(arguments[1], std::strtoul(arguments[2], nullptr, 10), arguments[3]);
}
