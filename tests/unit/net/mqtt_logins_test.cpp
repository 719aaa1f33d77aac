// Brokers that refuse a login or a last will.
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/event.h"
#include "net/task_scope.h"
#include "unit/net/mqtt_client_test.h"

namespace tocsin::net {
namespace {

using kit::MqttConnect;
using kit::MqttReaction;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace tocsin::net
