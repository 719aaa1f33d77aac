#include "net/mqtt_client.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/mqtt_imposter.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::MqttConnect;
using kit::MqttPublished;
using kit::MqttReaction;
using Do = kit::MqttReaction::Do;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kMqttTooLong = 20s;  // only a broken test waits for it

class MqttClientTest : public ::testing::TestWithParam<MqttVersion> {
 protected:
  MqttSettings settings(std::uint16_t port) {
    return {.host = "127.0.0.1",
            .port = port,
            .version = GetParam(),
            .client_id = "tocsin-test",
            .backoff = {.first = 1ms, .longest = 20ms}};
  }
  void connect_to(MqttSettings settings) {
    client_ = std::make_unique<MqttClient>(loop_.executor(), std::move(settings));
  }
  void connect_to(const kit::MqttImposter& broker) { connect_to(settings(broker.port())); }

  std::vector<Result<std::string>> publish(std::vector<MqttMessage> messages,
                                           std::chrono::milliseconds limit = kMqttTooLong) {
    return loop_.run_until_done(client_->publish(std::move(messages), within(limit)));
  }
  Result<std::string> publish(const std::string& topic, MqttQos qos = MqttQos::at_least_once,
                              std::chrono::milliseconds limit = kMqttTooLong) {
    return publish({{.topic = topic, .payload = "{}", .qos = qos}}, limit).front();
  }
  /// Until it arrives, as the pipeline does it; how often it was sent.
  int deliver(const std::string& topic) {
    for (int sent = 1;; sent++) {
      if (publish(topic)) return sent;
    }
  }
  /// Empty: there is none within so long.
  std::string next_warning(std::chrono::milliseconds limit) {
    std::string text;
    Event warned(loop_.executor());
    TaskScope scope(loop_.executor());
    const auto listen = [&]() -> awaitable<void> {
      text = co_await client_->warning();
      warned.set();
    };
    scope.spawn(listen());
    const auto wait = [&]() -> awaitable<void> {
      (void)co_await warned.wait_until(within(limit));
      scope.cancel();
      co_await scope.join();
    };
    loop_.run_until_done(wait());
    return text;
  }
  [[nodiscard]] bool is_v5() const { return GetParam() == MqttVersion::v5; }

  Loop loop_;
  std::unique_ptr<MqttClient> client_;
};

INSTANTIATE_TEST_SUITE_P(Versions, MqttClientTest,
                         ::testing::Values(MqttVersion::v3_1_1, MqttVersion::v5),
                         [](const auto& version) {
                           return version.param == MqttVersion::v5 ? "Mqtt5" : "Mqtt311";
                         });

std::vector<std::string> topics_of(const kit::MqttImposter& broker) {
  std::vector<std::string> topics;
  for (const auto& message : broker.published()) topics.push_back(message.topic);
  return topics;
}

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

TEST_P(MqttClientTest, SaysWhetherItIsThere) {
  const kit::MqttImposter broker;
  auto wanted = settings(broker.port());
  wanted.presence = {.topic = "status", .online = "on", .offline = "off", .lost = "lost"};
  connect_to(std::move(wanted));
  client_->open();
  ASSERT_TRUE(broker.wait_for_published(1));
  const auto before = std::chrono::steady_clock::now();
  client_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  ASSERT_TRUE(broker.wait_for_published(2));
  const auto connect = broker.connects().at(0);
  EXPECT_EQ(connect.will_topic, "status");
  EXPECT_EQ(connect.will, "lost");
  EXPECT_TRUE(connect.will_retained);
  EXPECT_EQ(broker.published()[0].payload, "on");
  EXPECT_EQ(broker.published()[1].payload, "off");
  EXPECT_TRUE(broker.published()[1].retain);
  EXPECT_TRUE(broker.wait_for_goodbyes(1));
}

