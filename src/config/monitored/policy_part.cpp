#include "config/monitored/policy_part.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace tocsin::config {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr DurationRange kUpToADay{Duration(0), days(1)};
constexpr DurationRange kUpToAWeek{Duration(0), days(7)};
constexpr DurationRange kUpToAYear{Duration(0), days(366)};
constexpr Range kChecks{1, 1000};
constexpr Range kChanges{0, 1000};

auto read_checks(Section& section, unsigned& checks) {
  return section.count({.name = "checks",
                        .description = "Number of consecutive checks that must see the problem.",
                        .example = "2",
                        .alias = "looks"},
                       checks, kChecks);
}

auto read_time(Section& section, Duration& time) {
  return section.duration(
      {.name = "time", .description = "Time for which the problem must last.", .example = "30s"},
      time, kUpToAWeek);
}

auto read_severity(Section& section, AlertSeverity& severity) {
  return section.choice({.name = "severity",
                         .description = "Severity of the alert while it fires.",
                         .example = "warning"},
                        severity);
}

auto read_repeat_every(Section& section, Duration& repeat_every) {
  return section.duration(
      {.name = "repeatEvery",
       .description = "Interval of reminders while the alert fires. 0: no reminders.",
       .example = "4h"},
      repeat_every, kUpToAYear);
}

std::optional<Place> read_expected(Section& section, Expected& expected) {
  auto states = expected.states();
  const auto place = section.choices(
      {.name = "expected",
       .description = "States that resolve the alert: one word, or a list such as `[running, "
                      "paused]`. With `stopped`, a running service fires; with `any`, starts, "
                      "stops and pauses only go to the history.",
       .example = "stopped"},
      states);
  if (!place) return place;
  if (states.size() > 1 && std::ranges::count(states, ExpectedState::any) > 0) {
    section.error(*place, "`expected`: `any` covers every state; write it alone");
    return std::nullopt;
  }
  expected = Expected(states);
  return place;
}

constexpr std::string_view kFlapping = "flapping";

void visit_flapping_keys(auto& visitor) {
  visitor.key([](auto& policy) -> auto& { return policy.flapping.start; },
              [](Section& section, auto& value) {
                return section.count({.name = "start",
                                      .description = "Number of changes within `window` that make "
                                                     "a service flap, which is one alert. 0: off.",
                                      .example = "6"},
                                     value, kChanges);
              });
  visitor.key(
      [](auto& policy) -> auto& { return policy.flapping.stop; },
      [](Section& section, auto& value) {
        return section.count(
            {.name = "stop",
             .description =
                 "Number of changes within `window` at or below which a service has settled.",
             .example = "1"},
            value, kChanges);
      });
  visitor.key([](auto& policy) -> auto& { return policy.flapping.window; },
              [](Section& section, auto& value) {
                return section.duration({.name = "window",
                                         .description = "Period in which changes are counted.",
                                         .example = "10m"},
                                        value, {seconds(1), days(7)});
              });
  visitor.key([](auto& policy) -> auto& { return policy.flapping.bad_for; },
              [](Section& section, auto& value) {
                return section.duration({.name = "badFor",
                                         .description = "Time after which a flapping service that "
                                                        "stays in a bad state is reported once.",
                                         .example = "2m"},
                                        value, {seconds(1), days(7)});
              });
}

