// Prometheus Alertmanager: changes as alerts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/names.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

struct AlertmanagerServer {
  std::string url;  ///< without the path of the API
  std::string username;
  Secret password;
  std::string ca_file;  ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
};

struct Alertmanager {
  static constexpr DestinationType kType{.id = "alertmanager",
                                         .name = "Alertmanager",
                                         .section = "alertmanagerNotification",
                                         .description = "Alerts for Prometheus Alertmanager."};

  bool enabled = false;
  HttpProxy proxy{};
  std::vector<AlertmanagerServer> servers;
  std::vector<std::pair<std::string, std::string>> labels;  ///< added to every alert
};

void read_settings(Section& section, bool wanted, Alertmanager& alertmanager);

}  // namespace tocsin::config
