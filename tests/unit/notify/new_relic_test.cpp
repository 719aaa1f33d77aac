#include "notify/new_relic/new_relic.h"

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
using testing::Contains;
using testing::Pair;

config::NewRelicDestination everything() {
  return {.enabled = true,
          .url = "https://nr.example",
          .accounts = {{.name = "First", .id = "42", .insert_api_key = Secret("the-key-of-first")},
                       {.name = "Second", .id = "43", .insert_api_key = Secret("other-key")}},
          .attributes = {{.name = "env", .value = "prod"},
                         {.name = "tier", .value = "1", .is_number = true}},
          .with_host = true,
          .with_name = true,
          .with_display_name = true,
          .with_state = true};
}

config::NewRelic new_relic_settings() {
  config::NewRelic settings{.enabled = true, .events = everything(), .logs = everything()};
  settings.logs.url = "https://nr.example/log/v1";
  settings.headers = {{"X-Header", "value"}};
  return settings;
}

TEST(NewRelic, AnEventHasTheBytesOfButlerAndTheKind) {
  Alert alert = stopped_alert();
  alert.reason.clear();
  const std::string expected = R"x([{"env":"prod","tier":1,"butler_serviceHost":"db1",)x"
                               R"x("butler_serviceName":"MSSQL$INSTANCE",)x"
                               R"x("butler_serviceDisplayName":"SQL Server (INSTANCE)",)x"
                               R"x("butler_serviceStatus":"STOPPED",)x"
                               R"x("eventType":"qs_serviceStateEvent","tocsin_kind":"stopped"}])x";
  EXPECT_EQ(new_relic_event(everything(), alert, alert.at), expected);
}

TEST(NewRelic, ALogEntryHasTheBytesOfButlerAndTheKind) {
  const Alert alert = started_alert();
  const std::string expected =
      R"x([{"common":{"attributes":{"butler_serviceHost":"db1","logtype":"qs_serviceStateLog",)x"
      R"x("tocsin_kind":"started"}},)x"
      R"x("logs":[{"message":"Windows service \"SQL Server (INSTANCE)\" on host \"db1\" is )x"
      R"x(RUNNING."}]}])x";
  EXPECT_EQ(new_relic_log({.with_host = true}, alert, alert.at), expected);
}

TEST(NewRelic, SaysWhenItHappenedOnlyWhereThatHelps) {
  const Alert alert = stopped_alert();
  const auto at = [&](Duration age) {
    return json::parse(new_relic_event({}, alert, alert.at + age))[0].value("timestamp", 0LL);
  };
  EXPECT_EQ(at(std::chrono::seconds(59)), 0);
  EXPECT_EQ(at(std::chrono::minutes(1)), 1'764'000'000'123);
  EXPECT_EQ(at(std::chrono::hours(24)), 0) << "New Relic throws away what is so old";
  const auto log = json::parse(new_relic_log({}, alert, alert.at + std::chrono::hours(1)));
  EXPECT_EQ(log[0]["logs"][0]["timestamp"], 1'764'000'000'123);
}

TEST(NewRelic, KeepsToItsLimitsAndToAnyName) {
  auto destination = everything();
  for (int i = 0; i < 300; ++i)
    destination.attributes.push_back({.name = "a" + std::to_string(i), .value = "x"});
  destination.attributes.front().value = std::string(4095, 'x') + "ü and more";
  const auto event = json::parse(new_relic_event(destination, stopped_alert(kOddName), Time{}))[0];
  EXPECT_LE(event.size(), 255U);
  EXPECT_EQ(event["env"], std::string(4095, 'x')) << "cut between characters";
  const auto odd = json::parse(new_relic_event(everything(), stopped_alert(kOddName), Time{}))[0];
  EXPECT_EQ(odd["butler_serviceDisplayName"], kOddName);
}

