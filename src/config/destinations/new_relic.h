// New Relic: changes as events and log entries.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/names.h"
#include "config/destinations/destination_type.h"
#include "config/destinations/http_headers.h"
#include "config/destinations/http_proxy.h"

namespace tocsin::config {

/// An account that something is sent to.
struct NewRelicAccount {
  std::string name;
  std::string id;
  Secret insert_api_key;
};

/// A value that the user gave a name; numbers stay numbers, as in the file.
struct NewRelicAttribute {
  std::string name;
  std::string value;
  bool is_number = false;
};

/// Events or log entries.
struct NewRelicDestination {
  bool enabled = false;
  std::string url;
  std::vector<NewRelicAccount> accounts;
  std::vector<NewRelicAttribute> attributes;  ///< the shared ones first
  bool with_host = false;
  bool with_name = false;
  bool with_display_name = false;
  bool with_state = false;
};

struct NewRelic {
  static constexpr DestinationType kType{
      .id = "newRelic",
      .name = "New Relic",
      .section = "incidentTool.newRelic",
      .description = "Alerts as events and log entries of New Relic."};

  bool enabled = false;
  HttpProxy proxy{};
  NewRelicDestination events;
  NewRelicDestination logs;
  bool send_started = true;  ///< of services that run again
  bool send_stopped = true;  ///< of all else
  std::chrono::seconds rate_limit{0};
  HttpHeaders headers;

  /// The names of the accounts that get something.
  [[nodiscard]] std::vector<std::string> labels() const;
};

/// `root` is the whole file: accounts stand in `thirdPartyToolsCredentials.newRelic`.
void read_from_root(Section& root, bool wanted, NewRelic& new_relic);

}  // namespace tocsin::config
