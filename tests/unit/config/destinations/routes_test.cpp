// `serviceMonitor.routes`: what it means, and what is said about its mistakes.
#include <string>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The sample with routes from line 3 on (its own lines below them), with two named webhooks.
Loaded parse_routes(const std::string& routes) {
  return parse_sample(
      sample_with({{2, "  serviceMonitor:\n    routes:\n" + routes},
                   {14, R"(        - {webhookURL: https://desk.example/1, description: On-call}
        - {webhookURL: https://desk.example/2, description: Office})"}}));
}

std::vector<std::string> said_about(const std::string& routes) {
  return findings_of(parse_routes(routes));
}

TEST(Routes, SayWhichDestinationsAlertsReach) {
  const auto loaded = parse_routes(R"(      - name: databases
        match: {host: ["NODE*"], service: ["MSSQL?"], severity: [critical], kind: [Stopped, stuck]}
        to: ["webhook:on-call"]
        escalate: [{after: 30m, to: ["webhook:Office"]}]
      - to: [])");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& routes = loaded.config->routes;
  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].name, "databases");
  EXPECT_THAT(routes[0].match.hosts, ElementsAre("NODE*"));
  EXPECT_THAT(routes[0].match.services, ElementsAre("MSSQL?"));
  EXPECT_THAT(routes[0].match.severities, ElementsAre(AlertSeverity::critical));
  EXPECT_THAT(routes[0].match.kinds, ElementsAre(TransitionKind::stopped, TransitionKind::stuck));
  EXPECT_THAT(routes[0].to, ElementsAre("webhook:on-call"));
  ASSERT_EQ(routes[0].escalations.size(), 1U);
  EXPECT_EQ(routes[0].escalations[0].after, std::chrono::minutes(30));
  EXPECT_THAT(routes[0].escalations[0].to, ElementsAre("webhook:Office"));
  EXPECT_THAT(routes[1].to, IsEmpty());
}

TEST(Routes, AreNoneByDefault) {
  const auto loaded = parse_sample(kSample);
  EXPECT_THAT(loaded.config->routes, IsEmpty());
}

TEST(Routes, NameDestinationsThatThereAre) {
  EXPECT_THAT(
      said_about("      - to: [webhok]"),
      ElementsAre("4:14: error: there is no destination `webhok`; did you mean `webhook`?"));
  EXPECT_THAT(said_about(R"(      - to: [webhook, "webhook:On-cal"])"),
              ElementsAre("4:23: error: there is no destination `webhook:On-cal`; did you mean "
                          "`webhook:On-call`?"));
  EXPECT_THAT(said_about("      - to: [influxDb]"),
              ElementsAre("4:14: error: `influxDb` gets every state and no alerts; a route cannot "
                          "name it"));
  EXPECT_THAT(said_about("      - to: [carrierPigeon]"),
              ElementsAre("4:14: error: there is no destination `carrierPigeon`"));
}

TEST(Routes, MayNameWhatIsNotEnabled) {
  EXPECT_THAT(
      said_about("      - to: [webhook]\n        escalate: [{after: 30m, to: [pagerDuty]}]"),
      ElementsAre("5:38: warning: nothing goes to `pagerDuty`: it is not enabled"));
}

TEST(Routes, AskForWhatThereIs) {
  EXPECT_THAT(said_about("      - match: {kind: [stoped]}\n        to: []"),
              ElementsAre("4:24: error: there is no kind `stoped`; did you mean `stopped`?"));
  EXPECT_THAT(said_about("      - match: {kind: [reachable]}\n        to: []"),
              ElementsAre("4:24: error: `reachable` goes where the alert before it went; a "
                          "route cannot match it"));
  EXPECT_THAT(said_about("      - match: {severity: [fatal]}\n        to: []"),
              ElementsAre("4:28: error: there is no severity `fatal`"));
  EXPECT_THAT(said_about("      - match: {serviceSet: [sql]}\n        to: []"),
              ElementsAre("4:30: error: there is no service set `sql`"));
  EXPECT_THAT(said_about("      - match: {host: [nod1, 'node*']}\n        to: []"),
              ElementsAre("4:24: warning: no host is called `nod1`"));
  EXPECT_THAT(said_about("      - match: {hosts: [node1]}\n        to: []"),
              ElementsAre("4:17: error: unknown key `hosts`; did you mean `host`?"));
}

TEST(Routes, SuggestTheSetThatWasMeant) {
  EXPECT_THAT(said_about(R"(      - match: {serviceSet: [sqll]}
        to: []
    serviceSets: [{name: sql, services: [{name: A}]}])"),
              ElementsAre("4:30: error: there is no service set `sqll`; did you mean `sql`?"));
}

TEST(Routes, AreReachedByWhatTheOnesBeforeLeave) {
  EXPECT_THAT(
      said_about("      - match: {host: ['*']}\n        to: []\n      - to: [webhook]"),
      ElementsAre("6:9: warning: no alert takes this route: the one in line 4 matches all"));
}

TEST(Routes, SayWhomTheyLeadTo) {
  EXPECT_THAT(said_about("      - name: databases"),
              ElementsAre("4:9: error: the key `to` is missing; `to: []` notifies nobody"));
}

TEST(Routes, EscalateInTheOrderOfTime) {
  EXPECT_THAT(said_about(R"(      - to: []
        escalate:
          - {after: 2h, to: ["webhook:On-call"]}
          - {after: 30m, to: ["webhook:Office"]})"),
              ElementsAre("7:21: error: the steps must come in the order of their times, but 30m "
                          "comes after 2h"));
  EXPECT_THAT(said_about("      - to: []\n        escalate: [{after: 2d, to: [webhook]}]"),
              ElementsAre("5:28: error: `after` must be from 1s to 1d, but this is `2d`"));
  EXPECT_THAT(said_about("      - to: []\n        escalate: [{after: 1h, to: []}]"),
              ElementsAre("5:36: error: `to` must have at least one entry"));
}

TEST(Routes, NotifyADestinationOnce) {
  EXPECT_THAT(said_about("      - to: [webhook]\n        escalate: [{after: 1h, to: [Webhook]}]"),
              ElementsAre("5:37: warning: `Webhook` comes earlier on this route and is notified "
                          "only once; for reminders, set `repeatEvery` in a policy"));
}

TEST(Routes, MayStandWhereNothingIsWatched) {
  EXPECT_THAT(said_about("      - to: [webhok]\n    enable: false"),
              ElementsAre("5:13: warning: `serviceMonitor` is switched off: nothing is watched"));
}

}  // namespace
}  // namespace tocsin::config
