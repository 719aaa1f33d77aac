// New Relic, PagerDuty and Alertmanager: what their sections say, and what is wrong with them.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The sample with one more destination switched on, and sections at its end.
Loaded parse_tool(const std::string& destination, const std::string& sections) {
  return parse_sample(sample_with({{10, "      " + destination + ": {enable: true}"}}) + sections);
}

constexpr auto kNewRelic = R"(
  thirdPartyToolsCredentials:
    newRelic:
      - {accountName: First, insertApiKey: '${env:PASSWORD}', accountId: 42}
      - {accountName: Second, insertApiKey: '${env:PASSWORD}', accountId: 43}
  incidentTool:
    newRelic:
      enable: true
      url: {event: https://e.example, log: https://l.example/log/v1}
      serviceMonitor:
        destination:
          event:
            enable: true
            sendToAccount: [First, Second]
            attribute:
              static: [{name: tier, value: 1}, {name: quoted, value: '1'}]
              dynamic: {serviceHost: true, serviceState: true}
          log:
            enable: false
            sendToAccount: [First]
        monitorServiceState: {running: {enable: false}}
        sharedSettings:
          rateLimit: 5
          header: [{name: X-Header, value: abc}]
          attribute: {static: [{name: env, value: prod}]}
)";

TEST(NewRelicSection, IsReadAsButlerWritesIt) {
  const auto loaded = parse_tool("newRelic", kNewRelic);
  EXPECT_THAT(findings_of(loaded),
              ElementsAre("33:21: warning: `enable` is false, so nothing goes to New Relic, "
                          "although `alertDestination` enables it"));
  ASSERT_TRUE(loaded.config);
  const NewRelic& read = loaded.config->get<NewRelic>();
  EXPECT_TRUE(read.enabled);
  EXPECT_FALSE(read.logs.enabled);
  ASSERT_EQ(read.events.accounts.size(), 2U);
  EXPECT_EQ(read.events.accounts[1].id, "43");
  EXPECT_EQ(read.events.accounts[1].insert_api_key.reveal(), "s3cret-in-the-environment");
  ASSERT_EQ(read.events.attributes.size(), 3U);
  EXPECT_EQ(read.events.attributes[0].name, "env");
  EXPECT_TRUE(read.events.attributes[1].is_number);
  EXPECT_FALSE(read.events.attributes[2].is_number);
  EXPECT_TRUE(read.events.with_host);
  EXPECT_FALSE(read.events.with_name);
  EXPECT_FALSE(read.send_started);
  EXPECT_TRUE(read.send_stopped);
  EXPECT_EQ(read.rate_limit, std::chrono::seconds(5));
  EXPECT_THAT(read.headers, ElementsAre(testing::Pair("X-Header", "abc")));
}

TEST(NewRelicSection, NamesAccountsThatDoNotExist) {
  const auto loaded = parse_tool("newRelic",
                                 "  incidentTool:\n    newRelic:\n      serviceMonitor:\n"
                                 "        destination: {event: {sendToAccount: [Nobody]}}\n");
  EXPECT_THAT(findings_of(loaded),
              ElementsAre("18:47: error: `sendToAccount` names `Nobody`, which is no `accountName` "
                          "of `thirdPartyToolsCredentials.newRelic`"));
}

TEST(NewRelicSection, SaysOnceWhatIsWrongWithAnAccount) {
  const auto loaded = parse_tool("newRelic",
                                 "  thirdPartyToolsCredentials:\n    newRelic:\n"
                                 "      - {accountName: Main, insertApiKey: k}\n"
                                 "  incidentTool:\n    newRelic:\n      serviceMonitor:\n"
                                 "        destination: {event: {sendToAccount: [Main]}}\n");
  EXPECT_THAT(findings_of(loaded), ElementsAre("17:9: error: the key `accountId` is missing"));
}

TEST(NewRelicSection, RefusesHeadersThatWouldBreakARequest) {
  const auto loaded =
      parse_tool("newRelic",
                 "  incidentTool:\n    newRelic:\n      serviceMonitor:\n        sharedSettings:\n"
                 "          header: [{name: 'a b', value: x}, {name: X, value: \"a\\r\\nb\"}]\n");
  EXPECT_THAT(findings_of(loaded),
              ElementsAre("19:27: error: `name` must be the name of an HTTP header",
                          "19:62: error: `value` must not contain control characters"));
}

TEST(PagerDutySection, NeedsItsKey) {
  const auto loaded = parse_tool("pagerDuty", "  pagerDutyNotification: {severity: error}\n");
  EXPECT_THAT(findings_of(loaded), ElementsAre("15:3: error: the key `routingKey` is missing"));
  const auto right =
      parse_tool("pagerDuty", "  pagerDutyNotification: {routingKey: '${env:PASSWORD}'}\n");
  EXPECT_THAT(findings_of(right), IsEmpty());
  ASSERT_TRUE(right.config);
  EXPECT_EQ(right.config->get<PagerDuty>().severity, "critical");
  EXPECT_EQ(right.config->get<PagerDuty>().url, "https://events.pagerduty.com/v2/enqueue");
}

TEST(AlertmanagerSection, ReadsServersAndLabels) {
  const auto loaded = parse_tool("alertmanager",
                                 "  alertmanagerNotification:\n"
                                 "    servers: [{url: 'http://am:9093'}]\n"
                                 "    labels: [{name: team, value: windows}]\n");
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  ASSERT_TRUE(loaded.config);
  ASSERT_EQ(loaded.config->get<Alertmanager>().servers.size(), 1U);
  EXPECT_EQ(loaded.config->get<Alertmanager>().servers[0].url, "http://am:9093");
  EXPECT_THAT(loaded.config->get<Alertmanager>().labels,
              ElementsAre(testing::Pair("team", "windows")));
}

TEST(AlertmanagerSection, SaysWhatIsWrong) {
  const auto loaded = parse_tool("alertmanager",
                                 "  alertmanagerNotification:\n"
                                 "    labels: [{name: 1st, value: x}, {name: host, value: x}]\n");
  EXPECT_THAT(
      findings_of(loaded),
      ElementsAre(
          "15:3: warning: Alertmanager gets no alerts: `servers` is empty",
          "16:21: error: `name` must have only letters, digits and _, and must not begin with a "
          "digit",
          "16:44: error: `name` must not be alertname, host or service: tocsin sets these itself"));
}

}  // namespace
}  // namespace tocsin::config
