#include "config/routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "config/destination_names.h"
#include "config/duration.h"
#include "config/nearest.h"
#include "config/sections.h"

namespace tocsin::config {
namespace {

/// Shorter than the time after which a destination that does not answer is given up.
constexpr DurationRange kEscalationTimes{std::chrono::seconds(1), std::chrono::days(1)};

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
    if (found == known.end()) {
      section.error(place, fmt::format("there is no {} {}{}", what, in_backticks(text),
                                       did_you_mean(text, routable_words<E>())));
    } else if (!is_routable(*found)) {
      section.error(place, fmt::format("{} goes where the news before it went; a route cannot ask "
                                       "for it",
                                       in_backticks(text)));
    } else {
      out.push_back(*found);
    }
  }
}

/// `serviceMonitor.routes`, entry by entry.
class RouteReader {
 public:
  RouteReader(const std::vector<std::string>& sets, const Config& config)
      : sets_(sets), config_(config) {}

  void read(Section& entry, Route& route) {
    say_if_unreachable(entry);
    entry.text({.name = "name", .description = "For people.", .example = "databases"}, route.name);
    entry.section({.name = "match",
                   .description = "Which alerts take this route: those that fulfil all of it; "
                                  "without it, all."},
                  [&](Section& section) { read_conditions(section, route.match); });
    std::vector<std::string> told;
    read_destinations(entry,
                      {.name = "to",
                       .description = "Who is told at once: names of `alertDestination`, or "
                                      "`webhook:DESCRIPTION`, `email:ADDRESS`, "
                                      "`newRelic:ACCOUNT` for one of several. Empty: nobody.",
                       .example = "[email, \"webhook:On-call\"]"},
                      told, route.to);
    if (entry.raw("to") == nullptr)
      entry.error(entry.place(), "the key `to` is missing; `to: []` tells nobody");
    std::optional<Duration> before;
    entry.list({.name = "escalate", .description = "Who is told besides while the trouble lasts."},
               route.escalations, [&](Section& inner, Escalation& step) {
                 read_step(inner, before, step);
                 read_destinations(inner,
                                   {.name = "to",
                                    .description = "Who is told then.",
                                    .need = Need::required,
                                    .example = "[pagerDuty]"},
                                   told, step.to);
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
                   .description = "Key names or display names of services, or patterns with `*` "
                                  "and `?`; alerts about hosts have none.",
                   .example = "[MSSQL*]"},
                  services);
    for (const auto& service : services) match.services.push_back(fold_case(service));
    const auto severities = "As policies say: " + list_of(routable_words<AlertSeverity>()) + ".";
    read_words(section, {.name = "severity", .description = severities, .example = "[critical]"},
               "severity", match.severities);
    const auto kinds = "What has happened: " + list_of(routable_words<TransitionKind>()) +
                       ". The end of an alert goes to those who were notified of it.";
    read_words(section, {.name = "kind", .description = kinds, .example = "[stopped, stuck]"},
               "kind", match.kinds);
  }

  void read_host(Section& section, const PlacedText& host, std::vector<std::string>& out) const {
    out.push_back(fold_case(host.text));
    if (!is_known(config_, HostName(host.text)) && !section.reading().findings.has_errors())
      section.warning(host.place, fmt::format("no host is called {}", in_backticks(host.text)));
  }

  static void read_step(Section& section, std::optional<Duration>& before, Escalation& step) {
    const auto place = section.duration(
        {.name = "after",
         .description = "How long the trouble must have lasted since it was told first.",
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

  /// `told` are those who come before on the route.
  void read_destinations(Section& section, const Key& key, std::vector<std::string>& told,
                         std::vector<std::string>& out) {
    std::vector<PlacedText> names;
    section.placed_texts(key, names);
    for (auto& name : names) {
      auto folded = fold_case(name.text);
      if (std::ranges::find(told, folded) != told.end())
        section.warning(name.place, fmt::format("{} comes earlier on this route, and is told once; "
                                                "`repeatEvery` of a policy tells again",
                                                in_backticks(name.text)));
      told.push_back(std::move(folded));
      out.push_back(name.text);
      destinations_.push_back(std::move(name));
    }
  }

  const std::vector<std::string>& sets_;
  const Config& config_;
  std::optional<Place> catch_all_;  ///< the first route that every alert matches
  std::vector<PlacedText> destinations_;
};

}  // namespace

std::vector<PlacedText> read_routes(Section& section, const std::vector<std::string>& sets,
                                    Config& config) {
  RouteReader reader(sets, config);
  section.list({.name = "routes",
                .description = "Which alerts go where. The first route that an alert matches "
                               "decides; what matches none goes to all destinations."},
               config.routes,
               [&reader](Section& entry, Route& route) { reader.read(entry, route); });
  return std::move(reader).take_destinations();
}

void check_routes(Section& root, const std::vector<PlacedText>& destinations,
                  const Config& config) {
  for (const auto& name : destinations) {
    const auto wrong = check_destination_name(name.text, config);
    if (!wrong) continue;
    if (wrong->is_error) {
      root.error(name.place, wrong->text);
    } else {
      root.warning(name.place, wrong->text);
    }
  }
}

}  // namespace tocsin::config
