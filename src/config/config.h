// The checked, immutable configuration. A Butler file is one; tocsin's own keys stand beside.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "config/destinations/catalogue.h"
#include "config/destinations/generic_urls.h"
#include "config/destinations/heartbeat.h"
#include "config/destinations/routes.h"
#include "config/file/files_read.h"
#include "config/log_level.h"
#include "config/monitored/cluster.h"
#include "config/monitored/credentials.h"
#include "config/monitored/host.h"
#include "config/monitored/maintenance.h"
#include "config/web.h"
#include "schedule/schedule.h"

namespace tocsin::config {

struct Config {
  bool enabled = true;  ///< serviceMonitor.enable
  Schedule frequency;   ///< of hosts that say nothing else
  std::vector<std::shared_ptr<const Credentials>> credentials;
  std::vector<Host> hosts;
  std::vector<Cluster> clusters;
  std::vector<Maintenance> maintenance;
  std::vector<Route> routes;
  Destinations destinations;
  std::vector<GenericUrl> generic_urls;
  std::vector<Heartbeat> heartbeats;
  std::string data_directory;  ///< empty: the platform's default
  std::chrono::days history_kept{90};
  std::string metrics_file;  ///< empty: none is written
  bool metrics_per_host = true;
  Web web;
  LogLevel log_level = LogLevel::info;
  bool file_logging = false;
  std::string log_directory = "log";
  /// Files that templates should be in and that are not there; the findings say so.
  std::set<std::string> missing_templates;
  FilesRead files_read;      ///< all that a reload would read, but templates and renewed secrets
  std::size_t left_out = 0;  ///< entries and destinations of a file of Butler that have mistakes

  /// The settings of one kind of destination.
  template <DestinationSettings T>
  [[nodiscard]] const T& get() const {
    return std::get<T>(destinations);
  }
  template <DestinationSettings T>
  [[nodiscard]] T& get() {
    return std::get<T>(destinations);
  }
};

}  // namespace tocsin::config
