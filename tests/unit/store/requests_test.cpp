#include "store/requests.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "scratch.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Silence silence_of(const char* scope, Duration length = 1h) {
  return {.scope = SilenceScope::parse(scope),
          .begin = kNow,
          .end = kNow + length,
          .reason = "patching, \xC3\xA4",
          .author = "alice"};
}

class RequestsTest : public testing::Test {
 protected:
  std::vector<std::string> scopes(Time since) {
    std::vector<std::string> texts;
    for (const auto& silence : requests_.load_silences(since).value())
      texts.push_back(silence.scope.text());
    return texts;
  }

  ScratchDirectory scratch_;
  Store store_ = open_store(scratch_.path());  // a running tocsin
  Requests requests_ = Requests::open(scratch_.path()).value();
};

TEST_F(RequestsTest, SilencesAreReadAsTheyWereWritten) {
  auto silence = silence_of("sql*/MSSQL*");
  silence.id = requests_.add_silence(silence).value();
  EXPECT_THAT(Requests::open(scratch_.path())->load_silences(kNow).value(), ElementsAre(silence));
}

TEST_F(RequestsTest, SilencesEndByThemselves) {
  ASSERT_TRUE(requests_.add_silence(silence_of("short", 1h)));
  ASSERT_TRUE(requests_.add_silence(silence_of("long", 2h)));
  EXPECT_THAT(scopes(kNow), ElementsAre("short", "long"));
  EXPECT_THAT(scopes(kNow + 1h), ElementsAre("long"));
}

TEST_F(RequestsTest, SilencesEndWhenSomebodySaysSo) {
  const auto id = requests_.add_silence(silence_of("sql1")).value();
  EXPECT_EQ(requests_.end_silence(id, {"Ann", kNow + 1min}), true);
  EXPECT_THAT(scopes(kNow + 1min), IsEmpty());
  EXPECT_EQ(requests_.end_silence(id, {"Ann", kNow + 2min}), false) << "it has ended";
  EXPECT_EQ(requests_.end_silence(id + 1, {"Ann", kNow}), false) << "there is none";
}

TEST_F(RequestsTest, ASilenceThatLastsMayEndAtAnotherTime) {
  const auto id = requests_.add_silence(silence_of("sql1", 1h)).value();
  EXPECT_EQ(requests_.extend_silence(id, kNow + 2h, {"Bo", kNow + 1min}), true);
  EXPECT_THAT(scopes(kNow + 2h - 1ms), ElementsAre("sql1"));
  EXPECT_EQ(requests_.extend_silence(id, kNow + 30min, {"Bo", kNow + 1min}), true) << "sooner, too";
  EXPECT_EQ(requests_.extend_silence(id, kNow + 9h, {"Bo", kNow + 30min}), false) << "it has ended";
  EXPECT_EQ(requests_.extend_silence(id + 1, kNow + 9h, {"Bo", kNow}), false) << "there is none";
}

TEST_F(RequestsTest, WhatEndedLongAgoIsForgotten) {
  ASSERT_TRUE(requests_.add_silence(silence_of("old", 1h)));
  ASSERT_TRUE(requests_.add_silence(silence_of("new", 3h)));
  const auto ended = requests_.add_ack({.host = HostName("old"), .at = kNow}).value();
  ASSERT_TRUE(requests_.add_ack({.host = HostName("open"), .at = kNow}));
  ASSERT_TRUE(requests_.end_ack(ended, kNow + 1h));
  while (store_.prune(kNow + 2h).value() > 0) {
  }
  EXPECT_THAT(scopes({}), ElementsAre("new"));
  auto database = open_database(scratch_.path() / "tocsin.db");
  EXPECT_EQ(database.execAndGet("SELECT group_concat(host) FROM ack").getString(), "open");
}

TEST_F(RequestsTest, AcknowledgementsLastUntilTheyAreEnded) {
  Ack ack{.host = HostName("sql1"),
          .service = ServiceName("MSSQL$\xC3\xA4"),
          .at = kNow,
          .reason = "on it",
          .author = "alice"};
  ack.id = requests_.add_ack(ack).value();
  const Ack of_host{.host = HostName("sql1"), .at = kNow, .reason = "", .author = ""};
  ASSERT_TRUE(requests_.add_ack(of_host));
  auto run = Requests::open(scratch_.path()).value();
  EXPECT_THAT(run.load_acks().value(),
              ElementsAre(ack, testing::Field(&Ack::service, ServiceName())));
  EXPECT_EQ(run.take_back_ack(ack.id, {"Ann", kNow + 1min}), true);
  EXPECT_EQ(run.take_back_ack(ack.id, {"Ann", kNow + 2min}), false) << "it has ended";
  EXPECT_THAT(requests_.load_acks().value(), testing::SizeIs(1));
}

