#include "store/database.h"

#include "store/details.h"

namespace tocsin::store {
namespace {

/// Bytes of the word for a kind that another version has stored.
constexpr std::size_t kLongestKind = 64;

}  // namespace

/// Malformed details become a complaint; the alert stays.
Alert Database::read_alert(Query& row) {
  Alert alert;
  alert.id.value = row.text();
  alert.at = row.time();
  const auto word = row.text();
  alert.kind = parse_word<TransitionKind>(word).value_or(TransitionKind::other);
  if (alert.kind == TransitionKind::other) {
    complain("alert " + alert.id.value + " is of a kind that this version does not know: " + word);
    alert.other_kind = printable(word, kLongestKind);  // it goes into headers, JSON and terminals
  }
  alert.host = HostName(row.text());
  alert.service = ServiceName(row.text());
  alert.from = ServiceState::unknown;
  alert.to = ServiceState::unknown;
  if (!details_from_json(row.text(), alert)) {
    alert.reason = "the stored details of this alert are damaged";
    complain("the details of alert " + alert.id.value + " are damaged");
  }
  return alert;
}

DeliveryRecord Database::read_delivery(Query& row) {
  DeliveryRecord record;
  auto& delivery = record.delivery;
  delivery.sequence = row.integer();
  delivery.id.value = row.text();
  delivery.destination = row.text();
  record.state = parse_word<DeliveryState>(row.text()).value_or(DeliveryState::dead);
  delivery.attempts = row.number<int>();
  delivery.created = row.time();
  delivery.updated = row.time();
  delivery.not_before = row.time();
  record.detail = row.text();
  delivery.last_error = record.detail;
  delivery.conditional = row.flag();
  delivery.group = row.text();
  delivery.escalated = row.flag();
  delivery.alert = read_alert(row);
  return record;
}

std::optional<Alert> Database::find_last_notified(const HostName& host,
                                                  const ServiceName& service) {
  auto row = connection.query(std::string(kSelectAlerts) +
                                  " WHERE host_key = ? AND service_key = ? AND notified = 1"
                                  " ORDER BY sequence DESC",  // a clock may have been set back
                              host.key(), service.key());
  return row.next() ? std::optional(read_alert(row)) : std::nullopt;
}

bool Database::is_over(const OpenAlert& open) {
  const auto last = find_last_notified(open.host, open.service);
  if (!last || !is_resolved(*last)) return false;
  auto row = connection.query(
      "SELECT 1 FROM delivery JOIN alert ON alert.sequence = delivery.alert"
      " WHERE state = 'pending' AND destination = ? AND host_key = ? AND service_key = ?",
      open.destination, open.host.key(), open.service.key());
  return !row.next();
}

}  // namespace tocsin::store
