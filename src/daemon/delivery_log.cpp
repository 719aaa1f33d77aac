#include "daemon/delivery_log.h"

#include <algorithm>

namespace tocsin::daemon {
namespace {

auto seconds_until_next(const store::DeliveryUpdate& update) {
  return std::chrono::ceil<std::chrono::seconds>(update.not_before - update.at).count();
}

}  // namespace

std::string DeliveryLog::describe(const store::Delivery& delivery) const {
  const auto found =
      std::ranges::find_if(destinations_, [&](const notify::Destination& destination) {
        return destination.channel->key() == delivery.destination;
      });
  const auto& name = found == destinations_.end() ? delivery.destination : found->channel->name();
  return fmt::format("{}: {} {} {}", name, delivery.alert.host.text(),
                     delivery.alert.service.text(), kind_word(delivery.alert));
}

void DeliveryLog::settled(const store::Delivery& delivery, const store::DeliveryUpdate& update) {
  switch (update.state) {
    case store::DeliveryState::delivered:
      log_.info("{} delivered, {}", describe(delivery), update.detail);
      break;
    case store::DeliveryState::pending:
      if (is_escalation(delivery)) {
        log_.info("{} waits for its escalation", describe(delivery));
        break;
      }
      if (update.attempts == 0) {
        log_.info("{} waits for its login, next attempt in {} s: {}", describe(delivery),
                  seconds_until_next(update), update.detail);
        break;
      }
      log_.warn("{} not delivered, attempt {}, next in {} s: {}", describe(delivery),
                update.attempts, seconds_until_next(update), update.detail);
      break;
    case store::DeliveryState::dead:
      log_.error("{} cannot be delivered: {}", describe(delivery), update.detail);
      break;
    case store::DeliveryState::merged:
      log_.info("{} {}", describe(delivery), update.detail);
      break;
  }
}

void DeliveryLog::abandoned(std::size_t count) {
  log_.warn(
      "{} deliveries were waiting for destinations that are no longer configured: they are "
      "listed by `tocsin deliveries --failed`",
      count);
}

void DeliveryLog::storage_failed(const Error& error, std::size_t unrecorded) {
  log_.error("{}; {} outcomes of deliveries wait to be recorded", error.what, unrecorded);
}

void DeliveryLog::storage_recovered() { log_.info("outcomes of deliveries are recorded again"); }

void DeliveryLog::lost(const store::Delivery& delivery) {
  log_.error("{} is lost: neither the store nor memory has room for it", describe(delivery));
}

}  // namespace tocsin::daemon
