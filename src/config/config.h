// The checked, immutable configuration. A Butler file is one; tocsin's own keys stand beside.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "base/words.h"
#include "config/destinations/catalogue.h"
#include "config/destinations/generic_urls.h"
#include "config/destinations/routes.h"
#include "config/monitored/maintenance.h"
#include "domain/cluster.h"
#include "domain/watch.h"
#include "schedule/schedule.h"

namespace tocsin::config {

struct Credentials {
  std::string name;
  std::string username;  ///< DOMAIN\user, user@REALM or user
  Secret password;
  std::string password_file;  ///< read again before each login; empty: the password stays

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

/// Shared by many hosts; equal where what they say is equal.
class SharedCredentials : public std::shared_ptr<const Credentials> {
 public:
  using shared_ptr::shared_ptr;
  // NOLINTNEXTLINE(google-explicit-constructor): it is such a pointer
  SharedCredentials(std::shared_ptr<const Credentials> credentials)
      : shared_ptr(std::move(credentials)) {}
  friend bool operator==(const SharedCredentials& a, const SharedCredentials& b) {
    return a.get() == b.get() || (a.get() != nullptr && b.get() != nullptr && *a == *b);
  }
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
  SharedCredentials credentials;  ///< null: none are configured
  /// Why it is not asked, and not reached: the account that it names is missing in a file of
  /// Butler. Empty: it is asked.
  std::string not_asked;
  Watchlist services;
  HostPolicy policy;

  friend bool operator==(const Host&, const Host&) = default;
};

struct Config;
/// Whether a host or a cluster is called so; `pattern` with * and ?.
[[nodiscard]] bool is_known(const Config& config, const HostName& pattern);
/// "no host or cluster is called `sql`; did you mean `sql1`?"
[[nodiscard]] std::string no_such_host(const Config& config, const HostName& name);

/// Whether both are reached and asked in the same way, with the same account: whether they are
/// equal but for the name, the schedule, the services and the policy.
[[nodiscard]] bool is_asked_alike(Host a, const Host& b);
/// The keys of `monitor` in which two hosts differ, the case of their names included.
[[nodiscard]] std::vector<std::string_view> differing_keys(const Host& a, const Host& b);
/// Whether nothing differs between them, the case of the name included.
[[nodiscard]] bool is_same(const Host& a, const Host& b);

/// Services that must run on so many of the hosts.
struct Cluster {
  HostName name;  ///< in place of a host's
  std::vector<HostName> hosts;
  Watchlist services;
  ClusterRule rule;
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
  Destinations destinations;
  std::vector<GenericUrl> generic_urls;
  std::string data_directory;  ///< empty: the platform's default
  std::string metrics_file;    ///< empty: none is written
  LogLevel log_level = LogLevel::info;
  bool file_logging = false;
  std::string log_directory = "log";
  /// Files that templates should be in and that are not there; the findings say so.
  std::set<std::string> missing_templates;
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
