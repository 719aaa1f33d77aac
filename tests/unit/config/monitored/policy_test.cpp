// By which rules alerts are made: the nearest section wins, key by key.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// The policy of the one service of the one host, where `lines` stand under serviceMonitor.
Policy policy_with(const std::string& section, const std::string& host,
                   const std::string& service) {
  const auto loaded = parse_sample(sample_with({{2, "  serviceMonitor:\n" + section},
                                                {7, host + "        services:"},
                                                {8, "          - name: Spooler\n" + service}}));
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  if (!loaded.config) return {};
  return loaded.config->hosts.front().services.entries().front().policy;
}

TEST(Policies, AreTheBuiltInOnesWithoutAWord) {
  EXPECT_EQ(policy_with("    enable: true", "", ""), Policy{});
}

TEST(Policies, HaveEveryKey) {
  const auto policy = policy_with(R"(    policy:
      expected: stopped
      grace: {checks: 3, time: 1m}
      pendingLimit: 2m
      bootGrace: 0
      delayedStartGrace: 10m
      triggerStart: told
      quietExitCodes: [0, 1067, 4294967295]
      flapping: {start: 6, stop: 2, window: 1h, badFor: 5m}
      firstSight: told
      severity: warning
      repeatEvery: 4h)",
                                  "", "");
  const Policy expected{.pending_limit = 2min,
                        .expected = Expected::stopped,
                        .grace = {.checks = 3, .time = 1min},
                        .boot_grace = 0s,
                        .delayed_start_grace = 10min,
                        .trigger_start = TriggerStart::told,
                        .quiet_exit_codes = {0, 1067, 4294967295},
                        .flapping = {.start = 6, .stop = 2, .window = 1h, .bad_for = 5min},
                        .first_sight = FirstSight::told,
                        .severity = AlertSeverity::warning,
                        .repeat_every = 4h};
  EXPECT_EQ(policy, expected);
}

TEST(Policies, ExpectOneStateOrSome) {
  const auto expected = [](const std::string& value) {
    return policy_with("    policy: {expected: " + value + "}", "", "").expected;
  };
  EXPECT_EQ(expected("paused"), Expected{ExpectedState::paused});
  EXPECT_EQ(expected("[Stopped]"), Expected::stopped);
  EXPECT_EQ(expected("[paused, running]"),
            (Expected{ExpectedState::running, ExpectedState::paused}));
  EXPECT_EQ(expected("[any]"), Expected::any);
}

TEST(Policies, OfTheNearestSectionWinKeyByKey) {
  const auto policy = policy_with(
      "    policy: {severity: info, repeatEvery: 1h, bootGrace: 1m, grace: {checks: 4, time: 9s}}",
      "        policy: {severity: warning, repeatEvery: 2h, grace: {checks: 5}}\n",
      "            policy: {severity: critical, grace: {time: 1s}}");
  Policy expected;
  expected.boot_grace = 1min;
  expected.repeat_every = 2h;
  expected.severity = AlertSeverity::critical;
  expected.grace = {.checks = 5, .time = 1s};
  EXPECT_EQ(policy, expected);
}

TEST(Policies, OfASetStandBetweenHostAndService) {
  const auto loaded = parse_sample(sample_with({{2, R"(  serviceMonitor:
    policy: {severity: info, bootGrace: 1s, pendingLimit: 1s, repeatEvery: 1s}
    serviceSets:
      - name: base
        policy: {bootGrace: 3s, pendingLimit: 3s}
        services:
          - {name: A, policy: {pendingLimit: 4s}}
          - {name: B})"},
                                                {7, "        sets: [base]"},
                                                {8,
                                                 "        policy: {bootGrace: 2s, "
                                                 "pendingLimit: 2s, repeatEvery: 2s}"}}));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& entries = loaded.config->hosts.front().services.entries();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].set, "base");
  const Policy expected{
      .pending_limit = 4s, .boot_grace = 3s, .severity = AlertSeverity::info, .repeat_every = 2s};
  EXPECT_EQ(entries[0].policy, expected);
  EXPECT_EQ(entries[1].policy.pending_limit, Duration(3s));
}

TEST(Policies, OfHostsFollowTheDefaults) {
  const auto loaded = parse_sample(sample_with(
      {{2, "  serviceMonitor:\n    hostPolicy: {severity: warning, grace: {checks: 5, time: 2m}}"},
       {6, "      - host: node1\n        hostPolicy: {repeatEvery: 1d, grace: {time: 0}}"},
       {8, "          - name: Spooler\n      - host: node2\n        services: [{name: a}]"}}));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const HostPolicy first{
      .grace = {.checks = 5, .time = 0s}, .severity = AlertSeverity::warning, .repeat_every = 24h};
  const HostPolicy second{.grace = {.checks = 5, .time = 2min}, .severity = AlertSeverity::warning};
  EXPECT_EQ(loaded.config->hosts[0].policy, first);
  EXPECT_EQ(loaded.config->hosts[1].policy, second);
}

std::vector<std::string> findings_of_policy(const std::string& policy) {
  return findings_with({{2, "  serviceMonitor:\n    policy: {" + policy + "}"}});
}

