// What hosts watch, put together from their own services and from sets.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/monitored/service_entry.h"

namespace tocsin::config {

/// An entry of `serviceMonitor.serviceSets`.
struct ServiceSet {
  std::string name;
  std::vector<ServiceEntry> services;
  PolicySection policy;
};

/// All of `serviceSets`.
struct ServiceSets {
  std::vector<ServiceSet> right;     ///< without those that have mistakes
  std::vector<std::string> written;  ///< the names of all
};

/// What one host says.
struct HostServices {
  std::vector<ServiceEntry> own;
  PolicySection policy;
  std::vector<PlacedText> sets;
};

/// Makes the lists of hosts. Those without services of their own, with the same sets and policy,
/// share one, and so do others that follow one another and say the same.
class Watchlists {
 public:
  Watchlists(PolicySection defaults, ServiceSets sets);

  /// What contradicts itself in the defaults or in the sets, whether hosts use them or not.
  void check(Section& section);
  /// Says what is wrong with it as findings of `entry`. `controlled`: services of the host may be
  /// started.
  [[nodiscard]] Watchlist make(Section& entry, const HostServices& host, bool controlled);
  /// After all hosts: each `recovery` that does nothing, since no host that it is for may be
  /// controlled.
  void say_idle_recoveries(Section& section) const;

 private:
  /// A service and who gives its rules.
  struct Rule {
    WatchedService service;
    Place place;
  };
  /// The sections that hold for a service, from far to near.
  using Layers = std::vector<const PolicySection*>;

  /// A set and where a host names it.
  struct Use {
    std::size_t set;
    Place place;
  };

  [[nodiscard]] std::vector<Use> find_sets(Section& entry,
                                           const std::vector<PlacedText>& names) const;
  void say_unknown(Section& entry, const PlacedText& name) const;
  [[nodiscard]] Rule rule(Section& section, const ServiceEntry& entry, const std::string& set,
                          const Layers& layers);
  [[nodiscard]] Policy merge(Section& section, const Layers& layers);
  void say_contradiction(Section& section, std::optional<Place> place,
                         const std::optional<std::string>& contradiction);
  /// A list, and where the sections stand that let its services be started.
  struct Made {
    Watchlist list;
    std::set<Place> recoveries;
  };
  [[nodiscard]] Made put_together(Section& entry, const HostServices& host,
                                  const std::vector<Use>& uses);
  /// Or the last one, where that says the same.
  [[nodiscard]] Watchlist share(Watchlist made);
  /// Of an entry behind one that matches all.
  void say_unreachable(Section& section, const Rule& rule, Place catch_all);
  [[nodiscard]] bool spend(Section& entry, std::size_t rules);

  PolicySection defaults_;
  std::vector<ServiceSet> sets_;
  std::vector<std::string> written_;
  std::unordered_map<std::string, std::size_t> numbers_;  ///< of the sets, by their names
  std::map<std::pair<std::vector<std::size_t>, PolicyPart>, Made> made_;
  std::map<Place, bool> recoveries_;  ///< whether a host that may be controlled has them
  Watchlist last_;                    ///< of those that share() has answered
  std::set<Place> contradictions_;    ///< each is reported once
  std::set<Place> unreachable_;       ///< so is each of these
  std::size_t rules_ = 0;             ///< in all lists that were made
};

/// The services of several lists of one host. The first rules that were added hold for one that is
/// in several.
class JoinedServices {
 public:
  explicit JoinedServices(const Watchlist& first);

  /// Adds the names of services to `different` for which other rules hold than those of `more`.
  void add(const Watchlist& more, std::vector<std::string>& different);
  [[nodiscard]] Watchlist take() && { return Watchlist(std::move(services_)); }

 private:
  std::vector<WatchedService> services_;
  std::unordered_map<std::string, std::size_t> known_;  ///< their places
};

/// `serviceSets`.
[[nodiscard]] ServiceSets read_service_sets(Section& section);

}  // namespace tocsin::config
