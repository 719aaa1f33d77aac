#include "daemon/telling.h"

namespace tocsin::daemon {
namespace {

/// For the states that wait for InfluxDB or MQTT: what is left then is lost.
constexpr auto kLastWordLimit = std::chrono::seconds(2);

}  // namespace

Telling::Telling(config::Config config, const Rooms& rooms)
    : config_(std::move(config)),
      log_(rooms.log),
      executor_(rooms.executor),
      messages_(config_.generic_urls,
                [&log = rooms.log](const std::string& complaint) { log.warn("{}", complaint); }),
      means_{.executor = rooms.executor,
             .http = rooms.http,
             .version = rooms.version,
             .messages = messages_,
             .logins = rooms.logins,
             .use = notify::Use::run},
      destinations_(notify::make_destinations(config_, means_)),
      delivery_log_(rooms.log, destinations_.alerts),
      dispatcher_(rooms.executor, destinations_.alerts, rooms.outbox, delivery_log_, rooms.clock,
                  rooms.random),
      running_(rooms.executor),
      background_(rooms.executor) {
  for (const auto& sink : destinations_.status)
    streams_.push_back(std::make_unique<notify::StatusStream>(rooms.executor, *sink,
                                                              rooms.status_log, rooms.random));
}

void Telling::start() {
  for (const auto& problem : messages_.check()) log_.warn("{}: {}", problem.where, problem.text);
  for (const auto& task : destinations_.background) background_.spawn(task());
  dispatcher_.start();
  for (const auto& stream : streams_) running_.spawn(stream->run());
}

net::awaitable<std::vector<store::Delivery>> Telling::stop() {
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

void Telling::report(const notify::StatusReport& report) {
  for (const auto& stream : streams_) stream->add(report);
}

}  // namespace tocsin::daemon
