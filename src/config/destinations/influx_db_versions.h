// The keys of `influxDb` that each version of InfluxDB has of its own.
#pragma once

#include <chrono>
#include <string>

#include "base/names.h"
#include "config/destinations/influx_db.h"
#include "config/section/section.h"

namespace tocsin::config {

/// Butler has these keys in two places.
struct InfluxV1 {
  std::string username;
  Secret password;
  std::string database;
  std::string retention_policy;
  std::chrono::seconds retention{};

  struct InfluxV2 {
    std::string organization;
    std::string bucket;
    std::string description;
    Secret token;
    std::chrono::seconds retention{};

    struct InfluxV3 {
      std::string database;
      Secret token;
      std::chrono::seconds retention{};

      void read_keys(Section& section, InfluxV1& v1);
      void read_keys(Section& section, InfluxV2& v2);
      void read_keys(Section& section, InfluxV3& v3);

      /// Makes the keys those of the destination, and says which are missing.
      void take(Section& section, InfluxV1 v1, bool old_layout, InfluxDb& influx);
      void take(Section& section, InfluxV2 v2, InfluxDb& influx);
      void take(Section& section, InfluxV3 v3, InfluxDb& influx);

    }  // namespace tocsin::config
