#include "config/destinations/read_routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "config/destinations/destination_names.h"
#include "config/section/duration.h"
#include "config/section/nearest.h"

namespace tocsin::config {
namespace {

/// Shorter than the time after which a destination that does not answer is given up.
constexpr DurationRange kEscalationTimes{std::chrono::seconds(1), std::chrono::days(1)};

/// Whether people may write it at all.
template <ClosedSet E>
bool can_be_written(E value) {
  if constexpr (std::is_same_v<E, TransitionKind>) return value != TransitionKind::other;
  return true;
}

/// Whether a route may ask for it.
template <ClosedSet E>
bool is_routable(E value) {
  if constexpr (requires { row_of(value).routable; }) return row_of(value).routable;
  return true;
}

template <ClosedSet E>
std::vector<std::string_view> routable_words() {
  std::vector<std::string_view> words;
  for (const auto value : all_values<E>())
    if (is_routable(value)) words.push_back(to_string(value));
  return words;
}

/// "`info`, `warning`".
std::string list_of(const std::vector<std::string_view>& words) {
  return fmt::format("`{}`", fmt::join(words, "`, `"));
}

/// Words of a closed set, in any case; `what` names one of them: "severity".
template <ClosedSet E>
void read_words(Section& section, const Key& key, std::string_view what, std::vector<E>& out) {
  std::vector<PlacedText> written;
  section.placed_texts(key, written);
  for (const auto& [text, place, offset] : written) {
    const auto known = all_values<E>();
    const auto* found = std::ranges::find_if(
        known, [&](E value) { return fold_case(to_string(value)) == fold_case(text); });
    if (found == known.end() || !can_be_written(*found)) {
      section.error(place, fmt::format("there is no {} {}{}", what, in_backticks(text),
                                       did_you_mean(text, routable_words<E>())));
    } else if (!is_routable(*found)) {
      section.error(place,
                    fmt::format("{} goes where the alert before it went; a route cannot match it",
                                in_backticks(text)));
    } else {
      out.push_back(*found);
    }
  }
}

/// `serviceMonitor.routes`, entry by entry.
class RouteReader {
 public:
  RouteReader(const std::vector<std::string>& sets, const HostsAndClusters& known)
      : sets_(sets), known_(known) {}

  void read(Section& entry, Route& route) {
    say_if_unreachable(entry);
    entry.text({.name = "name",
                .writing = Writing::title,
                .description = "Name of the route, for people.",
                .example = "databases"},
               route.name);
    entry.section({.name = "match",
                   .description = "Conditions, all of which an alert must meet. Without "
                                  "conditions, every alert takes the route."},
                  [&](Section& section) { read_conditions(section, route.match); });
    std::vector<std::string> earlier;
    read_destinations(
        entry,
        {.name = "to",
         .writing = Writing::title,
         .description = "Destinations that are notified at once: names of `alertDestination`, or "
                        "`webhook:DESCRIPTION`, `email:ADDRESS`, `newRelic:ACCOUNT` for one of "
                        "several. Empty: none.",
         .example = "[email, \"webhook:On-call\"]"},
        earlier, route.to);
    if (entry.raw("to") == nullptr)
      entry.error(entry.place(), "the key `to` is missing; `to: []` notifies nobody");
    std::optional<Duration> before;
    entry.list({.name = "escalate",
                .description = "Escalations: further destinations while the alert still fires."},
               route.escalations, [&](Section& inner, Escalation& step) {
                 read_step(inner, before, step);
                 read_destinations(inner,
                                   {.name = "to",
                                    .writing = Writing::title,
                                    .description = "Destinations that are notified then.",
                                    .need = Need::required,
                                    .example = "[pagerDuty]"},
                                   earlier, step.to);
               });
    if (!catch_all_ && matches_all(route.match)) catch_all_ = entry.place();
  }

  [[nodiscard]] std::vector<PlacedText> take_destinations() && { return std::move(destinations_); }

 private:
  void say_if_unreachable(Section& entry) {
    if (!catch_all_) return;
    entry.warning(entry.place(),
                  fmt::format("no alert takes this route: the one in {} matches all",
                              entry.reading().findings.line(*catch_all_, entry.place())));
  }

  static bool matches_all(const RouteConditions& match) {
    return match.sets.empty() && match.services.empty() && match.severities.empty() &&
           match.kinds.empty() &&
           std::ranges::all_of(match.hosts, [](const auto& host) { return host == "*"; });
  }

