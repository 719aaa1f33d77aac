#include "config/policy_part.h"

#include <array>
#include <chrono>
#include <utility>

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

/// Reads over the default, and keeps what was given.
template <typename T, typename Read>
void read_given(std::optional<T>& out, T fallback, Read read) {
  if (read(fallback)) out = std::move(fallback);
}

template <typename T>
void replace(T& value, const std::optional<T>& given) {
  if (given) value = *given;
}

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

void read_flapping(Section& section, PolicyPart& part) {
  const FlapLimits built_in;
  read_given(part.flapping_start, built_in.start, [&](auto& value) {
    return section.count({.name = "start",
                          .description = "Number of changes within `window` from which on a "
                                         "service flaps, which is one alert. 0: off.",
                          .example = "6"},
                         value, kChanges);
  });
  read_given(part.flapping_stop, built_in.stop, [&](auto& value) {
    return section.count(
        {.name = "stop",
         .description = "Highest number of changes within `window` of a service that has settled.",
         .example = "1"},
        value, kChanges);
  });
  read_given(part.flapping_window, built_in.window, [&](auto& value) {
    return section.duration(
        {.name = "window", .description = "Time in which changes count.", .example = "10m"}, value,
        {seconds(1), days(7)});
  });
}

void read_keys(Section& section, PolicySection& out) {
  const Policy built_in;
  auto& part = out.part;
  read_given(part.expected, built_in.expected, [&](auto& value) {
    return section.choice(
        {.name = "expected",
         .description = "State that resolves the alert. With `stopped` a running service fires; "
                        "with `any` starts, stops and pauses go to the history only.",
         .example = "stopped"},
        value);
  });
  section.section({.name = "grace", .description = "An alert fires once both limits have passed."},
                  [&](Section& grace) {
                    read_given(part.grace_checks, built_in.grace.checks,
                               [&](auto& value) { return read_checks(grace, value); });
                    read_given(part.grace_time, built_in.grace.time,
                               [&](auto& value) { return read_time(grace, value); });
                  });
  read_given(part.pending_limit, built_in.pending_limit, [&](auto& value) {
    return section.duration(
        {.name = "pendingLimit",
         .description = "Minimum time without progress after which a service that starts or stops "
                        "hangs. A longer wait hint of the service extends it.",
         .example = "2m"},
        value, {seconds(1), days(1)});
  });
  read_given(part.boot_grace, built_in.boot_grace, [&](auto& value) {
    return section.duration(
        {.name = "bootGrace",
         .description = "Delays alerts about bad states after the host has come back.",
         .example = "5m"},
        value, kUpToADay);
  });
  read_given(part.delayed_start_grace, built_in.delayed_start_grace, [&](auto& value) {
    return section.duration({.name = "delayedStartGrace",
                             .description = "Boot grace of services with delayed start. Windows "
                                            "starts them two minutes late, one by one.",
                             .example = "10m"},
                            value, kUpToADay);
  });
  read_given(part.trigger_start, built_in.trigger_start, [&](auto& value) {
    return section.choice(
        {.name = "triggerStart",
         .description = "Alerts about stops of services that events start and that end when their "
                        "work is done. `byName`: if an entry names the service in full; `exempt`: "
                        "never; `told`: always.",
         .example = "exempt"},
        value);
  });
  read_given(part.quiet_exit_codes, built_in.quiet_exit_codes, [&](auto& value) {
    return section.numbers(
        {.name = "quietExitCodes",
         .description = "Exit codes of a normal end; a stop with one of them is no problem.",
         .example = "[0, 1067]"},
        value);
  });
  out.flapping = section.section(
      {.name = "flapping", .description = "Limits for services that go up and down."},
      [&](Section& flapping) { read_flapping(flapping, part); });
  read_given(part.severity, built_in.severity,
             [&](auto& value) { return read_severity(section, value); });
  read_given(part.repeat_every, built_in.repeat_every,
             [&](auto& value) { return read_repeat_every(section, value); });
}

}  // namespace

void PolicyPart::apply_to(Policy& policy) const {
  replace(policy.expected, expected);
  replace(policy.grace.checks, grace_checks);
  replace(policy.grace.time, grace_time);
  replace(policy.pending_limit, pending_limit);
  replace(policy.boot_grace, boot_grace);
  replace(policy.delayed_start_grace, delayed_start_grace);
  replace(policy.trigger_start, trigger_start);
  replace(policy.quiet_exit_codes, quiet_exit_codes);
  replace(policy.flapping.start, flapping_start);
  replace(policy.flapping.stop, flapping_stop);
  replace(policy.flapping.window, flapping_window);
  replace(policy.severity, severity);
  replace(policy.repeat_every, repeat_every);
}

void read_policy(Section& section, const Key& key, PolicySection& out) {
  section.section(key, [&out](Section& inner) { read_keys(inner, out); });
}

std::optional<std::string> contradiction_in(const Policy& policy) {
  const auto& flapping = policy.flapping;
  if (flapping.start == 0 || flapping.stop < flapping.start) return std::nullopt;
  return fmt::format(
      "`flapping`: a service cannot settle at {} changes (`stop`) where {} (`start`) "
      "are flapping; `stop` must be less",
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
    inner.duration({.name = "stormWait",
                    .description = "Delays alerts when at least three services, and a quarter of "
                                   "those that ran, stop or begin to within this time. A host that "
                                   "goes down is unreachable by then. 0: no delay.",
                    .example = "10s"},
                   out.storm_wait, kUpToADay);
    read_severity(inner, out.severity);
    read_repeat_every(inner, out.repeat_every);
  });
}

}  // namespace tocsin::config