TEST_P(MqttClientTest, DoesWithoutAWillThatTheBrokerRefuses) {
  kit::MqttImposter broker;
  const std::uint8_t refusal = is_v5() ? 0x87 : 5;
  broker.on_connect([refusal](const MqttConnect& connect) {
    return MqttReaction{.code = connect.will_topic.empty() ? std::uint8_t{0} : refusal};
  });
  auto wanted = settings(broker.port());
  wanted.presence = {.topic = "status", .online = "on", .offline = "off", .lost = "lost"};
  connect_to(std::move(wanted));
  EXPECT_FALSE(publish("a"));
  EXPECT_TRUE(publish("a"));
  EXPECT_THAT(topics_of(broker), ElementsAre("a"));
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

TEST_P(MqttClientTest, WhatHasFailedIsNeverSentLater) {
  kit::MqttImposter broker;
  std::atomic<bool> accepting = false;
  broker.on_connect([&](const MqttConnect&) {
    return MqttReaction{.what = accepting ? Do::accept : Do::nothing};
  });
  auto wanted = settings(broker.port());
  wanted.connect_limit = 200ms;
  connect_to(std::move(wanted));
  const auto early = publish("early", MqttQos::at_least_once, 10ms);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().kind, ErrorKind::timed_out);
  const auto refused = publish("refused");  // until the attempt to connect fails
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::timed_out);
  EXPECT_THAT(refused.error().what, HasSubstr("the broker does not answer"));
  accepting = true;
  deliver("late");
  EXPECT_THAT(topics_of(broker), ElementsAre("late"));
}

TEST_P(MqttClientTest, WhatWasInFlightIsNotSentAgainAfterAReconnection) {
  kit::MqttImposter broker;
  std::atomic<int> seen = 0;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = seen++ < 2 ? Do::close : Do::accept};
  });
  connect_to(broker);
  for (int i = 0; i < 2; i++) {
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
    EXPECT_THAT(answer.error().what, HasSubstr("closed the connection"));
  }
  EXPECT_TRUE(publish("b"));
  EXPECT_THAT(topics_of(broker), ElementsAre("a", "a", "b"));
  for (const auto& message : broker.published()) EXPECT_FALSE(message.repeated);
  EXPECT_EQ(broker.connects().size(), 3U);
}

TEST_P(MqttClientTest, WhatWaitsIsSentOnTheNextConnection) {
  kit::MqttImposter broker;
  std::atomic<int> seen = 0;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = seen++ == 0 ? Do::close : Do::accept};
  });
  auto wanted = settings(broker.port());
  wanted.most_in_flight = 1;
  connect_to(std::move(wanted));
  std::vector<bool> sent;
  loop_.run_until_done([&]() -> awaitable<void> {
    TaskScope scope(loop_.executor());
    for (const std::string topic : {"first", "second"}) {
      scope.spawn(
          [](MqttClient& client, std::string name, std::vector<bool>& out) -> awaitable<void> {
            std::vector<MqttMessage> messages;
            messages.push_back({.topic = std::move(name)});
            const auto answer = co_await client.publish(std::move(messages), within(kMqttTooLong));
            out.push_back(answer.front().has_value());
          }(*client_, topic, sent));
    }
    co_await scope.join();
  }());
  EXPECT_THAT(sent, ElementsAre(false, true));
  EXPECT_THAT(topics_of(broker), ElementsAre("first", "second"));
}

TEST_P(MqttClientTest, ABrokerThatDropsTheConnectionOnEachMessageLosesNothing) {
  kit::MqttImposter broker;
  std::atomic<bool> dropping = true;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = dropping ? Do::close : Do::accept};
  });
  connect_to(broker);
  for (int i = 0; i < 10; i++) {
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unreachable) << answer.error().what;
  }
  dropping = false;
  EXPECT_TRUE(publish("a"));
}

TEST_P(MqttClientTest, OneMessageThatEndsConnectionsWaitsAndHarmsNoOther) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished& message) {
    return MqttReaction{.what = message.topic == "poison" ? Do::close : Do::accept};
  });
  connect_to(broker);
  std::optional<Error> last;
  for (int i = 0; i < 20 && !(last && last->kind == ErrorKind::rate_limited); i++) {
    const auto answers = publish({{.topic = "good"}, {.topic = "poison"}, {.topic = "fine"}});
    if (!answers[1]) last = answers[1].error();
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(last->kind, ErrorKind::rate_limited) << "it is sent later, and not never";
  EXPECT_THAT(last->what, HasSubstr("check that it allows"));
  const auto connections = broker.connects().size();
  const auto answers = publish({{.topic = "good"}, {.topic = "poison"}, {.topic = "fine"}});
  EXPECT_TRUE(answers[0]);
  EXPECT_FALSE(answers[1]);
  EXPECT_TRUE(answers[2]);
  EXPECT_EQ(broker.connects().size(), connections);
}

MqttSettings with_presence(MqttSettings settings) {
  settings.presence = {.topic = "status", .online = "on", .offline = "off", .lost = "lost"};
  return settings;
}

