// What is asked of the three generations of InfluxDB's HTTP API, and what their answers mean:
// v1  docs.influxdata.com/influxdb/v1/tools/api
// v2  docs.influxdata.com/influxdb/v2/api
// v3  docs.influxdata.com/influxdb3/core/api/v3
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/destinations/influx_db.h"
#include "net/http_client.h"
#include "notify/http_login.h"

namespace tocsin::notify {

/// Whether a write names the retention policy of the configuration, or takes the default one.
enum class Policy : std::uint8_t { named, by_default };

/// Where points are posted, with timestamps in milliseconds.
[[nodiscard]] std::string influx_write_url(const config::InfluxDb& influx, Policy policy);
[[nodiscard]] HttpLogin influx_login(const config::InfluxDb& influx);

/// v1: the statement that creates the database with its retention policy, which becomes the default
/// one.
[[nodiscard]] std::string influx_create_statement(const config::InfluxDb& influx);
/// v2: the body that creates the bucket in the organization of this id.
[[nodiscard]] std::string influx_bucket_body(const config::InfluxDb& influx,
                                             const std::string& organization_id);
/// v3: the body that creates the database.
[[nodiscard]] std::string influx_database_body(const config::InfluxDb& influx);
/// v2: the id in the answer to a search for an organization.
[[nodiscard]] std::optional<std::string> influx_organization_id(const std::string& body);

/// The percent-encoded text, for a query or a form (RFC 3986, 2.3).
[[nodiscard]] std::string influx_encoded(std::string_view text);

/// What InfluxDB itself says went wrong, also where the status is 200; nothing where the answer is
/// another program's or says nothing.
[[nodiscard]] std::optional<std::string> influx_error(const net::HttpResponse& response);

/// Points that InfluxDB has refused for good.
struct Refusal {
  /// How many, while the others are stored; nothing: none of the request's points is.
  std::optional<std::size_t> points;
  std::string reason;
};
/// Nothing if the answer (400 or 422) does not say what InfluxDB thinks of the points.
[[nodiscard]] std::optional<Refusal> influx_refusal(const net::HttpResponse& response);

}  // namespace tocsin::notify
