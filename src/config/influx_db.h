// InfluxDB: every state that is seen, as a time series.
#pragma once

namespace tocsin::config {

struct InfluxDb {
  bool enabled = false;
};

}  // namespace tocsin::config
