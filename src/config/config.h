// The checked, immutable configuration. A Butler file is one; tocsin's own keys stand beside.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/names.h"
#include "base/words.h"
#include "config/alertmanager_notification.h"
#include "config/email_notification.h"
#include "config/generic_urls.h"
#include "config/influx_db.h"
#include "config/maintenance.h"
#include "config/mqtt_config.h"
#include "config/new_relic.h"
#include "config/pager_duty_notification.h"
#include "config/routes.h"
#include "config/slack_notification.h"
#include "config/teams_notification.h"
#include "domain/cluster.h"
#include "domain/watch.h"
#include "schedule/schedule.h"

namespace tocsin::config {

struct Credentials {
  std::string name;
  std::string username;  ///< DOMAIN\user, user@REALM or user
  Secret password;
  std::string password_file;  ///< read again before each login; empty: the password stays
};

enum class Source : std::uint8_t { smb, winrm, scm };
consteval auto table_of(Source) {
  using enum Source;
  return std::array{Word{smb, "smb"}, Word{winrm, "winrm"}, Word{scm, "scm"}};
}

struct Host {
  HostName name;
  Schedule frequency;
  std::string address;  ///< an address or a name to connect to
  std::uint16_t port = 445;
  Source source = Source::smb;
  std::shared_ptr<const Credentials> credentials;  ///< null: none are configured
  Watchlist services;
  HostPolicy policy;
};

struct Config;
/// Whether a host or a cluster is called so; `pattern` with * and ?.
[[nodiscard]] bool is_known(const Config& config, const HostName& pattern);
/// "no host or cluster is called `sql`; did you mean `sql1`?"
[[nodiscard]] std::string no_such_host(const Config& config, const HostName& name);

/// Whether both are reached and asked in the same way, with the same account.
[[nodiscard]] bool is_asked_alike(const Host& a, const Host& b);
/// Whether nothing differs between them.
[[nodiscard]] bool is_same(const Host& a, const Host& b);

/// Services that must run on so many of the hosts.
struct Cluster {
  HostName name;  ///< in place of a host's
  std::vector<HostName> hosts;
  Watchlist services;
  ClusterRule rule;
};

enum class HttpMethod : std::uint8_t { get, post, put };
consteval auto table_of(HttpMethod) {
  using enum HttpMethod;
  return std::array{Word{get, "GET"}, Word{post, "POST"}, Word{put, "PUT"}};
}

struct Webhook {
  std::string description;
  std::string url;
  HttpMethod method = HttpMethod::post;
  std::string ca_file;  ///< PEM; empty: the system's certificates
  bool reject_unauthorized = true;
};

struct WebhookDestinations {
  bool enabled = false;
  /// Between two alerts of one kind about one service to one destination; 0: no limit.
  std::chrono::seconds rate_limit{300};
  std::vector<Webhook> webhooks;
};

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

struct Config {
  bool enabled = true;  ///< serviceMonitor.enable
  Schedule frequency;   ///< of hosts that say nothing else
  std::vector<std::shared_ptr<const Credentials>> credentials;
  std::vector<Host> hosts;
  std::vector<Cluster> clusters;
  std::vector<Maintenance> maintenance;
  std::vector<Route> routes;
  WebhookDestinations webhook;
  Slack slack;
  Teams teams;
  Email email;
  Mqtt mqtt;
  InfluxDb influx_db;
  NewRelic new_relic;
  PagerDuty pager_duty;
  Alertmanager alertmanager;
  std::vector<GenericUrl> generic_urls;
  std::string data_directory;  ///< empty: the platform's default
  std::string metrics_file;    ///< empty: none is written
  LogLevel log_level = LogLevel::info;
  bool file_logging = false;
  std::string log_directory = "log";
};

}  // namespace tocsin::config
