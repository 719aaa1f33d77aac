// Prometheus Alertmanager: changes as alerts.
#pragma once

namespace tocsin::config {

struct Alertmanager {
  bool enabled = false;
};

}  // namespace tocsin::config
