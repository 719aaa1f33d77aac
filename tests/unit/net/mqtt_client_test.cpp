#include "net/mqtt_client.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/task_scope.h"
#include "unit/net/mqtt_client_test.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::MqttConnect;
using kit::MqttPublished;
using kit::MqttReaction;
using Do = kit::MqttReaction::Do;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Versions, MqttClientTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& version) {
                           return version.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

TEST_P(MqttClientTest, SendsWhatItIsGiven) {
  const kit::MqttImposter broker;
  auto wanted = settings(broker.port());
  wanted.username = "monitor";
  wanted.password = Secret("s3cret");
  wanted.keep_alive = 42s;
  connect_to(std::move(wanted));
  EXPECT_TRUE(broker.connects().empty());

  const auto answers =
      publish({{.topic = "a/b c/\xC3\xA9", .payload = "{\"a\":1}", .retain = true},
               {.topic = "0", .payload = std::string("nul\0byte", 8), .qos = MqttQos::at_most_once},
               {.topic = "2", .payload = "", .qos = MqttQos::exactly_once}});
  ASSERT_EQ(answers.size(), 3U);
  for (const auto& answer : answers) EXPECT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(*answers[0], "acknowledged by the broker");

  ASSERT_TRUE(broker.wait_for_published(3));
  const auto connect = broker.connects().at(0);
  EXPECT_EQ(connect.version, static_cast<int>(GetParam()));
  EXPECT_EQ(connect.client_id, "tocsin-test");
  EXPECT_TRUE(connect.clean);
  EXPECT_EQ(connect.username, "monitor");
  EXPECT_EQ(connect.password, "s3cret");
  EXPECT_EQ(connect.keep_alive, 42);
  EXPECT_EQ(connect.will_topic, "");
  const auto messages = broker.published();
  EXPECT_EQ(messages[0].topic, "a/b c/\xC3\xA9");
  EXPECT_EQ(messages[0].payload, "{\"a\":1}");
  EXPECT_EQ(messages[0].qos, 1);
  EXPECT_TRUE(messages[0].retain);
  EXPECT_EQ(messages[1].payload.size(), 8U);
  EXPECT_EQ(messages[1].qos, 0);
  EXPECT_FALSE(messages[1].retain);
  EXPECT_EQ(messages[2].qos, 2);
}

TEST_P(MqttClientTest, KeepsNoMoreInFlightThanItMay) {
  const kit::MqttImposter broker({.receive_maximum = 3});
  connect_to(broker);
  std::vector<MqttMessage> messages;
  messages.reserve(200);
  for (int i = 0; i < 200; i++) messages.push_back({.topic = std::to_string(i)});
  for (const auto& answer : publish(messages)) EXPECT_TRUE(answer) << answer.error().what;
  EXPECT_LE(broker.most_unanswered(), is_v5() ? 3U : 20U);
  std::vector<std::string> expected;
  expected.reserve(messages.size());
  for (const auto& message : messages) expected.push_back(message.topic);
  EXPECT_EQ(topics_of(broker), expected);
}

TEST_P(MqttClientTest, ADeadlineEndsTheWaitAndNotTheConnection) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished& message) {
    return MqttReaction{.what = message.topic == "slow" ? Do::nothing : Do::accept};
  });
  kit::VirtualTime time;
  auto held = time.hold();  // the client's thread and the broker are real
  connect_to(broker);
  TaskScope scope(loop_.executor());
  std::vector<Result<std::string>> slow;
  scope.spawn([](MqttClient& client, std::vector<Result<std::string>>& out) -> awaitable<void> {
    std::vector<MqttMessage> messages;
    messages.push_back({.topic = "slow"});
    out = co_await client.publish(std::move(messages), within(5s));
  }(*client_, slow));
  loop_.run_until_done(kit::let_others_run());
  ASSERT_TRUE(broker.wait_for_published(1));
  held.reset();
  loop_.run_until_done(scope.join());
  held = time.hold();
  ASSERT_EQ(slow.size(), 1U);
  EXPECT_EQ(slow[0].error().kind, ErrorKind::timed_out);
  EXPECT_TRUE(publish("quick"));
  EXPECT_EQ(broker.connects().size(), 1U);
}

