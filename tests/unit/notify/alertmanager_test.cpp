#include "notify/alertmanager/alertmanager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kit/channel_conformance.h"
#include "unit/notify/alerts.h"
#include "unit/notify/fake_transport.h"

namespace tocsin::notify {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::Pair;

TEST(Alertmanager, FiresForWhatStoppedAndEndsWhenItRuns) {
  const config::Alertmanager settings{.labels = {{"team", "windows"}}};
  const auto down = json::parse(alertmanager_alert(settings, stopped_alert(kOddName)))[0];
  EXPECT_EQ(down["labels"], (json{{"alertname", "WindowsService"},
                                  {"host", "db1"},
                                  {"service", "MSSQL$INSTANCE"},
                                  {"severity", "critical"},
                                  {"team", "windows"}}));
  EXPECT_EQ(down["annotations"]["display_name"], kOddName);
  EXPECT_EQ(down["annotations"]["summary"],
            "The database on db1 is STOPPED (was RUNNING): exit code 1067");
  EXPECT_EQ(down["startsAt"], "2025-11-24T16:00:00.123Z");
  EXPECT_EQ(down["endsAt"], "2026-11-24T16:00:00.123Z");
  const auto up = json::parse(alertmanager_alert(settings, started_alert()))[0];
  EXPECT_EQ(up["labels"], down["labels"]) << "or nothing would end";
  EXPECT_EQ(up["startsAt"], down["startsAt"]);
  EXPECT_EQ(up["endsAt"], "2025-11-24T16:01:00.123Z");
  Alert moved = started_alert();
  for (const Time since : {Time{}, moved.at, moved.at + std::chrono::hours(1)}) {
    moved.previous_since = since;
    EXPECT_EQ(json::parse(alertmanager_alert(settings, moved))[0]["startsAt"],
              "2025-11-24T16:01:00.122Z");
  }
}

TEST(Alertmanager, EndsWhatIsNoLongerMonitored) {
  const auto one = [](const Alert& alert) { return json::parse(alertmanager_alert({}, alert))[0]; };
  const auto expect_end = [&](const Alert& firing) {
    Alert end = firing;
    end.kind = TransitionKind::unmonitored;
    end.at += std::chrono::minutes(1);
    EXPECT_EQ(one(end)["labels"], one(firing)["labels"]);
    EXPECT_LT(one(end)["startsAt"], one(end)["endsAt"]);
  };
  Alert firing = stopped_alert();
  expect_end(firing);
  firing.service = {};
  firing.kind = TransitionKind::unreachable;
  expect_end(firing);
  firing.host = HostName("credential:monitoring");
  firing.kind = TransitionKind::refused;
  expect_end(firing);
}

TEST(Alertmanager, GetsNothingOfWhatIsOverAlready) {
  FakeTransport transport;
  Destinations made;
  add_channels(config::Alertmanager{.enabled = true, .servers = {{.url = "https://am.example"}}},
               transport.deps(), made);
  auto alert = started_alert();
  EXPECT_TRUE(made.alerts[0].channel->wants(alert));
  alert.over_already = true;
  EXPECT_FALSE(made.alerts[0].channel->wants(alert));
}

TEST(Alertmanager, IsReachedBelowItsPrefixWithThePassword) {
  FakeTransport transport;
  Destinations made;
  add_channels(config::Alertmanager{.enabled = true,
                                    .servers = {{.url = "https://am.example/prefix/",
                                                 .username = "me",
                                                 .password = Secret("the-password"),
                                                 .ca_file = "ca.pem"}}},
               transport.deps(), made);
  ASSERT_EQ(made.alerts.size(), 1U);
  EXPECT_EQ(made.alerts[0].channel->name(), "Alertmanager https://am.example");
  transport.loop.run_until_done(made.alerts[0].channel->deliver(
      stopped_alert(), {"id"}, net::within(std::chrono::seconds(60))));
  EXPECT_EQ(transport.seen.url, "https://am.example/prefix/api/v2/alerts");
  EXPECT_THAT(transport.seen.headers,
              Contains(Pair("Authorization", "Basic bWU6dGhlLXBhc3N3b3Jk")));
  EXPECT_EQ(transport.seen.tls.ca_file, "ca.pem");
}

}  // namespace
}  // namespace tocsin::notify

namespace tocsin::kit {

INSTANTIATE_TEST_SUITE_P(Alertmanager, ChannelConformance,
                         testing::Values(ConformingChannel{
                             .name = "alertmanager",
                             .make =
                                 [](const ChannelSite& site, const notify::ChannelDeps& deps) {
                                   notify::Destinations made;
                                   notify::add_channels(
                                       {.enabled = true,
                                        .servers = {{.url = site.url,
                                                     .username = "s3cret-user",
                                                     .password = Secret("s3cret-password"),
                                                     .ca_file = site.ca_file,
                                                     .reject_unauthorized = site.verify}}},
                                       deps, made);
                                   return std::move(made.alerts.front().channel);
                                 },
                             .logs_in = true,
                             .success_text = ""}),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
