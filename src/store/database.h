// What Store and Reader share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/path.h"
#include "base/text.h"
#include "store/connection.h"
#include "store/opening.h"
#include "store/store.h"

namespace tocsin::store {

/// What Database::read_alert() and Database::read_delivery() read.
inline constexpr std::string_view kSelectAlerts =
    "SELECT alert.id, alert.at, alert.kind, alert.host, alert.service, alert.details FROM alert";
inline constexpr std::string_view kSelectDeliveries =
    "SELECT delivery.alert, delivery.id, delivery.destination, delivery.state,"
    " delivery.attempts, delivery.created, delivery.updated, delivery.not_before, delivery.detail,"
    " delivery.conditional, delivery.message_id, delivery.escalated,"
    " alert.id, alert.at, alert.kind, alert.host, alert.service, alert.details"
    " FROM delivery JOIN alert ON alert.sequence = delivery.alert";

/// Behind a table `dead`: of the services in it, by destination, the newest alert that was
/// delivered or waits. What is older is never sent after it.
inline constexpr std::string_view kNewestAlive =
    " newest_alive AS (SELECT subject.destination, subject.host_key, subject.service_key,"
    "  max(delivery.alert) AS alert"
    "  FROM (SELECT DISTINCT destination, host_key, service_key FROM dead) AS subject"
    "  CROSS JOIN alert ON alert.host_key = subject.host_key"
    "   AND alert.service_key = subject.service_key"
    "  CROSS JOIN delivery ON delivery.alert = alert.sequence"
    "   AND delivery.destination = subject.destination"
    "  WHERE delivery.state IN ('delivered', 'pending')"
    "  GROUP BY subject.destination, subject.host_key, subject.service_key)";

struct Database : Opened {
  explicit Database(Opened opened) : Opened(std::move(opened)) {}

  Alert read_alert(Query& row);
  DeliveryRecord read_delivery(Query& row);
  /// Nothing where none is kept.
  std::optional<Alert> find_last_notified(const HostName& host, const ServiceName& service);
  std::vector<std::string> find_retries(std::int64_t last);
  /// Whether its end has happened, and does not wait for its destination.
  bool is_over(const OpenAlert& open);
  void complain(const std::string& what) {
    complaints.push_back(to_utf8(file) + ": " + printable(what));
  }

  std::vector<std::string> complaints;
};

}  // namespace tocsin::store