/// Every key of a policy, once: where its value stands, and how it is read. `visitor.key(field,
/// read)` is called for each, and `visitor.section(key, keys)` around those of a section.
void visit_keys(auto& visitor) {
  visitor.key([](auto& policy) -> auto& { return policy.expected; },
              [](Section& section, auto& value) { return read_expected(section, value); });
  visitor.section(
      {.name = "grace", .description = "An alert fires once both limits have passed."}, [&] {
        visitor.key([](auto& policy) -> auto& { return policy.grace.checks; },
                    [](Section& section, auto& value) { return read_checks(section, value); });
        visitor.key([](auto& policy) -> auto& { return policy.grace.time; },
                    [](Section& section, auto& value) { return read_time(section, value); });
      });
  visitor.key([](auto& policy) -> auto& { return policy.pending_limit; },
              [](Section& section, auto& value) {
                return section.duration(
                    {.name = "pendingLimit",
                     .description =
                         "Minimum time without progress after which a service that starts or stops "
                         "hangs. A longer wait hint of the service extends it.",
                     .example = "2m"},
                    value, {seconds(1), days(1)});
              });
  visitor.key([](auto& policy) -> auto& { return policy.boot_grace; },
              [](Section& section, auto& value) {
                return section.duration(
                    {.name = "bootGrace",
                     .description = "Delays alerts about bad states after the host has come back.",
                     .example = "5m"},
                    value, kUpToADay);
              });
  visitor.key([](auto& policy) -> auto& { return policy.delayed_start_grace; },
              [](Section& section, auto& value) {
                return section.duration(
                    {.name = "delayedStartGrace",
                     .description = "Boot grace of services with delayed start. Windows "
                                    "starts them two minutes late, one by one.",
                     .example = "10m"},
                    value, kUpToADay);
              });
  visitor.key([](auto& policy) -> auto& { return policy.trigger_start; },
              [](Section& section, auto& value) {
                return section.choice(
                    {.name = "triggerStart",
                     .description = "Alerts about stops of services that an event starts and that "
                                    "end when their work is done. `byName`: if an entry names the "
                                    "service in full; `exempt`: never; `told`: always.",
                     .example = "exempt"},
                    value);
              });
  visitor.key(
      [](auto& policy) -> auto& { return policy.quiet_exit_codes; },
      [](Section& section, auto& value) {
        return section.numbers(
            {.name = "quietExitCodes",
             .description = "Exit codes of a normal end. A stop with one of them is no problem.",
             .example = "[0, 1067]"},
            value);
      });
  visitor.section({.name = kFlapping, .description = "Limits for services that go up and down."},
                  [&] { visit_flapping_keys(visitor); });
  visitor.key([](auto& policy) -> auto& { return policy.first_sight; },
              [](Section& section, auto& value) {
                return section.choice(
                    {.name = "firstSight",
                     .description =
                         "Alerts about services that are in a bad state when first seen. `byName`: "
                         "if an entry names the service in full; `told`: also those that a pattern "
                         "finds and Windows starts automatically; `quiet`: none.",
                     .example = "quiet"},
                    value);
              });
  visitor.key([](auto& policy) -> auto& { return policy.severity; },
              [](Section& section, auto& value) { return read_severity(section, value); });
  visitor.key([](auto& policy) -> auto& { return policy.repeat_every; },
              [](Section& section, auto& value) { return read_repeat_every(section, value); });
}

class Reader {
 public:
  Reader(Section& section, PolicySection& out) : section_(&section), out_(out) {}

  void key(const auto& field, const auto& read) {
    if (read(*section_, field(out_.part.values))) out_.part.given.set(number_);
    number_++;
  }
  void section(const Key& key, const auto& keys) {
    auto* outer = section_;
    const auto place = outer->section(key, [&](Section& inner) {
      section_ = &inner;
      keys();
    });
    section_ = outer;
    if (key.name == kFlapping) out_.flapping = place;
  }

 private:
  Section* section_;
  PolicySection& out_;
  std::size_t number_ = 0;
};

class Applier {
 public:
  Applier(const PolicyPart& part, Policy& policy) : part_(part), policy_(policy) {}

  void key(const auto& field, const auto& /*read*/) {
    if (part_.given.test(number_)) field(policy_) = field(part_.values);
    number_++;
  }
  void section(const Key& /*key*/, const auto& keys) { keys(); }

 private:
  const PolicyPart& part_;
  Policy& policy_;
  std::size_t number_ = 0;
};

}  // namespace

void PolicyPart::apply_to(Policy& policy) const {
  Applier applier(*this, policy);
  visit_keys(applier);
}

void read_policy(Section& section, const Key& key, PolicySection& out) {
  section.section(key, [&out](Section& inner) {
    Reader reader(inner, out);
    visit_keys(reader);
  });
}

std::optional<std::string> contradiction_in(const Policy& policy) {
  const auto& flapping = policy.flapping;
  if (flapping.start == 0 || flapping.stop < flapping.start) return std::nullopt;
  return fmt::format(
      "`flapping`: `stop` ({}) must be less than `start` ({}), or a flapping service never settles",
      flapping.stop, flapping.start);
}

void read_host_policy(Section& section, const Key& key, HostPolicy& out) {
  section.section(key, [&out](Section& inner) {
    inner.section({.name = "grace",
                   .description = "An unreachable host is reported once both limits have passed."},
                  [&out](Section& grace) {
                    read_checks(grace, out.grace.checks);
                    read_time(grace, out.grace.time);
                  });
    inner.duration(
        {.name = "stormWait",
         .description = "Delays alerts when at least three services, and a quarter of those that "
                        "ran, stop or begin to stop in one check. 0: no delay.",
         .example = "10s"},
        out.storm_wait, kUpToADay);
    read_severity(inner, out.severity);
    read_repeat_every(inner, out.repeat_every);
  });
}

}  // namespace tocsin::config
