#include "notify/routing.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"
#include "base/wildcard.h"
#include "notify/destination.h"

namespace tocsin::notify {
namespace {

template <typename T>
bool allows(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool is_one_of(const std::vector<std::string>& patterns, const std::string& folded) {
  return std::ranges::any_of(
      patterns, [&](const auto& pattern) { return matches_wildcard(pattern, folded); });
}

bool is_meant_service(const std::vector<std::string>& patterns, const Alert& alert) {
  if (patterns.empty()) return true;
  if (is_about_host(alert)) return false;
  return is_one_of(patterns, alert.service.key()) ||
         is_one_of(patterns, fold_case(alert.details.display_name));
}

/// All but its kind.
bool fits(const config::RouteConditions& match, const Alert& alert) {
  return allows(match.severities, alert.severity) && allows(match.sets, alert.set) &&
         (match.hosts.empty() || is_one_of(match.hosts, alert.host.key())) &&
         is_meant_service(match.services, alert);
}

/// What follows another alert, and is not well, is as bad as the state that it leads to.
TransitionKind kind_of(const Alert& alert) {
  const auto& row = row_of(alert.kind);
  const bool goes_on = row.about == tocsin::About::service && !row.routable;
  return goes_on ? kind_of_settled(alert.to) : alert.kind;
}

/// What ends well, without anything that was wrong before.
bool stands_alone(TransitionKind kind) { return row_of(kind).is_good == Verdict::no; }

}  // namespace

/// Each destination at most once: the surest and earliest.
class Routing::Collected {
 public:
  void add(const Step& step, bool conditional) {
    for (const std::size_t destination : step.to) {
      const auto [known, fresh] =
          targets_.try_emplace(destination, RoutedTo{destination, step.after, conditional});
      if (!fresh && !conditional) known->second.conditional = false;
    }
  }
  [[nodiscard]] std::vector<RoutedTo> take() const {
    std::vector<RoutedTo> all;
    all.reserve(targets_.size());
    for (const auto& [destination, target] : targets_) all.push_back(target);
    return all;
  }

 private:
  std::map<std::size_t, RoutedTo> targets_;
};

Routing::Routing(const std::vector<config::Route>& routes,
                 std::span<const Destination> destinations) {
  const auto find = [&](const std::vector<std::string>& names) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < destinations.size(); i++) {
      if (std::ranges::any_of(
              names, [&](const auto& name) { return matches_destination(destinations[i], name); }))
        found.push_back(i);
    }
    return found;
  };
  for (const auto& route : routes) {
    Compiled compiled{.route = route, .steps = {{.after = {}, .to = find(route.to)}}};
    for (const auto& step : route.escalations)
      compiled.steps.push_back({.after = step.after, .to = find(step.to)});
    routes_.push_back(std::move(compiled));
  }
  for (std::size_t i = 0; i < destinations.size(); i++) everybody_.to.push_back(i);
}

std::string Routing::name_route(const Alert& alert) const {
  for (std::size_t i = 0; i < routes_.size(); i++) {
    const auto& route = routes_[i].route;
    if (!fits(route.match, alert) || !allows(route.match.kinds, kind_of(alert))) continue;
    return "route " + std::to_string(i + 1) + (route.name.empty() ? "" : " `" + route.name + "`");
  }
  return "no route matches";
}

std::vector<RoutedTo> Routing::targets(const Alert& alert) const {
  if (alert.for_notified) return for_notified();
  if (alert.over_already) return for_over_already(alert);
  return is_resolved(alert) ? for_resolved(alert) : for_firing(alert);
}

/// Whoever was notified, by whichever routes held then.
std::vector<RoutedTo> Routing::for_notified() const {
  Collected collected;
  collected.add(everybody_, true);
  return collected.take();
}

/// Those who would have been notified at once of what is over.
std::vector<RoutedTo> Routing::for_over_already(const Alert& alert) const {
  Alert begun = alert;
  begun.kind = kind_of_settled(alert.from);
  begun.to = alert.from;
  auto targets = for_firing(begun);
  std::erase_if(targets, [](const RoutedTo& target) { return target.after > Duration(0); });
  for (auto& target : targets) target.conditional = false;
  return targets;
}

/// Where a route before has passed the alert on for its kind alone, or the alert waits, its end is
/// conditional, and so is what that condition is about.
std::vector<RoutedTo> Routing::for_firing(const Alert& alert) const {
  Collected collected;
  bool by_kind = false;
  for (const auto& [route, steps] : routes_) {
    if (!fits(route.match, alert)) continue;
    by_kind |= !route.match.kinds.empty();
    if (!allows(route.match.kinds, kind_of(alert))) continue;
    for (const Step& step : steps) collected.add(step, by_kind || step.after > Duration(0));
    return collected.take();
  }
  collected.add(everybody_, by_kind);
  return collected.take();
}

std::vector<RoutedTo> Routing::for_resolved(const Alert& alert) const {
  Collected collected;
  bool by_kind = false;
  bool is_decided = false;  // which destinations get it in its own right
  const auto add_at_once = [&](const Step& step, bool takes_it) {
    const bool sure = !is_decided && takes_it && (!by_kind || stands_alone(alert.kind));
    is_decided |= sure;
    collected.add({.after = {}, .to = step.to}, !sure);
  };
  for (const auto& [route, steps] : routes_) {
    if (!fits(route.match, alert)) continue;
    by_kind |= !route.match.kinds.empty();
    add_at_once(steps.front(), allows(route.match.kinds, alert.kind));
    for (std::size_t i = 1; i < steps.size(); i++)
      collected.add({.after = {}, .to = steps[i].to}, true);
    if (route.match.kinds.empty()) {
      // By the routes of an earlier configuration others may have been notified.
      if (!stands_alone(alert.kind)) collected.add(everybody_, true);
      return collected.take();
    }
  }
  add_at_once(everybody_, true);
  return collected.take();
}

}  // namespace tocsin::notify
