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
constexpr Range kAttempts{1, 20};

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

constexpr std::string_view kRecovery = "recovery";

void visit_recovery_keys(auto& visitor) {
  visitor.key([](auto& policy) -> auto& { return policy.recovery.action; },
              [](Section& section, auto& value) {
                return section.choice({.name = "action",
                                       .description = "`start` starts a service that has stopped; "
                                                      "`restart` also stops one that hangs first.",
                                       .example = "restart"},
                                      value);
              });
  visitor.key(
      [](auto& policy) -> auto& { return policy.recovery.attempts; },
      [](Section& section, auto& value) {
        return section.count(
            {.name = "attempts",
             .description = "Number of attempts until the service has run for `resetAfter`.",
             .example = "5"},
            value, kAttempts);
      });
  visitor.key([](auto& policy) -> auto& { return policy.recovery.waits; },
              [](Section& section, auto& value) {
                return section.durations(
                    {.name = "waits",
                     .description = "Time before each attempt. The last one repeats.",
                     .example = "[30s, 2m]",
                     .otherwise = "10s, 1m, 5m"},
                    value, {seconds(1), days(1)});
              });
  visitor.key([](auto& policy) -> auto& { return policy.recovery.when; },
              [](Section& section, auto& value) {
                std::vector<RecoverWhen> causes{RecoverWhen::stopped};
                const auto place = section.choices(
                    {.name = "when",
                     .description = "`stopped`: the service has stopped with an exit code other "
                                    "than 0. `stuck`: it hangs while it starts or stops, which "
                                    "needs `action: restart`. One word, or a list of both.",
                     .example = "[stopped, stuck]"},
                    causes);
                value = {.stopped = std::ranges::count(causes, RecoverWhen::stopped) > 0,
                         .stuck = std::ranges::count(causes, RecoverWhen::stuck) > 0};
                return place;
              });
  visitor.key([](auto& policy) -> auto& { return policy.recovery.clean_exit; },
              [](Section& section, auto& value) {
                return section.boolean(
                    {.name = "cleanExit",
                     .description = "Start it after a stop with exit code 0 too, "
                                    "as when somebody has stopped it.",
                     .example = "true"},
                    value);
              });
  visitor.key([](auto& policy) -> auto& { return policy.recovery.reset_after; },
              [](Section& section, auto& value) {
                return section.duration(
                    {.name = "resetAfter",
                     .description = "Time for which the service must run without a problem until "
                                    "attempts are counted from 0 again.",
                     .example = "30m"},
                    value, {seconds(1), days(7)});
              });
}

void visit_recovery(auto& visitor) {
  visitor.switched_section(
      {.name = kRecovery,
       .description = "Lets tocsin start the service again, on hosts with `control`: a section, or "
                      "`true`. `false`: it does not, whatever a section farther away says. Without "
                      "a word it never does. Alerts do not wait for it.",
       .may_be_boolean = true},
      [](auto& policy) -> auto& { return policy.recovery.enabled; },
      [&] { visit_recovery_keys(visitor); });
}

/// Every key of a policy, once: where its value stands, and how it is read. `visitor.key(field,
/// read)` is called for each, `visitor.section(key, keys)` around those of a section, and
/// `visitor.switched_section(key, on, keys)` around those of one that may be a boolean.
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
  visit_recovery(visitor);
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
  void switched_section(const Key& key, const auto& on, const auto& keys) {
    auto* outer = section_;
    const auto number = number_++;
    bool is_read = false;
    const auto read = [&](Section& inner) {
      section_ = &inner;
      keys();
      is_read = true;
    };
    const auto place = outer->boolean_or_section(key, on(out_.part.values), read);
    Section none(outer->reading(), nullptr, outer->place());
    if (!is_read) read(none);  // it has their numbers all the same
    section_ = outer;
    if (place) out_.part.given.set(number);
    if (key.name == kRecovery) out_.recovery = place;
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
  void switched_section(const Key& /*key*/, const auto& on, const auto& keys) {
    key(on, nullptr);
    keys();
  }

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

std::optional<std::string> contradiction_in(const RecoveryPolicy& recovery) {
  if (!recovery.enabled || !recovery.when.stuck || recovery.action == RecoveryAction::restart)
    return std::nullopt;
  return "`recovery`: a service that is stuck cannot be started; write `action: restart`, or "
         "`when: stopped`";
}

std::optional<std::string> contradiction_in(const FlapLimits& flapping) {
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