TEST(NewRelic, SaysMoreOfWhatButlerDoesNotKnow) {
  Alert alert = stopped_alert();
  alert.kind = TransitionKind::vanished;
  const auto event = json::parse(new_relic_event({}, alert, alert.at))[0];
  EXPECT_EQ(event["tocsin_kind"], "vanished");
  EXPECT_EQ(event["tocsin_reason"], "exit code 1067");
}

TEST(NewRelic, IsOneDestinationForEachAccountAndKind) {
  FakeTransport transport;
  auto chosen = new_relic_settings();
  chosen.rate_limit = std::chrono::seconds(5);
  Destinations made;
  add_channels(chosen, transport.deps(), made);
  ASSERT_EQ(made.alerts.size(), 4U);
  EXPECT_EQ(made.alerts[0].channel->name(), "New Relic events \"First\"");
  EXPECT_EQ(made.alerts[3].channel->name(), "New Relic logs \"Second\"");
  EXPECT_NE(made.alerts[0].channel->key(), made.alerts[1].channel->key());
  EXPECT_NE(made.alerts[0].channel->key(), made.alerts[2].channel->key());
  EXPECT_EQ(made.alerts[0].rules.rate_limits.up, std::chrono::seconds(5));

  transport.loop.run_until_done(made.alerts[1].channel->deliver(
      stopped_alert(), {"the-id"}, net::within(std::chrono::seconds(60))));
  EXPECT_EQ(transport.seen.url, "https://nr.example/v1/accounts/43/events");
  EXPECT_THAT(transport.seen.headers,
              Contains(Pair("Content-Type", "application/json; charset=utf-8")));
  EXPECT_THAT(transport.seen.headers, Contains(Pair("Api-Key", "other-key")));
  EXPECT_THAT(transport.seen.headers, Contains(Pair("X-Header", "value")));
  transport.loop.run_until_done(made.alerts[2].channel->deliver(
      stopped_alert(), {"the-id"}, net::within(std::chrono::seconds(60))));
  EXPECT_EQ(transport.seen.url, "https://nr.example/log/v1");
}

TEST(NewRelic, SendsOnlyTheStatesThatAreWanted) {
  FakeTransport transport;
  auto chosen = new_relic_settings();
  chosen.send_started = false;
  Destinations made;
  add_channels(chosen, transport.deps(), made);
  EXPECT_TRUE(made.alerts[0].channel->wants(stopped_alert()));
  EXPECT_FALSE(made.alerts[0].channel->wants(started_alert()));
}

TEST(NewRelic, NeverSaysItsKey) {
  FakeTransport transport;
  transport.response = net::HttpResponse{.status = 403, .body = "bad key the-key-of-first"};
  Destinations made;
  add_channels(new_relic_settings(), transport.deps(), made);
  const Answer answer = transport.loop.run_until_done(made.alerts[0].channel->deliver(
      stopped_alert(), {"id"}, net::within(std::chrono::seconds(60))));
  EXPECT_EQ(std::get<Rejected>(answer).reason, "403 Forbidden: bad key ***");
}

kit::ConformingChannel conforming(const std::string& name, bool events) {
  return {.name = name,
          .make =
              [events](const kit::ChannelSite& site, const ChannelDeps& deps) {
                config::NewRelicDestination one = everything();
                one.url = site.url;
                one.accounts = {{.name = "a", .id = "1", .insert_api_key = Secret("s3cret-key")}};
                config::NewRelic chosen{.enabled = true};
                (events ? chosen.events : chosen.logs) = one;
                Destinations made;
                add_channels(chosen, deps, made);
                return std::move(made.alerts.front().channel);
              },
          .success_text = "",
          .final_status = 403};
}

}  // namespace
}  // namespace tocsin::notify

namespace tocsin::kit {

INSTANTIATE_TEST_SUITE_P(NewRelic, ChannelConformance,
                         testing::Values(notify::conforming("new_relic_events", true),
                                         notify::conforming("new_relic_logs", false)),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
