// New Relic: changes as events and log entries.
#pragma once

namespace tocsin::config {

struct NewRelic {
  bool enabled = false;
};

}  // namespace tocsin::config