TEST_P(MqttClientTest, PresenceThatEndsConnectionsIsLeftOutAndNamed) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished& message) {
    return MqttReaction{.what = message.topic == "status" ? Do::close : Do::accept};
  });
  connect_to(with_presence(settings(broker.port())));
  for (int i = 0; i < 2; i++) {
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().what, HasSubstr("it may be over the presence topic status"));
  }
  const auto answer = publish("a");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_THAT(*answer, HasSubstr("presence is not sent, because the broker closes the connection "
                                 "over its topic status: check that this user may write there"));
  EXPECT_EQ(broker.connects().back().will_topic, "");
  EXPECT_THAT(*publish("b"), HasSubstr("presence is not sent")) << "as long as it is left out";
}

TEST_P(MqttClientTest, PresenceIsNotBlamedForWhatHappensWithoutIt) {
  kit::MqttImposter broker;
  std::atomic<bool> dropping = true;
  broker.on_publish([&](const MqttPublished&) {
    return MqttReaction{.what = dropping ? Do::close : Do::accept};
  });
  connect_to(with_presence(settings(broker.port())));
  for (int i = 0; i < 3; i++) EXPECT_FALSE(publish("a"));  // the third one without presence
  dropping = false;
  const auto answer = publish("a");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(broker.connects().back().will_topic, "status");
}

TEST_P(MqttClientTest, ABrokerThatClosesEachConnectionWithoutAWordIsWarnedOf) {
  kit::MqttImposter broker;
  broker.on_publish(
      [](const MqttPublished&) { return MqttReaction{.what = Do::accept_and_close}; });
  auto wanted = with_presence(settings(broker.port()));
  wanted.backoff.longest = 200ms;
  connect_to(std::move(wanted));
  const auto before = std::chrono::steady_clock::now();
  client_->open();
  EXPECT_THAT(next_warning(kMqttTooLong),
              HasSubstr("another program may be using the client id tocsin-test"));
  ASSERT_TRUE(broker.wait_for_connects(10));
  EXPECT_EQ(next_warning(1ms), "") << "once is enough";
  // From the third on, each pause is at least half of one that doubles: 2, 4 ... 128 ms.
  EXPECT_GT(std::chrono::steady_clock::now() - before, 127ms);
}

TEST_P(MqttClientTest, OtherEndsOfConnectionsAreNotWarnedOf) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished&) { return MqttReaction{.what = Do::close}; });
  connect_to(broker);
  for (int i = 0; i < 10; i++) EXPECT_FALSE(publish("a"));
  EXPECT_EQ(next_warning(1ms), "");
}

TEST_P(MqttClientTest, ABrokerThatAcknowledgesNothingIsGivenUp) {
  kit::MqttImposter broker;
  std::atomic<bool> deaf = true;
  broker.on_publish(
      [&](const MqttPublished&) { return MqttReaction{.what = deaf ? Do::nothing : Do::accept}; });
  auto wanted = settings(broker.port());
  wanted.acknowledge_limit = 100ms;
  connect_to(std::move(wanted));
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out);
  EXPECT_THAT(answer.error().what, HasSubstr("acknowledges nothing"));
  deaf = false;
  EXPECT_TRUE(publish("a"));
  EXPECT_EQ(broker.connects().size(), 2U);
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

TEST_P(MqttClientTest, RefusedConnections) {
  kit::MqttImposter broker;
  broker.on_connect([this](const MqttConnect&) {
    return MqttReaction{.code = is_v5() ? std::uint8_t{0x86} : std::uint8_t{4}};
  });
  auto wanted = settings(broker.port());
  wanted.username = "monitor";
  wanted.password = Secret("s3cret");
  connect_to(std::move(wanted));
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::login_refused);
  EXPECT_THAT(answer.error().what, HasSubstr("refuses the connection: "));
  EXPECT_THAT(answer.error().what,
              HasSubstr(is_v5() ? "Bad User Name or Password" : "bad user name or password"));
  EXPECT_THAT(answer.error().what, ::testing::Not(HasSubstr("s3cret")));
}

/// Says yes until a login was refused, and again when the test opens it.
class OneRefusal final : public LoginGuard {
 public:
  explicit OneRefusal(const Executor& executor) : open_(executor) { open_.set(); }
  awaitable<Result<>> enter() override {
    if (!open_.is_set()) co_return fail(ErrorKind::login_refused, "not before noon");
    entered++;
    co_return Result<>{};
  }
  awaitable<void> wait() override { co_await open_.wait(); }
  void conclude(LoginOutcome outcome, std::string reason) override {
    outcomes.push_back(outcome);
    if (outcome == LoginOutcome::refused) {
      EXPECT_THAT(reason, HasSubstr("refuses the connection"));
      open_.reset();
    }
  }
  void open() { open_.set(); }

