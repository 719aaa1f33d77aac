#include "config/routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/destination_names.h"
#include "config/duration.h"
#include "config/nearest.h"
#include "config/sections.h"

namespace tocsin::config {
namespace {

/// Shorter than the time after which a destination that does not answer is given up.
constexpr DurationRange kEscalationTimes{std::chrono::seconds(1), std::chrono::days(1)};

constexpr std::array kMatchableSeverities = {AlertSeverity::info, AlertSeverity::warning,
                                             AlertSeverity::critical};
/// Kinds that a route can match.
constexpr std::array kKinds = {
    TransitionKind::stopped,  TransitionKind::started,     TransitionKind::paused,
    TransitionKind::vanished, TransitionKind::stuck,       TransitionKind::denied,
    TransitionKind::flapping, TransitionKind::unreachable, TransitionKind::restarted,
    TransitionKind::rebooted, TransitionKind::refused};
constexpr std::array kFollowUps = {TransitionKind::visible, TransitionKind::steady,
                                   TransitionKind::reachable, TransitionKind::accepted};

template <typename T, std::size_t N>
const T* find_word(const std::array<T, N>& words, std::string_view written) {
  const auto found = std::ranges::find_if(
      words, [&](T word) { return fold_case(to_string(word)) == fold_case(written); });
  return found == words.end() ? nullptr : &*found;
}

/// Words of an enumeration; `what` names one of them: "severity".
template <typename T, std::size_t N>
void read_words(Section& section, const Key& key, std::string_view what,
                const std::array<T, N>& words, std::vector<T>& out) {
  std::array<std::string_view, N> known;
  std::ranges::transform(words, known.begin(), [](T word) { return to_string(word); });
  std::vector<PlacedText> written;
  section.placed_texts(key, written);
  for (const auto& [text, place, offset] : written) {
    if (const auto* word = find_word(words, text)) {
      out.push_back(*word);
    } else if (find_word(kFollowUps, text) != nullptr) {
      section.error(
          place,
          fmt::format("{} goes where the alert that it resolves went; a route cannot match it",
                      in_backticks(text)));
    } else {
      section.error(place, fmt::format("there is no {} {}{}", what, in_backticks(text),
                                       did_you_mean(text, known)));
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
    entry.text(
        {.name = "name", .description = "Name of the route, for people.", .example = "databases"},
        route.name);
    entry.section({.name = "match",
                   .description = "Conditions that an alert must fulfil, all of them. Without "
                                  "conditions every alert takes the route."},
                  [&](Section& section) { read_conditions(section, route.match); });
    std::vector<std::string> earlier;
    read_destinations(
        entry,
        {.name = "to",
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
                   .description = "Key names or display names of services, or patterns with `*` "
                                  "and `?`; alerts about hosts have none.",
                   .example = "[MSSQL*]"},
                  services);
    for (const auto& service : services) match.services.push_back(fold_case(service));
    read_words(section,
               {.name = "severity",
                .description = "Severities, as in policies: `info`, `warning`, `critical`.",
                .example = "[critical]"},
               "severity", kMatchableSeverities, match.severities);
    read_words(
        section,
        {.name = "kind",
         .description = "Kinds of alerts: `stopped`, `started`, `paused`, `vanished`, `stuck`, "
                        "`denied`, `flapping`, `unreachable`, `restarted`, `rebooted`, `refused`. "
                        "A resolved alert goes where the firing one went.",
         .example = "[stopped, stuck]"},
        "kind", kKinds, match.kinds);
  }

  void read_host(Section& section, const PlacedText& host, std::vector<std::string>& out) const {
    out.push_back(fold_case(host.text));
    if (!is_known(config_, HostName(host.text)) && !section.reading().findings.has_errors())
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
        section.warning(name.place, fmt::format("{} comes earlier on this route, and is notified "
                                                "once; `repeatEvery` of a policy sends reminders",
                                                in_backticks(name.text)));
      earlier.push_back(std::move(folded));
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
  section.list(
      {.name = "routes",
       .description = "Routes of alerts to destinations. The first route that an alert matches "
                      "decides. An alert that matches none goes to all destinations."},
      config.routes, [&reader](Section& entry, Route& route) { reader.read(entry, route); });
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
