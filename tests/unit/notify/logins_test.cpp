// What becomes of deliveries whose login is refused: tried once a pause, whoever they are for.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/mqtt_imposter.h"
#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/signal.h"
#include "net/task_scope.h"
#include "notify/destination.h"
#include "notify/dispatcher.h"
#include "notify/login.h"
#include "notify/mqtt/mqtt.h"
#include "unit/notify/deliveries.h"
#include "unit/notify/fake_transport.h"

namespace tocsin::notify {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using store::DeliveryState;
using testing::ElementsAre;
using testing::SizeIs;

/// A server behind one account, and how often somebody has tried to log in there.
struct Server {
  bool accepts = false;
  int logins = 0;
  std::vector<std::string> taken;
};

class LoginChannel final : public Channel {
 public:
  LoginChannel(std::string key, Server& server) : key_(std::move(key)), server_(server) {}
  const std::string& key() const override { return key_; }
  const std::string& name() const override { return key_; }
  net::awaitable<Answer> deliver(const Alert& /*alert*/, const DeliveryId& id,
                                 net::Deadline /*deadline*/) override {
    server_.logins++;
    co_await kit::give_way();
    if (!server_.accepts) co_return answer;
    server_.taken.push_back(id.value);
    co_return Delivered{"250 ok"};
  }

  Answer answer = LoginRefused{"535 authentication failed"};

 private:
  std::string key_;
  Server& server_;
};

/// An outbox that is empty.
class NoOutbox final : public Outbox {
 public:
  net::awaitable<Result<std::vector<store::LastDelivered>>> load_last_delivered(Time) override {
    co_return std::vector<store::LastDelivered>{};
  }
  net::awaitable<Result<std::vector<store::OpenAlert>>> load_open_alerts() override {
    co_return std::vector<store::OpenAlert>{};
  }
  net::awaitable<Result<std::vector<store::Delivery>>> load_pending(std::string, std::int64_t,
                                                                    std::size_t) override {
    co_return std::vector<store::Delivery>{};
  }
  net::awaitable<Result<std::size_t>> abandon(std::vector<std::string>, Time,
                                              std::string) override {
    co_return 0U;
  }
  net::awaitable<Result<>> commit(const store::StoredMessage& /*message*/,
                                  std::span<const DeliveryId> /*members*/) override {
    co_return Result<>{};
  }
  net::awaitable<Result<std::optional<store::Store::PendingMessage>>> load_message(
      std::string /*id*/) override {
    co_return std::nullopt;
  }
  net::awaitable<Result<>> update(std::span<const store::DeliveryUpdate> updates) override {
    recorded.insert(recorded.end(), updates.begin(), updates.end());
    co_return Result<>{};
  }
  std::vector<store::DeliveryUpdate> recorded;
};

class Notified final : public Observer {
 public:
  explicit Notified(const net::Executor& executor) : changed_(executor) {}

  void settled(std::span<const Outcome> outcomes) override {
    for (const auto& outcome : outcomes) updates.push_back(outcome.update);
    changed_.set();
  }
  void abandoned(std::size_t /*count*/) override {}
  void storage_failed(const Error& /*error*/, std::size_t /*unrecorded*/) override {}
  void storage_recovered() override {}
  void lost(const store::Delivery& /*delivery*/) override {}

  [[nodiscard]] std::size_t count(DeliveryState state) const {
    return static_cast<std::size_t>(
        std::ranges::count(updates, state, &store::DeliveryUpdate::state));
  }
  net::awaitable<void> until(std::function<bool()> done) {
    while (!done()) {
      changed_.reset();
      co_await changed_.wait();
      co_await kit::let_others_run();  // the gate may hear of it a little later
    }
  }
  std::vector<store::DeliveryUpdate> updates;

