// ntfy: alerts as push messages to phones and desktops.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/names.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/grouping.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

struct Ntfy {
  static constexpr DestinationType kType{.id = "ntfy",
                                         .name = "ntfy",
                                         .section = "ntfyNotification",
                                         .description = "Alerts as push messages of ntfy."};

  bool enabled = false;
  HttpProxy proxy{};
  std::string url = "https://ntfy.sh";
  std::string topic;     ///< whoever knows it may read it
  std::string username;  ///< empty: the token logs in, or nobody does
  Secret password;
  Secret token;
  unsigned priority = 0;  ///< 1 to 5; 0: by severity
  std::vector<std::string> tags;
  std::string click;  ///< empty: a tap opens the app
  std::chrono::seconds rate_limit{0};
  Grouping grouping;
};

void read_settings(Section& section, bool wanted, Ntfy& ntfy);

}  // namespace tocsin::config
