#include "daemon/pipeline.h"

namespace tocsin::daemon {
namespace {

/// For the states that wait for InfluxDB or MQTT: what is left then is lost.
constexpr auto kLastWordLimit = std::chrono::seconds(2);

}  // namespace

Pipeline::Pipeline(config::Config config, const Deps& deps)
    : config_(std::move(config)),
      log_(deps.log),
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
      delivery_log_(deps.log, destinations_.alerts),
      dispatcher_(deps.executor, destinations_.alerts, deps.outbox, delivery_log_, deps.clock,
                  deps.random, {.withheld = deps.withheld}),
      running_(deps.executor),
      background_(deps.executor) {
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

net::awaitable<std::vector<store::Delivery>> Pipeline::stop() {
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