 private:
  net::Event changed_;
};

class LoginsTest : public testing::Test {
 protected:
  logins::Gate& gate(logins::Logins& logins, const std::string& user = "tocsin") {
    return login_gate(
        logins, {.kind = "email", .server = "mail:587", .user = user, .secret = Secret("s3cret")});
  }
  void add(const std::string& key, logins::Gate& gate) {
    auto channel = std::make_unique<LoginChannel>(key, server_);
    channels_[key] = channel.get();
    destinations_.push_back({.channel = std::move(channel), .login = {.gate = &gate}});
  }
  void three_recipients(logins::Logins& logins) {
    for (const char* key : {"email:1", "email:2", "email:3"}) add(key, gate(logins));
  }
  /// Runs a dispatcher around `body`.
  template <typename Body>
  void run(Body body) {
    Dispatcher dispatcher(loop_.executor(), destinations_, outbox_, outcomes_, time_, longest());
    loop_.run_until_done([](Dispatcher& running, Body& inner) -> net::awaitable<void> {
      running.start();
      co_await inner(running);
      co_await running.stop();
    }(dispatcher, body));
  }
  /// One more delivery for each destination, about another service each.
  void submit_to_all(Dispatcher& dispatcher) {
    for (const auto& destination : destinations_) {
      const auto id = std::to_string(++submitted_);
      dispatcher.submit({make_delivery(id, TransitionKind::stopped, "service" + id, time_.now(),
                                       destination.channel->key())});
    }
  }

  kit::VirtualTime time_{kStart};
  net::Loop loop_;
  logins::Logins logins_{{.executor = loop_.executor(), .clock = time_, .random = {}}};
  Server server_;
  std::map<std::string, LoginChannel*> channels_;
  std::vector<Destination> destinations_;
  NoOutbox outbox_;
  Notified outcomes_{loop_.executor()};
  int submitted_ = 0;
};

TEST_F(LoginsTest, ThreeRecipientsMakeOneAttemptAPauseAndAllGoAtOnceInTheEnd) {
  three_recipients(logins_);
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await time_.settle();
    EXPECT_EQ(server_.logins, 1);
    int expected = 1;
    for (const int pause : {1, 2, 4, 8, 15, 15}) {
      co_await time_.pass(minutes(pause) - seconds(1));
      submit_to_all(dispatcher);
      co_await time_.settle();
      EXPECT_EQ(server_.logins, expected) << "before the end of " << pause << " min";
      co_await time_.pass(seconds(1));
      submit_to_all(dispatcher);
      co_await time_.settle();
      EXPECT_EQ(server_.logins, ++expected) << "after " << pause << " min";
    }
    server_.accepts = true;
    co_await time_.pass(minutes(15));
    submit_to_all(dispatcher);
    co_await time_.settle();
  });
  EXPECT_THAT(server_.taken, SizeIs(submitted_));
  EXPECT_EQ(outcomes_.count(DeliveryState::dead), 0U);
}

TEST_F(LoginsTest, ARefusedDeliveryStaysPendingWithTheReasonAndTheTimeOfTheNextAttempt) {
  three_recipients(logins_);
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await time_.settle();
  });
  ASSERT_THAT(outcomes_.updates, SizeIs(3));
  int attempts = 0;
  for (const auto& update : outcomes_.updates) {
    EXPECT_EQ(update.state, DeliveryState::pending);
    EXPECT_EQ(update.detail, "535 authentication failed");
    EXPECT_EQ(update.not_before, kStart + minutes(1));
    attempts += update.attempts;
  }
  EXPECT_EQ(attempts, 1) << "the others only wait";
  ASSERT_THAT(outbox_.recorded, SizeIs(3));
  for (const auto& update : outbox_.recorded)
    EXPECT_LE(update.not_before, kStart) << "another password is tried at once";
}

TEST_F(LoginsTest, IsNeverADeadLetter) {
  add("email:1", gate(logins_));
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await time_.settle();
    for (int i = 0; i < 2 * kGiveUpAttempts; i++) {
      co_await time_.pass(kGiveUpAge / kGiveUpAttempts);
      logins_.waive_pauses();
      co_await time_.settle();
    }
  });
  EXPECT_GT(server_.logins, kGiveUpAttempts);
  EXPECT_EQ(outcomes_.count(DeliveryState::dead), 0U);
}

TEST_F(LoginsTest, AllGoAtOnceWhenThePauseIsWaived) {
  three_recipients(logins_);
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    for (int i = 0; i < 5; i++) submit_to_all(dispatcher);
    co_await time_.settle();
    server_.accepts = true;
    logins_.waive_pauses();
    co_await time_.settle();
  });
  EXPECT_EQ(server_.logins, 16);
  EXPECT_THAT(server_.taken, SizeIs(15));
}

