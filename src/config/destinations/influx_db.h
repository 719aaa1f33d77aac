// InfluxDB: every state that is seen, as a time series.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/names.h"
#include "base/words.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

enum class InfluxVersion : std::uint8_t { v1 = 1, v2 = 2, v3 = 3 };
consteval auto table_of(InfluxVersion) {
  using enum InfluxVersion;
  return std::array{Word{v1, "1"}, Word{v2, "2"}, Word{v3, "3"}};
}

struct InfluxTag {
  std::string name;
  std::string value;  ///< never empty
};

struct InfluxDb {
  static constexpr DestinationType kType{.id = "influxDb",
                                         .name = "InfluxDB",
                                         .section = "influxDb",
                                         .description = "Service states as a time series.",
                                         .gets_alerts = false};

  bool enabled = false;
  HttpProxy proxy{};
  InfluxVersion version = InfluxVersion::v1;
  std::string url;      ///< "http://host:port", perhaps with a path; without a slash at its end
  std::string ca_file;  ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
  std::string username;  ///< version 1; empty: without authentication
  Secret password;
  Secret token;              ///< versions 2 and 3
  std::string organization;  ///< version 2
  std::string database;      ///< version 2: the bucket
  std::string bucket_description;
  std::string retention_policy;      ///< version 1; empty: the database's default one
  std::chrono::seconds retention{};  ///< of a database that is created; 0: for ever
  std::chrono::milliseconds write_limit = std::chrono::seconds(10);
  std::chrono::milliseconds query_limit = std::chrono::seconds(10);  ///< all but writes
  std::vector<InfluxTag> tags;                                       ///< of every point
};

void read_settings(Section& section, bool wanted, InfluxDb& influx_db);

}  // namespace tocsin::config