TEST(Policies, MistakesAreReportedWithLineAndColumn) {
  EXPECT_THAT(
      findings_of_policy("expected: up"),
      ElementsAre("3:24: error: `expected` must be one of running, stopped, paused, any, or "
                  "a list of these, but this is `up`"));
  EXPECT_THAT(findings_of_policy("expected: [running, up]"),
              ElementsAre("3:34: error: `expected` must be one of running, stopped, paused, any, "
                          "or a list of these, but this is `up`"));
  EXPECT_THAT(findings_of_policy("expected: [any, paused]"),
              ElementsAre("3:24: error: `expected`: `any` covers every state; write it alone"));
  EXPECT_THAT(findings_of_policy("expected: []"),
              ElementsAre("3:24: error: `expected` must have at least one entry"));
  EXPECT_THAT(findings_of_policy("expected: {running: true}"),
              ElementsAre("3:24: error: `expected` must be one word or a list of words, but this "
                          "is a section"));
  EXPECT_THAT(findings_of_policy("triggerStart: never"),
              ElementsAre("3:28: error: `triggerStart` must be one of byName, exempt, told, but "
                          "this is `never`"));
  EXPECT_THAT(findings_of_policy("firstSight: never"),
              ElementsAre("3:26: error: `firstSight` must be one of byName, told, quiet, but this "
                          "is `never`"));
  EXPECT_THAT(findings_of_policy("severity: high"),
              ElementsAre("3:24: error: `severity` must be one of info, warning, critical, but "
                          "this is `high`"));
  EXPECT_THAT(findings_of_policy("grace: 30s"),
              ElementsAre("3:21: error: `grace` must be a section, but this is text"));
  EXPECT_THAT(
      findings_of_policy("grace: {checks: 0}"),
      ElementsAre("3:30: error: `checks` must be a whole number from 1 to 1000, but this is "
                  "`0`"));
  EXPECT_THAT(findings_of_policy("grace: {time: 8d}"),
              ElementsAre("3:28: error: `time` must be from 0 to 7d, but this is `8d`"));
  EXPECT_THAT(findings_of_policy("quietExitCodes: 0"),
              ElementsAre("3:30: error: `quietExitCodes` must be a list, but this is text"));
  EXPECT_THAT(findings_of_policy("quietExitCodes: [0, -1]"),
              ElementsAre("3:34: error: `quietExitCodes` must be a list of whole numbers from 0 to "
                          "4294967295, but this is `-1`"));
  EXPECT_THAT(findings_of_policy("flapping: {window: 0}"),
              ElementsAre("3:33: error: `window` must be from 1s to 7d, but this is `0`"));
  EXPECT_THAT(findings_of_policy("sevrity: info"),
              ElementsAre("3:14: warning: unknown key `sevrity`; did you mean `severity`?"));
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    hostPolicy: {expected: any}"}}),
              ElementsAre("3:18: warning: unknown key `expected`"));
}

TEST(Policies, MayUseTheFormerNameOfAKey) {
  for (const std::string section : {"policy", "hostPolicy"}) {
    const auto loaded = parse_sample(
        sample_with({{2, "  serviceMonitor:\n    " + section + ": {grace: {looks: 5}}"}}));
    const auto column = std::to_string(section.size() + 16);
    EXPECT_THAT(findings_of(loaded), ElementsAre("3:" + column +
                                                 ": info: `looks` is now called `checks`; both "
                                                 "work"));
    ASSERT_TRUE(loaded.config);
    const auto& host = loaded.config->hosts.front();
    const auto& policy = host.services.entries().front().policy;
    EXPECT_EQ(section == "policy" ? policy.grace.checks : host.policy.grace.checks, 5U);
  }
}

TEST(Policies, MayNotUseBothNamesOfAKey) {
  EXPECT_THAT(
      findings_of_policy("grace: {\n      checks: 2,\n      looks: 3}"),
      ElementsAre(
          "5:7: error: `looks` (line 5) and `checks` (line 4) are the same key; remove `looks`"));
  EXPECT_THAT(
      findings_of_policy("grace: {looks: 3, checks: }"),
      ElementsAre(
          "3:22: error: `looks` (line 3) and `checks` (line 3) are the same key; remove `looks`"));
}

TEST(Policies, AreNotAdvisedToUseAFormerName) {
  EXPECT_THAT(findings_of_policy("grace: {loks: 3}"),
              ElementsAre("3:22: warning: unknown key `loks`"));
}

std::string contradiction(int start, int stop) {
  return "error: `flapping`: `stop` (" + std::to_string(stop) + ") must be less than `start` (" +
         std::to_string(start) + "), or a flapping service never settles";
}

TEST(Policies, ContradictionsAreReportedOnceAndWhereTheyBegin) {
  EXPECT_THAT(findings_of_policy("flapping: {start: 3, stop: 3}"),
              ElementsAre("3:14: " + contradiction(3, 3)));
  EXPECT_THAT(findings_of_policy("flapping: {start: 1}"),
              ElementsAre("3:14: " + contradiction(1, 1)));
  EXPECT_THAT(findings_of_policy("flapping: {start: 0, stop: 5}"), IsEmpty());
  // Right by itself, wrong with what holds above it.
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    policy: {flapping: {stop: 5}}"},
                             {8,
                              "          - name: Spooler\n"
                              "            policy: {flapping: {start: 5}}"}}),
              ElementsAre("10:22: " + contradiction(5, 5)));
  EXPECT_THAT(findings_with({{2, R"(  serviceMonitor:
    serviceSets:
      - {name: unused, services: [{name: A}, {name: B}], policy: {flapping: {start: 1}}})"}}),
              ElementsAre("4:67: " + contradiction(1, 1)));
}

}  // namespace
}  // namespace tocsin::config