TEST_F(LoginsTest, AServerThatIsNotReachedSuspendsNothing) {
  three_recipients(logins_);
  for (const auto& [key, channel] : channels_) channel->answer = RetryAfter{{}, "no route"};
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await time_.settle();
    server_.accepts = true;
    co_await time_.pass(seconds(1));
  });
  EXPECT_FALSE(gate(logins_).find_suspension(login_peer()));
  EXPECT_THAT(server_.taken, SizeIs(3));
}

TEST_F(LoginsTest, ADeliveryThatIsRejectedShowsThatTheLoginWorks) {
  three_recipients(logins_);
  channels_["email:1"]->answer = Rejected{"550 no such user"};
  for (const char* key : {"email:2", "email:3"})
    channels_[key]->answer = RetryAfter{.after = seconds(60), .reason = "450", .logged_in = true};
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await time_.settle();
  });
  EXPECT_FALSE(gate(logins_).guard().is_doubtful(login_peer()));
}

TEST_F(LoginsTest, AnotherUserIsAnotherLogin) {
  add("email:1", gate(logins_));
  add("email:2", gate(logins_, "other"));
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await time_.settle();
  });
  EXPECT_EQ(server_.logins, 2);
}

TEST_F(LoginsTest, WhatWasRefusedOutlivesARestart) {
  std::map<logins::LoginId, logins::StoredLogin> stored;
  const auto deps = [&] {
    return logins::Logins::Deps{
        .executor = loop_.executor(),
        .clock = time_,
        .random = longest(),
        .save = [&](std::vector<logins::StoredLogin> records) -> net::awaitable<Result<>> {
          for (auto& update : records) stored[update.id] = std::move(update);
          co_return Result<>{};
        }};
  };
  const auto once = [&](logins::Logins& logins) {
    destinations_.clear();
    three_recipients(logins);
    net::TaskScope scope(loop_.executor());
    scope.spawn(logins.run());
    run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
      co_await time_.settle();
      submit_to_all(dispatcher);
      co_await time_.settle();
    });
    scope.cancel();
    loop_.run_until_done(scope.join());
    loop_.run_until_done(logins.flush());
  };
  {
    logins::Logins first(deps());
    once(first);
    EXPECT_EQ(server_.logins, 1);
    destinations_.clear();
  }
  ASSERT_THAT(stored, SizeIs(1));
  EXPECT_EQ(stored.begin()->second.suspicion.count, 1U);
  std::vector<logins::StoredLogin> known = {stored.begin()->second};
  logins::Logins second(deps(), std::move(known));
  once(second);
  EXPECT_EQ(server_.logins, 1) << "not tried again";
  destinations_.clear();
}

TEST_F(LoginsTest, ARefusalThatNobodyGuardsIsTriedAgainLikeAnyOther) {
  auto channel = std::make_unique<LoginChannel>("email:1", server_);
  destinations_.push_back({.channel = std::move(channel)});
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await time_.settle();
  });
  EXPECT_GT(outcomes_.count(DeliveryState::pending), 0U);
  EXPECT_EQ(outcomes_.updates[0].detail, "535 authentication failed");
}

/// What webhooks with these URLs do when the server says 401: how often it is asked.
class WebhookLogins : public LoginsTest {
 protected:
  std::size_t asked_for(const std::vector<std::string>& urls) {
    config::Config config;
    config.get<config::WebhookDestinations>().enabled = true;
    for (const auto& url : urls)
      config.get<config::WebhookDestinations>().webhooks.push_back(
          {.description = url, .firing = {.url = url}});
    transport_.response = net::HttpResponse{.status = 401};
    ChannelDeps deps = {.executor = loop_.executor(),
                        .http = transport_,
                        .version = "1",
                        .messages = transport_.messages,
                        .logins = logins_,
                        .clock = time_};
    destinations_ = make_destinations(config, deps).alerts;
    run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
      submit_to_all(dispatcher);
      submit_to_all(dispatcher);
      co_await time_.settle();
    });
    return transport_.asked;
  }
  FakeTransport transport_;
};

