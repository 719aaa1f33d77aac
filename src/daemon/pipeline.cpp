#include "daemon/pipeline.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "notify/attempt.h"

namespace tocsin::daemon {
namespace {

/// For the states that wait for InfluxDB or MQTT: what is left then is lost.
constexpr auto kLastWordLimit = std::chrono::seconds(2);

}  // namespace

Pipeline::Pipeline(config::Config config, const Deps& deps)
    : config_(std::move(config)),
      log_(deps.log),
      clock_(deps.clock),
      random_(deps.random),
      status_(deps.status),
      executor_(deps.executor),
      messages_(config_.generic_urls,
                [&log = deps.log](const std::string& complaint) { log.warn("{}", complaint); }),
      channel_deps_{.executor = deps.executor,
                    .http = deps.http,
                    .version = deps.version,
                    .messages = messages_,
                    .logins = deps.logins,
                    .clock = deps.clock,
                    .warn = [&log = deps.log](const std::string& text) { log.warn("{}", text); },
                    .use = notify::Use::run},
      destinations_(notify::make_destinations(config_, channel_deps_)),
      delivery_log_(deps.log, deps.metrics, destinations_.alerts, deps.on_settled),
      dispatcher_(deps.executor, destinations_.alerts, deps.outbox, delivery_log_, deps.clock,
                  deps.random, {.withheld = deps.withheld}),
      running_(deps.executor),
      background_(deps.executor),
      testing_(deps.executor, 1) {
  std::vector<notify::StatusStream*> streams;
  streams.reserve(destinations_.status.size());
  for (const auto& sink : destinations_.status)
    streams.push_back(streams_
                          .emplace_back(std::make_unique<notify::StatusStream>(
                              deps.executor, *sink, deps.status_log, deps.random))
                          .get());
  status_.set_streams(std::move(streams));
}

Pipeline::~Pipeline() { status_.set_streams({}); }

void Pipeline::start() {
  for (const auto& problem : messages_.check(config_.missing_templates))
    log_.warn("{}: {}", problem.where, problem.text);
  for (const auto& task : destinations_.background) background_.spawn(task());
  dispatcher_.start();
  for (const auto& stream : streams_) running_.spawn(stream->run());
}

net::awaitable<std::optional<notify::Answer>> Pipeline::test(std::string key) {
  const auto slot = co_await testing_.acquire();
  const auto found = std::ranges::find_if(
      destinations_.alerts, [&key](const auto& one) { return one.channel->key() == key; });
  if (found == destinations_.alerts.end()) co_return std::nullopt;
  const auto answer = co_await notify::attempt(found->login, [this, &channel = *found->channel] {
    auto tests = notify::test_messages(channel, HostName("tocsin"), clock_.now(), random_);
    return notify::send_test(channel, std::move(tests.front()), random_);
  });
  if (answer) co_return *answer;
  co_return notify::LoginRefused{.reason =
                                     "not tried, the login was refused: " + answer.error().reason};
}

net::awaitable<std::vector<store::Delivery>> Pipeline::stop() {
  const auto slot = co_await testing_.acquire();
  running_.cancel();
  co_await running_.join();
  net::TaskScope flushing(executor_);
  for (const auto& stream : streams_) flushing.spawn(stream->flush(net::within(kLastWordLimit)));
  auto unstored = co_await dispatcher_.stop();
  co_await flushing.join();
  background_.cancel();
  co_await background_.join();
  co_return unstored;
}

}  // namespace tocsin::daemon
