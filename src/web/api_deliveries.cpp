// Notifications and their destinations: how they fare, and trying again.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "web/api.h"
#include "web/input.h"

namespace tocsin::web {
namespace {

constexpr std::int64_t kMostDeliveries = 1000;
constexpr std::int64_t kUsualDeliveries = 100;

json optional_time(const std::optional<Time>& time) {
  return time ? json(iso_time(*time)) : json(nullptr);
}

json destination_json(const std::string& key, const std::string& name, bool configured,
                      const store::DestinationState& state) {
  json error = nullptr;
  if (const auto& last = state.last_error)
    error = {{"at", iso_time(last->at)}, {"text", last->text}};
  return {{"key", key},
          {"name", name},
          {"configured", configured},
          {"waiting", state.waiting},
          {"oldest", optional_time(state.oldest)},
          {"dead", state.dead},
          {"lastDelivered", optional_time(state.last_delivered)},
          {"lastError", std::move(error)}};
}

json retries_json(const store::Requests::Retries& retries) {
  return {{"asked", retries.asked}, {"outdated", retries.outdated}};
}

}  // namespace

std::string Api::name_of(const std::string& destination) const {
  const auto all = deps_.monitor.destinations();
  const auto found = std::ranges::find(all, destination, &DestinationName::key);
  return found == all.end() ? destination : found->name;
}

json Api::to_json(const store::DeliveryRecord& record) const {
  const auto& delivery = record.delivery;
  const auto group = shared_message(delivery);
  const bool waits = record.state == store::DeliveryState::pending;
  return {{"id", delivery.id.value},
          {"destination", delivery.destination},
          {"destinationName", name_of(delivery.destination)},
          {"state", to_string(record.state)},
          {"attempts", delivery.attempts},
          {"created", iso_time(delivery.created)},
          {"updated", time_or_null(delivery.updated)},
          {"notBefore", waits ? time_or_null(delivery.not_before) : json(nullptr)},
          {"detail", record.detail},
          {"escalation", waits && is_escalation(delivery)},
          {"group", group.empty() ? json(nullptr) : json(group)},
          {"alert", web::to_json(delivery.alert)}};
}

Api::Coroutine Api::list_deliveries(const Call& call) const {
  Query query(call);
  store::DeliveryQuery wanted{.state = query.word<store::DeliveryState>("state"),
                              .destination = query.text("destination", kMostName),
                              .limit = static_cast<std::size_t>(
                                  query.number("limit", 1, kMostDeliveries, kUsualDeliveries))};
  wanted.before = query.cursor("next").value_or(wanted.before);
  if (auto mistake = query.mistake()) co_return *std::move(mistake);
  const auto page = co_await read([&](store::Reader& reader) { return reader.deliveries(wanted); });
  if (!page) co_return store_failed(page.error());
  json deliveries = json::array();
  for (const auto& record : page->deliveries) deliveries.push_back(to_json(record));
  co_return respond({{"deliveries", std::move(deliveries)},
                     {"next", page->next ? json(fmt::format("{}", *page->next)) : json(nullptr)}});
}

Api::Coroutine Api::retry_delivery(const Call& call) const {
  const auto& id = call.path.front();
  const auto retries =
      co_await deps_.worker.run([&] { return deps_.requests.ask_for_retry(id, actor(call)); });
  if (!retries) co_return store_failed(retries.error());
  if (retries->asked + retries->outdated == 0)
    co_return problem(404, "there is no such dead letter");
  note(call, "retry of dead letter " + id);
  deps_.monitor.take_requests();
  deps_.events.add(Change::delivery);
  co_return respond(retries_json(*retries));
}

Api::Coroutine Api::list_destinations(const Call& /*call*/) const {
  const auto stored = co_await read([](store::Reader& reader) { return reader.destinations(); });
  if (!stored) co_return store_failed(stored.error());
  auto others = *stored;
  json destinations = json::array();
  for (const auto& [key, name] : deps_.monitor.destinations()) {
    const auto found = std::ranges::find(others, key, &store::DestinationState::destination);
    const auto state = found == others.end() ? store::DestinationState{} : *found;
    destinations.push_back(destination_json(key, name, true, state));
    if (found != others.end()) others.erase(found);
  }
  for (const auto& state : others)
    destinations.push_back(destination_json(state.destination, state.destination, false, state));
  co_return respond({{"destinations", std::move(destinations)}});
}

Api::Coroutine Api::retry_destination(const Call& call) const {
  const auto& key = call.path.front();
  const auto retries =
      co_await deps_.worker.run([&] { return deps_.requests.ask_for_retry_of(key, actor(call)); });
  if (!retries) co_return store_failed(retries.error());
  const bool is_configured = name_of(key) != key;
  if (!is_configured && retries->asked + retries->outdated == 0)
    co_return problem(404, "there is no such destination");
  note(call, "retry of all dead letters for " + key);
  deps_.monitor.take_requests();
  deps_.events.add(Change::delivery);
  co_return respond(retries_json(*retries));
}

}  // namespace tocsin::web