TEST_F(WebhookLogins, TheSameUserAtTheSameServerSharesAPause) {
  EXPECT_EQ(asked_for({"https://u:p@h/1", "https://u:p@h/2"}), 1U);
  EXPECT_EQ(outcomes_.count(DeliveryState::dead), 0U);
}
TEST_F(WebhookLogins, AnotherUserDoesNot) {
  EXPECT_EQ(asked_for({"https://u:p@h/1", "https://v:p@h/2"}), 2U);
}
TEST_F(WebhookLogins, AnotherServerDoesNot) {
  EXPECT_EQ(asked_for({"https://u:p@h/1", "https://u:p@i/1"}), 2U);
}
TEST_F(WebhookLogins, WithoutAUserARefusalIsAboutNoLogin) {
  EXPECT_EQ(asked_for({"https://h/1"}), 2U) << "each delivery by itself";
  EXPECT_EQ(outcomes_.count(DeliveryState::dead), 0U);
}

TEST_F(LoginsTest, TheNameOfALoginAtAUrlHoldsNoUser) {
  const auto login = url_login(logins_, "https://token:x@host:8443/path");
  ASSERT_NE(login.gate, nullptr);
  EXPECT_EQ(login.gate->name(), "the login at https://host:8443");
  EXPECT_EQ(gate(logins_).name(), "the login \"tocsin\" at mail:587");
  EXPECT_EQ(url_login(logins_, "https://host/path").gate, nullptr);
}

/// The client of MQTT logs in when it connects.
TEST_F(LoginsTest, ABrokerIsAskedOnceAPause) {
  auto held = time_.hold();  // the client's thread and the sockets are real
  net::Signal connected(loop_.executor());
  kit::MqttImposter broker;
  std::atomic<bool> accepts = false;
  broker.on_connect([&, sender = connected.sender()](const kit::MqttConnect&) {
    sender.send();
    return kit::MqttReaction{.code = accepts ? std::uint8_t{0} : std::uint8_t{5}};
  });
  FakeTransport http;
  const ChannelDeps deps = {.executor = loop_.executor(),
                            .http = http,
                            .version = "1",
                            .messages = http.messages,
                            .logins = logins_,
                            .clock = time_,
                            .use = Use::run};
  const config::Mqtt settings{.enabled = true,
                              .broker_host = "127.0.0.1",
                              .broker_port = broker.port(),
                              .username = "tocsin",
                              .password = Secret("s3cret"),
                              .stopped_topic = "stopped"};
  Destinations made;
  add_channels(settings, deps, made);
  destinations_ = std::move(made.alerts);
  net::TaskScope background(loop_.executor());
  for (const auto& task : made.background) background.spawn(task());
  auto& login = *destinations_.front().login.gate;
  const auto is_suspended = [&] { return login.find_suspension(login_peer()).has_value(); };
  run([&](Dispatcher& dispatcher) -> net::awaitable<void> {
    submit_to_all(dispatcher);
    co_await outcomes_.until(is_suspended);
    for (int i = 0; i < 10; i++) submit_to_all(dispatcher);
    co_await kit::let_others_run();
    EXPECT_THAT(broker.connects(), SizeIs(1));
    connected.event().reset();
    held.reset();
    co_await time_.pass(minutes(1));
    held = time_.hold();
    co_await connected.event().wait();
    co_await outcomes_.until(is_suspended);
    submit_to_all(dispatcher);
    co_await kit::let_others_run();
    EXPECT_THAT(broker.connects(), SizeIs(2));
    accepts = true;
    logins_.waive_pauses();
    co_await outcomes_.until([&] { return outcomes_.count(DeliveryState::delivered) == 12; });
  });
  EXPECT_THAT(broker.connects(), SizeIs(4)) << "the last one with the last will";
  EXPECT_EQ(outcomes_.count(DeliveryState::delivered), 12U);
  EXPECT_EQ(outcomes_.count(DeliveryState::dead), 0U);
  background.cancel();
  loop_.run_until_done(background.join());
  destinations_.clear();
}

}  // namespace
}  // namespace tocsin::notify