TEST_F(RequestsTest, AReloadIsAskedForAndAnswered) {
  EXPECT_EQ(requests_.find_reload().value(), std::nullopt);
  const auto first = requests_.ask_for_reload({"Ann", kNow}).value();
  auto run = Requests::open(scratch_.path()).value();
  const auto second = requests_.ask_for_reload({"Ann", kNow}).value();
  EXPECT_EQ(run.find_reload().value(), second);
  EXPECT_FALSE(requests_.find_answer(second).value());
  ASSERT_TRUE(run.answer_reload(second, {.good = true, .text = "nothing has changed"}));
  EXPECT_EQ(run.find_reload().value(), std::nullopt);
  for (const auto id : {first, second}) {
    const auto answer = requests_.find_answer(id).value();
    ASSERT_TRUE(answer) << id;
    EXPECT_TRUE(answer->good);
    EXPECT_EQ(answer->text, "nothing has changed");
  }
}

/// Dead letters and others of one destination.
class RetryTest : public RequestsTest {
 protected:
  void deliver(const std::string& id, const std::string& service, DeliveryState state,
               const std::string& to = "webhook:1") {
    auto alert = make_alert("alert " + id);
    alert.service = ServiceName(service);
    Commit commit{.alerts = {alert}, .deliveries = {make_delivery(id, alert, to)}};
    commit.deliveries[0].conditional = true;
    ASSERT_TRUE(store_.commit({&commit, 1}));
    const DeliveryUpdate update{
        .id = {id}, .state = state, .attempts = 3, .at = kNow, .detail = "413", .group = "g" + id};
    ASSERT_TRUE(store_.update({&update, 1}));
  }
  std::vector<std::string> ask(const std::string& id) {
    const auto retries = requests_.ask_for_retry(id, {"Ann", kNow}).value();
    outdated_ = retries.outdated;
    EXPECT_EQ(requests_.has_retries().value(), retries.asked > 0);
    std::vector<std::string> ids;
    for (const auto& delivery : store_.take_retries(kNow + 1h, 100).value()) {
      EXPECT_EQ(delivery.attempts, 0);
      EXPECT_EQ(delivery.group, "");
      EXPECT_FALSE(delivery.conditional);
      EXPECT_EQ(delivery.last_error, "to be sent again on request; before: 413");
      ids.push_back(delivery.id.value);
    }
    EXPECT_EQ(ids.size(), retries.asked);
    EXPECT_FALSE(requests_.has_retries().value());
    EXPECT_THAT(store_.take_retries(kNow, 100).value(), testing::IsEmpty()) << "once";
    return ids;
  }
  std::size_t outdated_ = 0;
};

TEST_F(RetryTest, MakesDeadLettersPendingAgainInTheirOrder) {
  using enum DeliveryState;
  deliver("1", "a", dead);
  deliver("2", "b", delivered);
  deliver("3", "a", dead);
  deliver("4", "c", dead, "slack:1");
  EXPECT_THAT(ask("none"), testing::IsEmpty());
  EXPECT_THAT(ask("2"), testing::IsEmpty()) << "it was delivered";
  EXPECT_THAT(ask("g4"), ElementsAre("4")) << "of its group";
  EXPECT_THAT(ask(""), ElementsAre("1", "3"));
  EXPECT_THAT(store_.load_pending("webhook:1", 0, 10).value(), testing::SizeIs(2));
  EXPECT_EQ(outdated_, 0U);
}

TEST_F(RetryTest, TakesTheLaterOnesOfTheServiceAlongAndNoneThatIsOutdated) {
  using enum DeliveryState;
  deliver("1", "a", dead);
  deliver("2", "a", dead);
  deliver("3", "b", dead);
  deliver("4", "a", dead, "slack:1");
  EXPECT_THAT(ask("1"), ElementsAre("1", "2")) << "its end, lest it fire for ever";
  deliver("5", "b", delivered);
  EXPECT_THAT(ask("3"), testing::IsEmpty()) << "5 was sent after it";
  EXPECT_EQ(outdated_, 1U);
  deliver("6", "a", pending, "slack:1");
  EXPECT_THAT(ask(""), testing::IsEmpty());
  EXPECT_EQ(outdated_, 2U);
}

TEST_F(RetryTest, AreTakenInStepsAndNeverBehindSomethingLater) {
  using enum DeliveryState;
  for (const auto* id : {"1", "2", "3"}) deliver(id, "a", dead);
  deliver("4", "b", dead);
  ASSERT_EQ(requests_.ask_for_retry("", {"Ann", kNow})->asked, 4U);
  const auto take = [&] {
    std::vector<std::string> ids;
    for (const auto& delivery : store_.take_retries(kNow, 2).value())
      ids.push_back(delivery.id.value);
    return ids;
  };
  EXPECT_THAT(take(), ElementsAre("1", "2"));
  EXPECT_EQ(requests_.has_retries().value(), true);
  deliver("5", "b", delivered);
  EXPECT_THAT(take(), ElementsAre("3")) << "5 was sent after 4";
  EXPECT_EQ(requests_.has_retries().value(), false);
}

TEST(Requests, NeedAStore) {
  const ScratchDirectory scratch;
  const auto opened = Requests::open(scratch.path());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what,
              HasSubstr("nothing is stored here yet: start `tocsin run` first"));
}

}  // namespace
}  // namespace tocsin::store