  int entered = 0;
  std::vector<LoginOutcome> outcomes;

 private:
  Event open_;
};

TEST_P(MqttClientTest, ARefusedLoginIsNotRepeatedBeforeItsGuardAllowsIt) {
  kit::MqttImposter broker;
  std::atomic<bool> refuses = true;
  broker.on_connect([&](const MqttConnect&) {
    return MqttReaction{.code = !refuses  ? std::uint8_t{0}
                                : is_v5() ? std::uint8_t{0x87}
                                          : std::uint8_t{5}};
  });
  const auto guard = std::make_shared<OneRefusal>(loop_.executor());
  auto wanted = settings(broker.port());
  wanted.username = "monitor";
  wanted.password = Secret("s3cret");
  wanted.login = guard;
  connect_to(std::move(wanted));
  TaskScope scope(loop_.executor());
  scope.spawn(client_->run());
  for (int i = 0; i < 50; i++) {
    const auto answer = publish("a");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::login_refused);
    if (i > 0) EXPECT_EQ(answer.error().what, "not before noon");
  }
  EXPECT_EQ(broker.connects().size(), 1U);
  EXPECT_EQ(guard->entered, 1);

  refuses = false;
  guard->open();
  while (!publish("a")) continue;
  EXPECT_EQ(broker.connects().size(), 2U);
  EXPECT_THAT(guard->outcomes, ElementsAre(LoginOutcome::refused, LoginOutcome::accepted));
  scope.cancel();
  loop_.run_until_done(scope.join());
}

TEST_P(MqttClientTest, ALoginIsTriedWithoutTheLastWillFirst) {
  kit::MqttImposter broker;
  std::atomic<bool> forbids_will = false;
  std::atomic<bool> refuses = true;
  broker.on_connect([&](const MqttConnect& connect) {
    const bool refused = refuses || (forbids_will && !connect.will_topic.empty());
    const std::uint8_t not_authorized = is_v5() ? 0x87 : 5;
    return MqttReaction{.code = refused ? not_authorized : std::uint8_t{0}};
  });
  const auto guard = std::make_shared<OneRefusal>(loop_.executor());
  auto wanted = settings(broker.port());
  wanted.username = "monitor";
  wanted.presence = {.topic = "presence", .online = "on", .offline = "off", .lost = "lost"};
  wanted.login = guard;
  for (const bool forbidden : {false, true}) {
    SCOPED_TRACE(forbidden);
    const auto before = broker.connects().size();
    refuses = true;
    forbids_will = forbidden;
    guard->outcomes.clear();
    guard->open();
    connect_to(wanted);
    TaskScope scope(loop_.executor());
    scope.spawn(client_->run());
    for (int i = 0; i < 50; i++) EXPECT_FALSE(publish("a"));
    EXPECT_EQ(broker.connects().size(), before + 1);

    refuses = false;
    guard->open();
    while (!publish("a")) continue;
    std::vector<std::string> wills;
    for (const auto& connect : broker.connects()) wills.push_back(connect.will_topic);
    wills.erase(wills.begin(), wills.begin() + static_cast<std::ptrdiff_t>(before));
    if (forbidden) {
      EXPECT_THAT(wills, ElementsAre("", "", "presence", ""));
      EXPECT_THAT(guard->outcomes, ElementsAre(LoginOutcome::refused, LoginOutcome::accepted,
                                               LoginOutcome::unknown, LoginOutcome::accepted));
    } else {
      EXPECT_THAT(wills, ElementsAre("", "", "presence"));
      EXPECT_THAT(guard->outcomes, ElementsAre(LoginOutcome::refused, LoginOutcome::accepted,
                                               LoginOutcome::accepted));
    }
    scope.cancel();
    loop_.run_until_done(scope.join());
  }
}

TEST_P(MqttClientTest, Garbage) {
  kit::MqttImposter broker;
  broker.on_connect([](const MqttConnect&) { return MqttReaction{.what = Do::garbage}; });
  connect_to(broker);
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::malformed);
  EXPECT_THAT(answer.error().what, HasSubstr("not MQTT"));
}

TEST_P(MqttClientTest, GarbageInPlaceOfAnAcknowledgement) {
  kit::MqttImposter broker;
  broker.on_publish([](const MqttPublished&) { return MqttReaction{.what = Do::garbage}; });
  connect_to(broker);
  const auto answer = publish("a");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::malformed);
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
        Case{0x95, ErrorKind::rejected, "Packet too large"},
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