  void read_conditions(Section& section, RouteConditions& match) {
    section.insist_on_keys();  // a condition that is not read lets more alerts take the route
    std::vector<PlacedText> sets;
    section.placed_texts({.name = "serviceSet",
                          .description = "Names of `serviceSets`; alerts about hosts have none.",
                          .example = "[sql]"},
                         sets);
    for (const auto& set : sets) {
      match.sets.push_back(set.text);
      if (std::ranges::find(sets_, set.text) != sets_.end()) continue;
      const std::vector<std::string_view> known(sets_.begin(), sets_.end());
      section.error(set.place, fmt::format("there is no service set {}{}", in_backticks(set.text),
                                           did_you_mean(set.text, known)));
    }
    std::vector<PlacedText> hosts;
    section.placed_texts({.name = "host",
                          .description = "Names of hosts, or patterns with `*` and `?`.",
                          .example = "[sql*]"},
                         hosts);
    for (const auto& host : hosts) read_host(section, host, match.hosts);
    std::vector<std::string> services;
    section.texts({.name = "service",
                   .writing = Writing::title,
                   .description = "Key names or display names of services, or patterns with `*` "
                                  "and `?`; alerts about hosts have none.",
                   .example = "[MSSQL*]"},
                  services);
    for (const auto& service : services) match.services.push_back(fold_case(service));
    const auto severities =
        "Severities, as in policies: " + list_of(routable_words<AlertSeverity>()) + ".";
    read_words(section, {.name = "severity", .description = severities, .example = "[critical]"},
               "severity", match.severities);
    const auto kinds = "Kinds of alerts: " + list_of(routable_words<TransitionKind>()) +
                       ". A resolved alert goes where the firing one went.";
    read_words(section, {.name = "kind", .description = kinds, .example = "[stopped, stuck]"},
               "kind", match.kinds);
  }

  void read_host(Section& section, const PlacedText& host, std::vector<std::string>& out) const {
    out.push_back(fold_case(host.text));
    if (!is_known(known_, HostName(host.text)) && !section.reading().findings.has_errors())
      section.warning(host.place, fmt::format("no host is called {}", in_backticks(host.text)));
  }

  static void read_step(Section& section, std::optional<Duration>& before, Escalation& step) {
    const auto place = section.duration(
        {.name = "after",
         .description = "Time from the first notification to this one, if the alert still fires.",
         .need = Need::required,
         .example = "30m"},
        step.after, kEscalationTimes);
    if (!place) return;
    if (before && step.after <= *before)
      section.error(*place, fmt::format("the steps must come in the order of their times, but "
                                        "{} comes after {}",
                                        duration_text(step.after), duration_text(*before)));
    before = step.after;
  }

  /// `earlier` are the destinations that come before on the route.
  void read_destinations(Section& section, const Key& key, std::vector<std::string>& earlier,
                         std::vector<std::string>& out) {
    std::vector<PlacedText> names;
    section.placed_texts(key, names);
    for (auto& name : names) {
      auto folded = fold_case(name.text);
      if (std::ranges::find(earlier, folded) != earlier.end())
        section.warning(name.place,
                        fmt::format("{} comes earlier on this route and is notified only once; for "
                                    "reminders, set `repeatEvery` in a policy",
                                    in_backticks(name.text)));
      earlier.push_back(std::move(folded));
      out.push_back(name.text);
      destinations_.push_back(std::move(name));
    }
  }

  const std::vector<std::string>& sets_;
  const HostsAndClusters& known_;
  std::optional<Place> catch_all_;  ///< the first route that every alert matches
  std::vector<PlacedText> destinations_;
};

/// A route whose destinations are all unknown would notify nobody, so its alerts take others.
void leave_out_unknown(const Destinations& destinations, std::vector<Route>& routes) {
  const auto is_unknown = [&destinations](const std::string& name) {
    const auto wrong = check_destination_name(name, destinations);
    return wrong && wrong->is_error;
  };
  std::erase_if(routes, [&](Route& route) {
    const bool names_any = !route.to.empty();
    std::erase_if(route.to, is_unknown);
    for (auto& step : route.escalations) std::erase_if(step.to, is_unknown);
    return names_any && route.to.empty();
  });
}

}  // namespace

std::vector<PlacedText> read_routes(Section& section, const std::vector<std::string>& sets,
                                    const HostsAndClusters& known, std::vector<Route>& routes) {
  RouteReader reader(sets, known);
  section.list(
      {.name = "routes",
       .description = "Routes of alerts to destinations. The first route that an alert matches "
                      "decides. An alert that matches none goes to all destinations."},
      routes, [&reader](Section& entry, Route& route) { reader.read(entry, route); });
  return std::move(reader).take_destinations();
}

void check_routes(Section& root, const std::vector<PlacedText>& names,
                  const Destinations& destinations, std::vector<Route>& routes) {
  const bool is_butler_file = root.reading().is_butler_file;
  for (const auto& name : names) {
    const auto wrong = check_destination_name(name.text, destinations);
    if (!wrong) continue;
    if (!wrong->is_error) {
      root.warning(name.place, wrong->text);
    } else if (is_butler_file) {
      root.warning(name.place, "a route that names nobody else is left out: " + wrong->text);
    } else {
      root.error(name.place, wrong->text);
    }
  }
  if (is_butler_file) leave_out_unknown(destinations, routes);
}

}  // namespace tocsin::config
