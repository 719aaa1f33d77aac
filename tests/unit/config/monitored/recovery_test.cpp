// `policy.recovery`: whether tocsin may start a service again.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Of the one service, where these stand in the sections from far to near.
RecoveryPolicy recovery_with(const std::string& of_all, const std::string& of_service) {
  const auto loaded = parse_sample(
      sample_with({{2, "  serviceMonitor:\n    policy: {" + of_all + "}"},
                   {8, "          - name: Spooler\n            policy: {" + of_service + "}"}}));
  if (!loaded.config) {
    ADD_FAILURE() << findings_of(loaded).front();
    return {};
  }
  return loaded.config->hosts.front().services.entries().front().policy.recovery;
}

std::vector<std::string> findings_of_recovery(const std::string& recovery) {
  auto findings =
      findings_with({{2, "  serviceMonitor:\n    policy: {recovery: " + recovery + "}"}});
  std::erase_if(findings, [](const auto& text) { return text.contains("does nothing"); });
  return findings;
}

TEST(RecoveryPolicies, AreOffWithoutAWord) {
  EXPECT_EQ(recovery_with("severity: info", "severity: info"), RecoveryPolicy{});
  EXPECT_FALSE(RecoveryPolicy{}.enabled);
}

TEST(RecoveryPolicies, HaveEveryKey) {
  const RecoveryPolicy expected{.enabled = true,
                                .action = RecoveryAction::restart,
                                .attempts = 5,
                                .waits = {30s, 2min},
                                .when = {.stopped = true, .stuck = true},
                                .clean_exit = true,
                                .reset_after = 30min};
  EXPECT_EQ(recovery_with("recovery: {action: restart, attempts: 5, waits: [30s, 2m], when: "
                          "[stopped, stuck], cleanExit: true, resetAfter: 30m}",
                          ""),
            expected);
}

TEST(RecoveryPolicies, AreSwitchedOnByTrue) {
  EXPECT_EQ(recovery_with("recovery: true, severity: info", ""), RecoveryPolicy{.enabled = true});
  EXPECT_EQ(recovery_with("recovery: {attempts: 5}", "recovery: true"),
            (RecoveryPolicy{.enabled = true, .attempts = 5}));
}

TEST(RecoveryPolicies, OfTheNearestSectionWinKeyByKey) {
  const auto recovery =
      recovery_with("recovery: {attempts: 5, waits: [1s]}", "recovery: {attempts: 2}");
  EXPECT_TRUE(recovery.enabled);
  EXPECT_EQ(recovery.attempts, 2);
  EXPECT_THAT(recovery.waits, ElementsAre(Duration(1s)));
}

TEST(RecoveryPolicies, AreSwitchedOffByFalse) {
  EXPECT_FALSE(recovery_with("recovery: {attempts: 5}", "recovery: false").enabled);
  EXPECT_TRUE(recovery_with("recovery: false", "recovery: {attempts: 5}").enabled);
  EXPECT_EQ(recovery_with("recovery: false, severity: info", "repeatEvery: 1h"), RecoveryPolicy{});
}

TEST(RecoveryPolicies, MistakesAreReportedWithLineAndColumn) {
  EXPECT_THAT(findings_of_recovery("{attempts: 21}"),
              ElementsAre("3:35: error: `attempts` must be a whole number from 1 to 20, but this "
                          "is `21`"));
  EXPECT_THAT(findings_of_recovery("{waits: [10s, 2d]}"),
              ElementsAre("3:38: error: `waits` must be from 1s to 1d, but this is `2d`"));
  EXPECT_THAT(findings_of_recovery("{waits: []}"),
              ElementsAre("3:32: error: `waits` must have at least one entry"));
  EXPECT_THAT(findings_of_recovery("{waits: [soon]}"), ElementsAre(HasSubstr("error: `waits`")));
  EXPECT_THAT(findings_of_recovery("{waits: 10s}"),
              ElementsAre("3:32: error: `waits` must be a list, but this is text"));
  EXPECT_THAT(findings_of_recovery("{action: stop}"),
              ElementsAre("3:33: error: `action` must be one of start, restart, but this is "
                          "`stop`"));
  EXPECT_THAT(findings_of_recovery("yes"),
              ElementsAre("3:24: error: `recovery` must be true or false, but this is `yes`"));
}

TEST(RecoveryPolicies, StartNoServiceThatIsStuck) {
  EXPECT_THAT(findings_of_recovery("{when: stuck}"),
              ElementsAre("3:14: error: `recovery`: a service that is stuck cannot be started; "
                          "write `action: restart`, or `when: stopped`"));
  EXPECT_THAT(findings_of_recovery("{when: stuck, action: restart}"), IsEmpty());
}

TEST(RecoveryPolicies, SayThatTheyDoNothingWithoutControl) {
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    policy: {recovery: {attempts: 1}}"}}),
              ElementsAre("3:14: warning: `recovery` does nothing: no host that it is for lets "
                          "services be started; write `control: true` for the host, or remove it"));
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    policy: {recovery: {attempts: 1}}"},
                             {6, "      - host: node1\n        control: true"},
                             {8,
                              "          - name: Spooler\n      - host: node2\n        services: "
                              "[{name: Spooler}]"}}),
              IsEmpty())
      << "one of the hosts has it";
  EXPECT_THAT(findings_with({{2, "  serviceMonitor:\n    policy: {recovery: false}"}}), IsEmpty());
  EXPECT_THAT(
      findings_with({{2, "  serviceMonitor:\n    policy: {recovery: {attempts: 1}}"},
                     {8, "          - name: Spooler\n            policy: {recovery: false}"}}),
      IsEmpty())
      << "nobody has it";
}

}  // namespace
}  // namespace tocsin::config
