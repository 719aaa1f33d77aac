#include "notify/pager_duty/pager_duty.h"

#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kit/channel_conformance.h"
#include "unit/notify/alerts.h"
#include "unit/notify/fake_transport.h"

namespace tocsin::notify {
namespace {

using nlohmann::json;

config::PagerDuty pager_duty_settings() {
  return {.enabled = true, .routing_key = Secret("the-routing-key"), .severity = "error"};
}

TEST(PagerDuty, OpensAnIncidentForWhatStopped) {
  const auto event = json::parse(pager_duty_event(pager_duty_settings(), stopped_alert(kOddName)));
  EXPECT_EQ(event["routing_key"], "the-routing-key");
  EXPECT_EQ(event["event_action"], "trigger");
  EXPECT_EQ(event["dedup_key"], "DB1/MSSQL$INSTANCE");
  const auto& payload = event["payload"];
  EXPECT_EQ(payload["summary"], "The database on db1 is STOPPED (was RUNNING): exit code 1067");
  Alert wordy = stopped_alert();
  wordy.friendly_name = std::string(2000, 'n');
  wordy.reason = std::string(2000, 'r');
  const std::string summary = json::parse(pager_duty_event({}, wordy))["payload"]["summary"];
  EXPECT_LE(summary.size(), 1024U);
  EXPECT_THAT(summary, testing::HasSubstr("n\u2026 on db1 is STOPPED (was RUNNING): rrr"));
  EXPECT_TRUE(summary.ends_with("r\u2026"));
  EXPECT_EQ(payload["source"], "db1");
  EXPECT_EQ(payload["severity"], "error");
  EXPECT_EQ(payload["timestamp"], "2025-11-24T16:00:00.123Z");
  EXPECT_EQ(payload["custom_details"]["display_name"], kOddName);
}

TEST(PagerDuty, ResolvesItWhenTheServiceRunsAgain) {
  const auto event = json::parse(pager_duty_event(pager_duty_settings(), started_alert()));
  EXPECT_EQ(event["event_action"], "resolve");
  EXPECT_EQ(event["dedup_key"], pager_duty_dedup_key(stopped_alert()));
}

TEST(PagerDuty, NamesHostsAndCredentialsInItsKeys) {
  Alert alert = stopped_alert();
  alert.service = {};
  alert.kind = TransitionKind::unreachable;
  EXPECT_EQ(pager_duty_dedup_key(alert), "DB1/");
  alert.kind = TransitionKind::unmonitored;
  EXPECT_EQ(pager_duty_dedup_key(alert), "DB1/");
  alert.host = HostName("credential:monitoring");
  for (const auto kind :
       {TransitionKind::refused, TransitionKind::accepted, TransitionKind::unmonitored}) {
    alert.kind = kind;
    EXPECT_EQ(pager_duty_dedup_key(alert), "credential:monitoring");
  }
}

TEST(PagerDuty, ResolvesWhatIsNoLongerMonitored) {
  Alert alert = stopped_alert();
  alert.kind = TransitionKind::unmonitored;
  alert.to = ServiceState::unknown;
  const auto event = json::parse(pager_duty_event(pager_duty_settings(), alert));
  EXPECT_EQ(event["event_action"], "resolve");
  EXPECT_EQ(event["dedup_key"], pager_duty_dedup_key(stopped_alert()));
}

TEST(PagerDuty, GetsNothingOfWhatIsOverAlready) {
  FakeTransport transport;
  Destinations made;
  add_channels(pager_duty_settings(), transport.deps(), made);
  auto alert = started_alert();
  EXPECT_TRUE(made.alerts[0].channel->wants(alert));
  alert.over_already = true;
  EXPECT_FALSE(made.alerts[0].channel->wants(alert));
}

TEST(PagerDuty, KeepsLongKeysApartWithinItsLimit) {
  Alert one = stopped_alert();
  one.service = ServiceName(std::string(256, 'x') + "1");
  Alert two = stopped_alert();
  two.service = ServiceName(std::string(256, 'x') + "2");
  EXPECT_EQ(pager_duty_dedup_key(one).size(), 255U);
  EXPECT_NE(pager_duty_dedup_key(one), pager_duty_dedup_key(two));
}

TEST(PagerDuty, IsGivenMinutesWhereItNamesNoTime) {
  FakeTransport transport;
  Destinations made;
  add_channels(pager_duty_settings(), transport.deps(), made);
  const auto answer_to = [&](net::HttpResponse response) {
    transport.response = std::move(response);
    return transport.loop.run_until_done(made.alerts[0].channel->deliver(
        stopped_alert(), {"id"}, net::within(std::chrono::seconds(60))));
  };
  EXPECT_EQ(std::get<RetryAfter>(answer_to({.status = 429})).after, std::chrono::minutes(1));
  EXPECT_EQ(std::get<RetryAfter>(answer_to({.status = 429, .retry_after = std::chrono::seconds(7)}))
                .after,
            std::chrono::seconds(7));
  EXPECT_EQ(std::get<RetryAfter>(answer_to({.status = 500})).after, std::nullopt);
  EXPECT_EQ(std::get<Rejected>(answer_to({.status = 400, .body = "no the-routing-key"})).reason,
            "400 Bad Request: no ***");
}

}  // namespace
}  // namespace tocsin::notify

namespace tocsin::kit {

INSTANTIATE_TEST_SUITE_P(PagerDuty, ChannelConformance,
                         testing::Values(ConformingChannel{
                             .name = "pager_duty",
                             .make =
                                 [](const ChannelSite& site, const notify::ChannelDeps& deps) {
                                   notify::Destinations made;
                                   notify::add_channels(
                                       config::PagerDuty{.enabled = true,
                                                         .routing_key = Secret("s3cret-key"),
                                                         .url = site.url},
                                       deps, made);
                                   return std::move(made.alerts.front().channel);
                                 },
                             .patience = std::chrono::minutes(1),
                             .success_text = ""}),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
