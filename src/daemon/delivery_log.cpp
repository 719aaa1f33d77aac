#include "daemon/delivery_log.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include <fmt/format.h>

namespace tocsin::daemon {
namespace {

/// "20 s", or "38 ms" where chance has made a pause short.
std::string until_next(const store::DeliveryUpdate& update) {
  const auto pause = std::max(update.not_before - update.at, Duration(0));
  if (pause < std::chrono::seconds(1))
    return fmt::format("{} ms", std::chrono::ceil<std::chrono::milliseconds>(pause).count());
  return fmt::format("{} s", std::chrono::ceil<std::chrono::seconds>(pause).count());
}

/// "db1 Spooler stopped"
std::string describe(const store::Delivery& delivery) {
  const auto& alert = delivery.alert;
  const auto* space = is_about_host(alert) ? "" : " ";
  return fmt::format("{} {}{}{}", alert.host.text(), alert.service.text(), space, kind_word(alert));
}

/// "db1 Spooler stopped"; of a group: "db1 Spooler stopped and 11 more in one message".
std::string describe(std::span<const notify::Outcome> outcomes) {
  auto text = describe(outcomes.front().delivery);
  if (outcomes.size() > 1) text += fmt::format(" and {} more in one message", outcomes.size() - 1);
  return text;
}

std::string describe(const notify::Wait& wait) {
  using enum notify::Wait::Reason;
  switch (wait.reason) {
    case turn:
      return "for its turn";
    case rate_limit:
      return "rate limit";
    case retry:
      return "backoff after a failed attempt";
    case escalation:
      return "escalation";
    case group:
      return "group";
    case older:
      return fmt::format("behind {} older deliveries about the same service", wait.older);
    case parallel:
      return "limit of deliveries in flight";
    case pause:
      return "pause of the destination";
    case login:
      return "login may not be tried yet";
    case outbox:
      return "in the outbox behind older deliveries";
  }
  return "?";
}

std::string describe(const notify::Answer& answer) {
  if (const auto* delivered = std::get_if<notify::Delivered>(&answer))
    return "delivered, " + delivered->detail;
  if (const auto* rejected = std::get_if<notify::Rejected>(&answer))
    return "rejected for good: " + rejected->reason;
  if (const auto* refused = std::get_if<notify::LoginRefused>(&answer))
    return "login refused: " + refused->reason;
  const auto& later = std::get<notify::RetryAfter>(answer);
  if (!later.after) return "try again: " + later.reason;
  return fmt::format("try again after {}: {}", duration_text(*later.after), later.reason);
}

/// Nothing where it only waits.
std::optional<DeliveryOutcome> outcome_of(const store::DeliveryUpdate& update) {
  switch (update.state) {
    case store::DeliveryState::delivered:
      return DeliveryOutcome::delivered;
    case store::DeliveryState::dead:
      return DeliveryOutcome::dead;
    case store::DeliveryState::merged:
      return DeliveryOutcome::merged;
    case store::DeliveryState::pending:
      break;
  }
  return update.attempts > 0 ? std::optional(DeliveryOutcome::failed) : std::nullopt;
}

}  // namespace

DeliveryLog::DeliveryLog(const Log& log, Metrics& metrics,
                         const std::vector<notify::Destination>& destinations,
                         std::function<void()> on_settled)
    : log_(log), metrics_(metrics), on_settled_(std::move(on_settled)) {
  for (const auto& destination : destinations)
    logs_.try_emplace(destination.channel->key(), log, destination.channel->name());
}

PrefixedLog DeliveryLog::log_of(const store::Delivery& delivery) const {
  const auto found = logs_.find(delivery.destination);
  return found == logs_.end() ? log_.of(delivery.destination) : found->second;
}

void DeliveryLog::settled(std::span<const notify::Outcome> outcomes) {
  if (on_settled_) on_settled_();
  const auto& [delivery, update] = outcomes.front();
  if (const auto outcome = outcome_of(update))
    metrics_.count_deliveries(delivery.destination, *outcome, outcomes.size());
  const auto log = log_of(delivery);
  const auto what = describe(outcomes);
  switch (update.state) {
    case store::DeliveryState::delivered:
      log.info("{} delivered, {}", what, update.detail);
      break;
    case store::DeliveryState::pending:
      if (is_escalation(delivery)) {
        log.info("{} waits for its escalation", what);
        break;
      }
      if (update.attempts == 0) {
        log.info("{} waits for its login, next attempt in {}: {}", what, until_next(update),
                 update.detail);
        break;
      }
      if (outcomes.size() > 1 && update.group.empty()) {
        log.warn("{} refused, will be sent one by one: {}", what, update.detail);
        break;
      }
      log.warn("{} not delivered, attempt {}, next in {}: {}", what, update.attempts,
               until_next(update), update.detail);
      break;
    case store::DeliveryState::dead:
      log.error("{} cannot be delivered: {}", what, update.detail);
      break;
    case store::DeliveryState::merged:
      log.info("{} merged: {}", what, update.detail);
      break;
  }
}

void DeliveryLog::queued(const store::Delivery& delivery) {
  const auto escalation =
      is_escalation(delivery) ? ", escalation at " + iso_time(delivery.not_before) : "";
  log_of(delivery).debug("delivery queued: {}, id {}{}", describe(delivery), delivery.id.value,
                         escalation);
}

void DeliveryLog::waits(const store::Delivery& delivery, const notify::Wait& wait) {
  const auto until = wait.until == Time{} ? "" : " until " + iso_time(wait.until);
  log_of(delivery).debug("delivery waits: {}: {}{}", describe(delivery), describe(wait), until);
}

void DeliveryLog::attempting(const store::Delivery& delivery) {
  const auto group = shared_message(delivery);
  log_of(delivery).debug("delivery attempt {}: {}, id {}{}", delivery.attempts, describe(delivery),
                         delivery.id.value, group.empty() ? "" : ", group " + group);
}

void DeliveryLog::answered(const store::Delivery& delivery, const notify::Answer& answer,
                           std::chrono::milliseconds took) {
  log_of(delivery).debug("delivery answered: {} in {} ms: {}", describe(delivery), took.count(),
                         describe(answer));
}

void DeliveryLog::abandoned(std::size_t count) {
  log_.warn(
      "{} deliveries were waiting for destinations that are no longer configured: `tocsin "
      "deliveries --failed` lists them",
      count);
}

void DeliveryLog::storage_failed(const Error& error, std::size_t unrecorded) {
  log_.error("{}; {} outcomes of deliveries wait to be recorded", error.what, unrecorded);
}

void DeliveryLog::storage_recovered() { log_.info("outcomes of deliveries are recorded again"); }

void DeliveryLog::lost(const store::Delivery& delivery) {
  metrics_.count_deliveries(delivery.destination, DeliveryOutcome::lost, 1);
  log_of(delivery).error("{} is lost: neither the store nor memory has room for it",
                         describe(delivery));
}

}  // namespace tocsin::daemon
