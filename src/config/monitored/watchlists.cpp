#include "config/monitored/watchlists.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/section/duplicates.h"
#include "config/section/nearest.h"

namespace tocsin::config {
namespace {

/// Rules of hosts that can share none. 10,000 hosts with policies of their own for 50 services
/// take 200 MB.
constexpr std::size_t kMostRules = 500'000;

/// What two entries are compared by that may be one.
std::string key_of(const WatchedService& service) {
  return service.pattern.empty() ? "display name " + fold_case(service.display_name)
                                 : "name " + fold_case(service.pattern);
}

const std::string& name_of(const WatchedService& service) {
  return service.pattern.empty() ? service.display_name : service.pattern;
}

bool matches_all(const WatchedService& service) {
  const auto& name = name_of(service);
  return !name.empty() && name.find_first_not_of('*') == std::string::npos &&
         service.exclude.empty() && !service.automatic_only;
}

/// Whether it makes no difference which of two entries of one name holds.
bool agree(const WatchedService& a, const WatchedService& b) {
  const auto rules = [](const WatchedService& service) {
    return std::tie(service.exclude, service.automatic_only, service.friendly_name, service.policy);
  };
  return rules(a) == rules(b);
}

/// Of the nearest section that says something of it.
std::optional<Place> recovery_of(const std::vector<const PolicySection*>& layers) {
  std::optional<Place> nearest;
  for (const auto* layer : layers) {
    if (layer->recovery) nearest = layer->recovery;
  }
  return nearest;
}

}  // namespace

Watchlists::Watchlists(PolicySection defaults, ServiceSets sets)
    : defaults_(std::move(defaults)),
      sets_(std::move(sets.right)),
      written_(std::move(sets.written)) {
  for (std::size_t i = 0; i < sets_.size(); i++) numbers_.try_emplace(sets_[i].name, i);
}

void Watchlists::check(Section& section) {
  (void)merge(section, {&defaults_});
  for (const auto& set : sets_) {
    for (const auto& service : set.services)
      (void)merge(section, {&defaults_, &set.policy, &service.policy});
  }
}

Watchlist Watchlists::make(Section& entry, const HostServices& host, bool controlled) {
  const auto uses = find_sets(entry, host.sets);
  const auto note_recoveries = [&](const Made& made) {
    for (const auto& place : made.recoveries) recoveries_[place] |= controlled;
  };
  if (!host.own.empty() || uses.empty()) {
    auto made = put_together(entry, host, uses);
    note_recoveries(made);
    return share(std::move(made.list));
  }
  std::vector<std::size_t> sets;
  sets.reserve(uses.size());
  for (const auto& use : uses) sets.push_back(use.set);
  const auto [known, fresh] = made_.try_emplace(std::pair(std::move(sets), host.policy.part));
  if (fresh) known->second = put_together(entry, host, uses);
  note_recoveries(known->second);
  return known->second.list;
}

void Watchlists::say_idle_recoveries(Section& section) const {
  for (const auto& [place, works] : recoveries_) {
    if (!works)
      section.warning(place,
                      "`recovery` does nothing: no host that it is for lets services be started; "
                      "write `control: true` for the host, or remove it");
  }
}

Watchlist Watchlists::share(Watchlist made) {
  if (made != last_) last_ = std::move(made);
  return last_;
}

std::vector<Watchlists::Use> Watchlists::find_sets(Section& entry,
                                                   const std::vector<PlacedText>& names) const {
  std::vector<Use> uses;
  for (const auto& name : names) {
    const auto found = numbers_.find(name.text);
    if (found == numbers_.end()) {
      say_unknown(entry, name);
    } else if (std::ranges::find(uses, found->second, &Use::set) != uses.end()) {
      entry.tolerable(
          name.place,
          fmt::format("the service set {} appears twice on this host", in_backticks(name.text)),
          "the first counts");
    } else {
      uses.push_back({found->second, name.place});
    }
  }
  return uses;
}

void Watchlists::say_unknown(Section& entry, const PlacedText& name) const {
  if (std::ranges::find(written_, name.text) != written_.end()) return;  // it has mistakes
  const std::vector<std::string_view> known(written_.begin(), written_.end());
  const bool shown = entry.reading().findings.shows(Severity::error);
  entry.tolerable(name.place,
                  fmt::format("there is no service set {}{}", in_backticks(name.text),
                              shown ? did_you_mean(name.text, known) : ""),
                  "the host goes without it");
}

Policy Watchlists::merge(Section& section, const Layers& layers) {
  Policy policy;
  std::optional<Place> flapping;
  for (const auto* layer : layers) {
    layer->part.apply_to(policy);
    if (layer->flapping) flapping = layer->flapping;
  }
  say_contradiction(section, flapping, contradiction_in(policy.flapping));
  say_contradiction(section, recovery_of(layers), contradiction_in(policy.recovery));
  return policy;
}

void Watchlists::say_contradiction(Section& section, std::optional<Place> place,
                                   const std::optional<std::string>& contradiction) {
  const auto where = place.value_or(section.place());
  if (contradiction && contradictions_.insert(where).second) section.error(where, *contradiction);
}

Watchlists::Rule Watchlists::rule(Section& section, const ServiceEntry& entry,
                                  const std::string& set, const Layers& layers) {
  Rule rule{entry.service, entry.place};
  rule.service.set = set;
  rule.service.policy = merge(section, layers);
  return rule;
}

bool Watchlists::spend(Section& entry, std::size_t rules) {
  const bool before = rules_ > kMostRules;
  rules_ += rules;
  if (rules_ <= kMostRules) return true;
  if (!before)
    entry.error(entry.place(),
                fmt::format("the hosts up to here have more than {} services with rules of their "
                            "own; hosts with the same sets and policy share them",
                            kMostRules));
  return false;
}

void Watchlists::say_unreachable(Section& section, const Rule& rule, Place catch_all) {
  if (!unreachable_.insert(rule.place).second) return;
  section.warning(
      rule.place,
      fmt::format(
          "this entry has no effect: the one in {} comes before it and matches all services",
          section.reading().findings.line(catch_all, rule.place)));
}

Watchlists::Made Watchlists::put_together(Section& entry, const HostServices& host,
                                          const std::vector<Use>& uses) {
  std::size_t count = host.own.size();
  for (const auto& use : uses) count += sets_[use.set].services.size();
  if (!spend(entry, count)) return {};

  std::vector<WatchedService> services;
  services.reserve(count);
  std::unordered_map<std::string, std::size_t> known;  // the place in `services`
  std::vector<Place> places;                           // of the services
  std::optional<Place> catch_all;
  std::set<Place> recoveries;
  const auto add = [&](Rule&& made, const Layers& layers) {
    if (const auto place = recovery_of(layers); place && made.service.policy.recovery.enabled)
      recoveries.insert(*place);
    if (catch_all) {
      say_unreachable(entry, made, *catch_all);
    } else if (matches_all(made.service)) {
      catch_all = made.place;
    }
    if (!uses.empty()) known.try_emplace(key_of(made.service), services.size());
    places.push_back(made.place);
    services.push_back(std::move(made.service));
  };
  for (const auto& own : host.own) {
    const Layers layers{&defaults_, &host.policy, &own.policy};
    add(rule(entry, own, {}, layers), layers);
  }
  for (const auto& use : uses) {
    const auto& set = sets_[use.set];
    for (const auto& theirs : set.services) {
      const Layers layers{&defaults_, &host.policy, &set.policy, &theirs.policy};
      auto made = rule(entry, theirs, set.name, layers);
      const auto before = known.find(key_of(made.service));
      if (before == known.end()) {
        add(std::move(made), layers);
        continue;
      }
      const auto& other = services[before->second];
      if (other.set.empty() || agree(other, made.service)) continue;  // the host's own overrides
      const auto& findings = entry.reading().findings;
      entry.tolerable(
          use.place,
          fmt::format(
              "the sets {} and {} have contradicting rules for the service {}: in {} and in {}",
              in_backticks(other.set), in_backticks(set.name), in_backticks(name_of(made.service)),
              findings.line(places[before->second], use.place),
              findings.line(made.place, use.place)),
          "the first counts");
    }
  }
  return {Watchlist(std::move(services)), std::move(recoveries)};
}

JoinedServices::JoinedServices(const Watchlist& first) : services_(first.entries()) {
  for (std::size_t i = 0; i < services_.size(); i++) known_.try_emplace(key_of(services_[i]), i);
}

void JoinedServices::add(const Watchlist& more, std::vector<std::string>& different) {
  for (const auto& service : more.entries()) {
    const auto [known, fresh] = known_.try_emplace(key_of(service), services_.size());
    if (fresh) {
      services_.push_back(service);
    } else if (!agree(services_[known->second], service)) {
      different.push_back("the service " + in_backticks(name_of(service)));
    }
  }
}

ServiceSets read_service_sets(Section& section) {
  ServiceSets sets;
  Duplicates names("service set");
  section.list({.name = "serviceSets", .description = "Lists of services that hosts share."},
               sets.right, [&names, &sets](Section& entry, ServiceSet& set) {
                 const auto place =
                     entry.text({.name = "name",
                                 .description = "Name of the set, for `sets` of hosts.",
                                 .need = Need::required,
                                 .example = "qlik"},
                                set.name, must_not_be_empty);
                 if (place) {
                   sets.written.push_back(set.name);
                   names.add(entry, set.name, *place);
                 }
                 read_policy(entry,
                             {.name = "policy",
                              .description = "Rules for the alerts of its services.",
                              .same_as = "serviceMonitor.policy"},
                             set.policy);
                 read_services(entry,
                               {.name = "services",
                                .description = "Services of the set.",
                                .need = Need::required,
                                .same_as = "serviceMonitor.monitor[].services"},
                               "in this set", set.services);
               });
  return sets;
}

}  // namespace tocsin::config
