#include "notify/ntfy/ntfy.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kit/channel_conformance.h"
#include "notify/sentence.h"
#include "unit/notify/alerts.h"
#include "unit/notify/fake_transport.h"

namespace tocsin::notify {
namespace {

using nlohmann::json;

json message_of(const config::Ntfy& settings, const Alert& alert) {
  return json::parse(ntfy_message(settings, {.alerts = {&alert}}));
}

net::HttpRequest request_of(const config::Ntfy& settings) {
  FakeTransport transport;
  Destinations made;
  add_channels(settings, transport.deps(), made);
  transport.loop.run_until_done(made.alerts.at(0).channel->deliver(
      stopped_alert(), {"id"}, net::within(std::chrono::seconds(60))));
  return transport.seen;
}

std::string header(const net::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

TEST(Ntfy, SaysWhatHasHappened) {
  const auto message =
      message_of({.topic = "t", .tags = {"computer"}, .click = "https://c"}, stopped_alert());
  EXPECT_EQ(message, json({{"title", "The database has stopped on db1"},
                           {"message", sentence_about(stopped_alert())},
                           {"priority", 5},
                           {"tags", {"rotating_light", "computer", "stopped"}},
                           {"click", "https://c"}}));
}

TEST(Ntfy, HasItsPriorityFromTheSeverityUnlessItIsWritten) {
  auto alert = stopped_alert();
  const auto priority = [&](unsigned written) {
    return message_of({.topic = "t", .priority = written}, alert)["priority"];
  };
  alert.severity = AlertSeverity::critical;
  EXPECT_EQ(priority(0), 5);
  EXPECT_EQ(priority(2), 2);
  alert.severity = AlertSeverity::warning;
  EXPECT_EQ(priority(0), 4);
  alert.severity = AlertSeverity::info;
  EXPECT_EQ(priority(0), 3);
  alert = started_alert();
  EXPECT_EQ(priority(0), 3) << "nobody is woken because all is well";
  EXPECT_EQ(priority(4), 4);
}

TEST(Ntfy, MarksAResolvedAlert) {
  EXPECT_EQ(message_of({.topic = "t"}, started_alert())["tags"],
            json({"white_check_mark", "started"}));
}

TEST(Ntfy, ShortensWhatTheServerWouldMakeAFileOf) {
  auto alert = stopped_alert(std::string(300, 'n'));
  alert.friendly_name = std::string(300, 'n');
  alert.reason = std::string(10'000, 'r');
  const auto message = message_of({.topic = "t"}, alert);
  EXPECT_EQ(message["message"].get<std::string>().size(), 4096U);
  EXPECT_THAT(message["title"].get<std::string>(),
              testing::AllOf(testing::SizeIs(testing::Le(250U)),
                             testing::EndsWith("n\u2026 has stopped on db1")));
  alert.reason = "\xff\xfe";
  EXPECT_NO_THROW(message_of({.topic = "t"}, alert)) << "valid UTF-8 whatever a host says";
}

TEST(Ntfy, LogsInWithATokenOrAPassword) {
  EXPECT_EQ(header(request_of({.topic = "t"}), "Authorization"), "");
  EXPECT_EQ(header(request_of({.topic = "t", .token = Secret("tk_1")}), "Authorization"),
            "Bearer tk_1");
  EXPECT_EQ(header(request_of({.topic = "t", .username = "phil", .password = Secret("mypass")}),
                   "Authorization"),
            "Basic cGhpbDpteXBhc3M=");
  EXPECT_EQ(request_of({.topic = "t"}).url, "https://ntfy.sh");
}

}  // namespace
}  // namespace tocsin::notify

namespace tocsin::kit {

INSTANTIATE_TEST_SUITE_P(Ntfy, ChannelConformance,
                         testing::Values(ConformingChannel{
                             .name = "ntfy",
                             .make =
                                 [](const ChannelSite& site, const notify::ChannelDeps& deps) {
                                   notify::Destinations made;
                                   notify::add_channels(
                                       config::Ntfy{.enabled = true,
                                                    .url = site.url,
                                                    .topic = "s3cret-topic",
                                                    .token = Secret("s3cret-token")},
                                       deps, made);
                                   return std::move(made.alerts.front().channel);
                                 },
                             .logs_in = true,
                             .success_text = ""}),
                         ChannelConformance::name_of);

}  // namespace tocsin::kit
