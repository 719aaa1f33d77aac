#include "notify/destination.h"

#include <utility>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/loop.h"
#include "unit/notify/deliveries.h"
#include "unit/notify/fake_transport.h"

namespace tocsin::notify {
namespace {

/// 1, 2, 3 ...
RandomFill counter() {
  return [next = std::uint8_t{0}](std::span<std::uint8_t> bytes) mutable {
    for (std::uint8_t& byte : bytes) byte = 0;
    bytes.back() = ++next;
  };
}

config::Config two_webhooks() {
  config::Config config;
  config.get<config::WebhookDestinations>().enabled = true;
  config.get<config::WebhookDestinations>().rate_limit = std::chrono::seconds(7);
  config.get<config::WebhookDestinations>().webhooks = {
      {.description = "pager", .firing = {.url = "https://h/1"}},
      {.description = "log", .firing = {.url = "https://h/2"}}};
  return config;
}

std::vector<Destination> alerts_of(const config::Config& config, FakeTransport& transport) {
  return make_destinations(config, transport.deps()).alerts;
}

TEST(Destinations, AreTheEnabledWebhooksInTheirOrder) {
  FakeTransport transport;
  config::Config config = two_webhooks();
  const auto destinations = alerts_of(config, transport);
  ASSERT_EQ(destinations.size(), 2U);
  EXPECT_EQ(destinations[0].channel->name(), "webhook \"pager\"");
  EXPECT_EQ(destinations[1].channel->name(), "webhook \"log\"");
  EXPECT_NE(destinations[0].channel->key(), destinations[1].channel->key());
  EXPECT_EQ(destinations[1].rules.rate_limits.up, std::chrono::seconds(7));
  config.get<config::WebhookDestinations>().enabled = false;
  EXPECT_TRUE(alerts_of(config, transport).empty());
}

TEST(Destinations, AllGetEverything) {
  FakeTransport transport;
  const auto destinations = alerts_of(two_webhooks(), transport);
  const Alert alert = make_delivery("1", TransitionKind::vanished, "a").alert;
  const auto deliveries =
      address(alert, destinations, Routing({}, destinations), kStart, counter());
  ASSERT_EQ(deliveries.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(deliveries[i].destination, destinations[i].channel->key());
    EXPECT_EQ(deliveries[i].alert.id, alert.id);
    EXPECT_EQ(deliveries[i].alert.kind, TransitionKind::vanished);
    EXPECT_EQ(deliveries[i].created, kStart);
    EXPECT_EQ(deliveries[i].sequence, 0);
  }
  EXPECT_NE(deliveries[0].id, deliveries[1].id);
  EXPECT_TRUE(address(alert, {}, Routing({}, {}), kStart, counter()).empty());
}

TEST(TestAlert, SaysThatItIsOne) {
  FakeTransport transport;
  const auto destinations = alerts_of(two_webhooks(), transport);
  transport.response = net::HttpResponse{.status = 202};
  auto& channel = *destinations[0].channel;
  const auto messages = test_messages(channel, HostName("monitor"), kStart, counter());
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].section, "");
  const Answer answer = transport.loop.run_until_done(send_test(channel, messages[0], counter()));
  EXPECT_EQ(std::get<Delivered>(answer).detail, "202 Accepted");
  EXPECT_THAT(transport.seen.body, testing::HasSubstr(R"("host":"monitor")"));
  EXPECT_THAT(transport.seen.body, testing::HasSubstr(R"("serviceName":"tocsin-test")"));
  EXPECT_THAT(transport.seen.body,
              testing::HasSubstr(
                  R"("serviceDisplayName":"Test message from tocsin: no service has changed")"));
}

TEST(TestAlert, IsSentToEachSectionThatThereIs) {
  FakeTransport transport;
  config::Config config;
  auto& slack = config.get<config::Slack>();
  slack.enabled = true;
  slack.stopped.webhook_url = "https://h/stopped";
  slack.started.webhook_url = "https://h/started";
  const auto sections = [&] {
    std::vector<std::string> urls;
    const auto destinations = alerts_of(config, transport);
    auto& channel = *destinations[0].channel;
    for (const auto& message : test_messages(channel, HostName("monitor"), kStart, counter())) {
      transport.loop.run_until_done(send_test(channel, message, counter()));
      urls.push_back(message.section + " " + transport.seen.url);
    }
    return urls;
  };
  EXPECT_THAT(sections(), testing::ElementsAre("serviceStopped https://h/stopped",
                                               "serviceStarted https://h/started"));
  slack.other_firing = slack.other_resolved = slack.stopped;
  slack.other_firing->webhook_url = "https://h/other";
  slack.started.webhook_url.clear();
  EXPECT_THAT(sections(), testing::ElementsAre("serviceStopped https://h/stopped",
                                               "otherAlerts https://h/other"));
}

}  // namespace
}  // namespace tocsin::notify
