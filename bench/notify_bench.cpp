// What a delivery costs: the lanes alone, the whole pipeline without a network, and webhooks to a
// local server.
#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "net/event.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "no_content_server.h"
#include "notify/dispatcher.h"
#include "notify/lanes.h"
#include "notify/webhook/webhook.h"

namespace tocsin::notify {
namespace {

std::vector<store::Delivery> make_deliveries(std::size_t count, const std::string& destination) {
  std::vector<store::Delivery> deliveries(count);
  for (std::size_t i = 0; i < count; ++i) {
    store::Delivery& delivery = deliveries[i];
    delivery.id = {"0190a0b0-0000-7000-8000-" + std::to_string(100'000'000'000 + i)};
    delivery.destination = destination;
    delivery.sequence = static_cast<std::int64_t>(i) + 1;
    delivery.alert.kind = TransitionKind::stopped;
    delivery.alert.host = HostName("host" + std::to_string(i / 8));
    delivery.alert.service = ServiceName("MSSQL$INSTANCE" + std::to_string(i % 8));
    delivery.alert.details.display_name = "SQL Server (INSTANCE)";
    delivery.alert.from = ServiceState::running;
    delivery.alert.to = ServiceState::stopped;
  }
  return deliveries;
}

void no_jitter(std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, std::uint8_t{0}); }

void lanes(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto deliveries = make_deliveries(count, "bench");
  const Answer answer = Delivered{.detail = "204 No Content"};
  const Time now{std::chrono::hours(1)};
  for (auto _ : state) {
    Lanes sut({.rate_limits = {std::chrono::seconds(300), std::chrono::seconds(300)}},
              {.random = no_jitter});
    for (const store::Delivery& delivery : deliveries) sut.add(delivery, now);
    while (const Sending* next = sut.take(now)) {
      benchmark::DoNotOptimize(sut.settle(DeliveryId(next->id), answer, now));
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(lanes)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// An outbox that has nothing and takes everything.
class NoOutbox final : public Outbox {
 public:
  net::awaitable<Result<std::vector<store::LastDelivered>>> load_last_delivered(Time) override {
    co_return std::vector<store::LastDelivered>{};
  }
  net::awaitable<Result<std::vector<store::OpenAlert>>> load_open_alerts() override {
    co_return std::vector<store::OpenAlert>{};
  }
  net::awaitable<Result<std::vector<store::Delivery>>> load_pending(std::string, std::int64_t,
                                                                    std::size_t) override {
    co_return std::vector<store::Delivery>{};
  }
  net::awaitable<Result<std::size_t>> abandon(std::vector<std::string>, Time,
                                              std::string) override {
    co_return std::size_t{0};
  }
  net::awaitable<Result<>> commit(const store::StoredMessage&,
                                  std::span<const DeliveryId>) override {
    co_return Result<>{};
  }
  net::awaitable<Result<std::optional<store::Store::PendingMessage>>> load_message(
      std::string) override {
    co_return std::nullopt;
  }
  net::awaitable<Result<>> update(std::span<const store::DeliveryUpdate>) override {
    co_return Result<>{};
  }
};

/// Counts what is delivered.
class Counter final : public Observer {
 public:
  explicit Counter(const net::Executor& executor) : reached_(executor) {}
  void settled(std::span<const Outcome> outcomes) override {
    if (outcomes.front().update.state != store::DeliveryState::delivered) return;
    count_ += outcomes.size();
    if (count_ == expected_) reached_.set();
  }
  void abandoned(std::size_t) override {}
  void storage_failed(const Error&, std::size_t) override {}
  void storage_recovered() override {}
  void lost(const store::Delivery&) override {}

  net::awaitable<void> wait_for(std::size_t more) {
    reached_.reset();
    expected_ = count_ + more;
    return reached_.wait();
  }

 private:
  net::Event reached_;
  std::size_t count_ = 0;
  std::size_t expected_ = 0;
};

class InstantChannel final : public Channel {
 public:
  [[nodiscard]] const std::string& key() const override { return key_; }
  [[nodiscard]] const std::string& name() const override { return key_; }
  net::awaitable<Answer> deliver(const Alert&, const DeliveryId&, net::Deadline) override {
    co_return Delivered{.detail = "ok"};
  }

 private:
  std::string key_ = "bench";
};

/// Submits `count` deliveries of as many services, again and again, and waits for the last answer.
void push_through(benchmark::State& state, net::Loop& loop,
                  std::span<const Destination> destinations, std::size_t count) {
  const auto deliveries = make_deliveries(count, destinations.front().channel->key());
  NoOutbox outbox;
  Counter counter(loop.executor());
  const SystemClock clock;
  Dispatcher dispatcher(loop.executor(), destinations, outbox, counter, clock, no_jitter);
  const auto deliver = [&](std::vector<store::Delivery> some) -> net::awaitable<void> {
    auto all_delivered = counter.wait_for(some.size());
    dispatcher.submit(std::move(some));
    co_await std::move(all_delivered);
  };
  dispatcher.start();
  // The first waits until the dispatcher has seen that the outbox is empty.
  auto first = make_deliveries(1, deliveries.front().destination);
  first.front().sequence = 0;
  loop.run_until_done(deliver(std::move(first)));
  for (auto _ : state) loop.run_until_done(deliver(deliveries));
  loop.run_until_done([&]() -> net::awaitable<void> { co_await dispatcher.stop(); }());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
}

std::vector<Destination> only(std::unique_ptr<Channel> channel) {
  std::vector<Destination> destinations;
  destinations.push_back({.channel = std::move(channel)});
  return destinations;
}

void pipeline(benchmark::State& state) {
  net::Loop loop;
  const auto destinations = only(std::make_unique<InstantChannel>());
  push_through(state, loop, destinations, static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(pipeline)->Arg(1)->Arg(5000)->Unit(benchmark::kMillisecond);

void webhook(benchmark::State& state) {
  const bench::NoContentServer server;
  net::Loop loop;
  net::HttpClient client(loop.executor());
  Messages messages;
  const SystemClock clock;
  logins::Logins logins({.executor = loop.executor(), .clock = clock, .random = {}});
  const auto destinations = only(std::make_unique<Webhook>(
      config::Webhook{.description = "bench", .firing = {.url = server.url()}}, "bench",
      ChannelDeps{.executor = loop.executor(),
                  .http = client,
                  .version = "1",
                  .messages = messages,
                  .logins = logins,
                  .clock = clock}));
  push_through(state, loop, destinations, static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(webhook)->Arg(1)->Arg(5000)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace tocsin::notify