TEST_P(MqttClientTest, NobodyListens) {
  std::uint16_t port = 0;
  {
    boost::asio::io_context context;
    const boost::asio::ip::tcp::acceptor gone(context,
                                              {boost::asio::ip::address_v4::loopback(), 0});
    port = gone.local_endpoint().port();
  }
  connect_to(settings(port));
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(answer.error().what, HasSubstr("127.0.0.1:" + std::to_string(port)));
  const auto connected = loop_.run_until_done(client_->connect(within(kMqttTooLong)));
  EXPECT_FALSE(connected);
}

TEST_P(MqttClientTest, NoSuchHost) {
  auto wanted = settings(1883);
  wanted.host = "no-such-host.invalid";
  connect_to(std::move(wanted));
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("no-such-host.invalid"));
}

TEST_P(MqttClientTest, AName) {
  const kit::MqttImposter broker;
  auto wanted = settings(broker.port());
  wanted.host = "localhost";  // may be ::1 first, where nobody listens
  connect_to(std::move(wanted));
  EXPECT_TRUE(publish("a"));
  const auto connected = loop_.run_until_done(client_->connect(within(kMqttTooLong)));
  ASSERT_TRUE(connected);
  EXPECT_EQ(*connected, "localhost:" + std::to_string(broker.port()));
}

TEST_P(MqttClientTest, CancellationThrowsAndNothingIsSent) {
  kit::MqttImposter broker;
  broker.on_connect([](const MqttConnect&) { return MqttReaction{.what = Do::nothing}; });
  connect_to(broker);
  bool thrown = false;
  loop_.run_until_done([&]() -> awaitable<void> {
    TaskScope scope(loop_.executor());
    scope.spawn([](MqttClient& client, bool& out) -> awaitable<void> {
      std::vector<MqttMessage> messages;
      messages.push_back({.topic = "a"});
      try {
        co_await client.publish(std::move(messages), within(kMqttTooLong));
      } catch (...) {
        out = true;
        throw;
      }
    }(*client_, thrown));
    co_await kit::let_others_run();
    EXPECT_TRUE(broker.wait_for_connects(1));
    scope.cancel();
    co_await scope.join();
  }());
  EXPECT_TRUE(thrown);
}

TEST_P(MqttClientTest, EndsWithinASecondWhateverTheBrokerDoes) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished&) { return MqttReaction{.what = Do::nothing}; });
  for (const auto reaction : {Do::accept, Do::nothing}) {
    broker.on_connect([=](const MqttConnect&) { return MqttReaction{.what = reaction}; });
    auto wanted = settings(broker.port());
    wanted.presence = {.topic = "status", .online = "on", .offline = "off", .lost = "lost"};
    const auto known = broker.connects().size();
    connect_to(std::move(wanted));
    client_->open();
    ASSERT_TRUE(broker.wait_for_connects(known + 1));
    const auto before = std::chrono::steady_clock::now();
    client_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  }
}

TEST_P(MqttClientTest, EndsSoonDuringTlsWithAPeerThatSaysNothing) {
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor silent(context,
                                              {boost::asio::ip::address_v4::loopback(), 0});
  auto wanted = settings(silent.local_endpoint().port());
  wanted.tls.enabled = true;
  connect_to(std::move(wanted));
  const auto answer = publish("a", MqttQos::at_least_once, 100ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out) << answer.error().what;
  const auto before = std::chrono::steady_clock::now();
  client_.reset();
  // The limit for connecting is 5 s; reading the certificates takes up to a second under Wine.
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
}

class Mqtt5ClientTest : public MqttClientTest {
 protected:
  Result<std::string> publish_to(kit::MqttReaction reaction) {
    kit::MqttImposter broker;
    broker.on_publish([=](const MqttPublished&) { return reaction; });
    connect_to(broker);
    return publish("a");
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, Mqtt5ClientTest, ::testing::Values(MqttVersion::v5));

TEST_P(Mqtt5ClientTest, SaysThatABrokerSpeaksOnlyTheOlderVersion) {
  for (const MqttReaction& reaction : {MqttReaction{.what = Do::answer_in_311, .code = 1},
                                       MqttReaction{.what = Do::accept, .code = 0x84}}) {
    kit::MqttImposter broker;
    broker.on_connect([=](const MqttConnect&) { return reaction; });
    connect_to(broker);
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unsupported);
    EXPECT_THAT(answer.error().what, HasSubstr("the broker does not speak MQTT 5: "
                                               "`protocolVersion` must be 3.1.1"));
  }
}

TEST_P(Mqtt5ClientTest, ReasonsInWords) {
  struct Case {
    std::uint8_t code;
    ErrorKind kind;
    const char* words;
  };
  for (const auto& [code, kind, words] :
       {Case{0x87, ErrorKind::rejected, "Not authorized"},
        Case{0x90, ErrorKind::rejected, "Topic Name invalid"},
        Case{0x97, ErrorKind::rate_limited, "Quota exceeded"},
        Case{0x99, ErrorKind::rejected, "Payload format invalid"},
        Case{0x80, ErrorKind::unreachable, "Unspecified error"},
        Case{0x83, ErrorKind::unreachable, "Implementation specific error"}}) {
    const auto answer = publish_to({.code = code});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, kind) << words;
    EXPECT_EQ(answer.error().native, code);
    EXPECT_THAT(answer.error().what, HasSubstr(words));
  }
  const auto unheard = publish_to({.code = 0x10});
  ASSERT_TRUE(unheard);
  EXPECT_EQ(*unheard, "acknowledged by the broker, but nobody subscribes");
}

TEST_P(Mqtt5ClientTest, AMessageThatIsRefusedDoesNotEndItsCall) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished& message) {
    return MqttReaction{.code = message.topic == "b" ? std::uint8_t{0x87} : std::uint8_t{0}};
  });
  connect_to(broker);
  for (const auto qos : {MqttQos::at_least_once, MqttQos::exactly_once}) {
    const auto answers = publish({{.topic = "a", .payload = "", .qos = qos},
                                  {.topic = "b", .payload = "", .qos = qos},
                                  {.topic = "c", .payload = "", .qos = qos}});
    EXPECT_TRUE(answers[0]);
    ASSERT_FALSE(answers[1]);
    EXPECT_EQ(answers[1].error().kind, ErrorKind::rejected);
    EXPECT_TRUE(answers[2]);
  }
}

TEST_P(Mqtt5ClientTest, TheLastWordsOfABroker) {
  const auto answer = publish_to({.what = Do::leave, .code = 0x8E});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(answer.error().what, HasSubstr("Session taken over"));
  EXPECT_THAT(answer.error().what, HasSubstr("same client id"));
}

TEST_P(Mqtt5ClientTest, AnotherProgramWithItsClientIdIsWarnedOfOnce) {
  kit::MqttImposter broker;
  broker.on_publish(
      [](const MqttPublished&) { return MqttReaction{.what = Do::leave, .code = 0x8E}; });
  connect_to(with_presence(settings(broker.port())));
  client_->open();
  EXPECT_THAT(next_warning(kMqttTooLong),
              HasSubstr("another program uses the client id tocsin-test, and each disconnects the "
                        "other: give one of them another `clientId`"));
  ASSERT_TRUE(broker.wait_for_connects(8));
  EXPECT_EQ(next_warning(1ms), "") << "though it goes on";
  EXPECT_EQ(broker.connects().back().will_topic, "status") << "presence is not to blame";
}

TEST_P(Mqtt5ClientTest, WhatIsLargerThanTheBrokerTakesIsNotSent) {
  const kit::MqttImposter broker({.maximum_packet_size = 100});
  connect_to(broker);
  const auto answers = publish(
      {{.topic = "large", .payload = std::string(200, 'x')}, {.topic = "small", .payload = "x"}});
  ASSERT_FALSE(answers[0]);
  EXPECT_EQ(answers[0].error().kind, ErrorKind::rejected);
  EXPECT_THAT(answers[0].error().what, HasSubstr("larger than the broker accepts"));
  EXPECT_TRUE(answers[1]);
  EXPECT_THAT(topics_of(broker), ElementsAre("small"));
}

}  // namespace
}  // namespace tocsin::net
