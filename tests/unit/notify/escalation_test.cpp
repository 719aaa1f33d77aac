// Lanes of destinations that are notified only when an alert lasts, or only by kind.
#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/lanes.h"
#include "unit/notify/deliveries.h"

namespace tocsin::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using enum TransitionKind;

constexpr Duration kAfter = minutes(30);

store::Delivery conditional(std::string id, TransitionKind kind, Time created,
                            Duration after = {}) {
  auto delivery = make_delivery(std::move(id), kind, "a", created);
  delivery.alert.to = kind == started ? ServiceState::running : ServiceState::stopped;
  delivery.conditional = true;
  delivery.not_before = created + after;
  return delivery;
}
store::Delivery escalation(std::string id, TransitionKind kind, Time created = kStart) {
  return conditional(std::move(id), kind, created, kAfter);
}
store::Delivery good(std::string id, Time created) {
  return conditional(std::move(id), started, created);
}

Lanes lanes_to_escalate(seconds rate_limit = seconds(0)) {
  return {{.rate_limits = {rate_limit, rate_limit}}, {.random = longest()}};
}

class Escalation : public testing::Test {
 protected:
  /// Sends all that may be sent, each accepted at once; answers the ids.
  std::vector<std::string> send(Time now, const Answer& answer = Delivered{.detail = "ok"}) {
    std::vector<std::string> ids;
    while (const auto* next = take_one(lanes_, now)) {
      ids.push_back(next->id.value);
      reason_ = next->alert.reason;
      settle_one(lanes_, DeliveryId(next->id), answer, now);
    }
    return ids;
  }
  /// "ID STATE: detail" of all that has ended otherwise.
  std::vector<std::string> ended() {
    std::vector<std::string> lines;
    for (const auto& [delivery, update] : lanes_.take_outcomes())
      lines.push_back(delivery.id.value + " " + std::string(to_string(update.state)) + ": " +
                      update.detail);
    return lines;
  }
  Lanes lanes_ = lanes_to_escalate();
  std::string reason_;  ///< of what was sent last
};

TEST_F(Escalation, IsSentWhenItsTimeHasCome) {
  lanes_.add(escalation("1", stopped), kStart);
  EXPECT_THAT(send(kStart + kAfter - seconds(1)), IsEmpty());
  EXPECT_EQ(lanes_.wake(kStart), kStart + kAfter);
  EXPECT_EQ(lanes_.size(), 0U) << "it takes no room from others";
  EXPECT_THAT(send(kStart + kAfter), ElementsAre("1"));
  EXPECT_EQ(reason_, "escalated");
  EXPECT_THAT(ended(), IsEmpty());
}

TEST_F(Escalation, EndsUnsentWhenTheAlertIsResolved) {
  lanes_.add(escalation("1", stopped), kStart);
  lanes_.add(good("2", kStart + minutes(1)), kStart + minutes(1));
  EXPECT_THAT(send(kStart + hours(1)), IsEmpty());
  EXPECT_THAT(ended(), ElementsAre("1 merged: ended before the escalation was due",
                                   "2 merged: what it ends was not notified here"));
  EXPECT_EQ(lanes_.lane_count(), 0U);
}

TEST_F(Escalation, LeavesItsTimeToLaterAlertsAndReminders) {
  lanes_.add(escalation("1", stuck), kStart);
  const Time later = kStart + minutes(20);
  lanes_.add(escalation("2", stopped, later), later);
  const auto outcomes = lanes_.take_outcomes();
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].update.state, store::DeliveryState::merged);
  EXPECT_EQ(outcomes[0].update.detail, "notified by 2");
  EXPECT_EQ(outcomes[1].update.state, store::DeliveryState::pending);
  EXPECT_EQ(outcomes[1].update.attempts, 0);
  EXPECT_EQ(outcomes[1].update.not_before, kStart + kAfter) << "for the next run";
  EXPECT_THAT(send(kStart + kAfter), ElementsAre("2"));
}

TEST_F(Escalation, OnceSentGetsAllElseAtOnceUpToTheEnd) {
  lanes_.add(escalation("1", stuck), kStart);
  Time now = kStart + kAfter;
  EXPECT_THAT(send(now), ElementsAre("1"));
  now += minutes(1);
  lanes_.add(escalation("2", stopped, now), now);
  EXPECT_THAT(send(now), ElementsAre("2"));
  EXPECT_EQ(reason_, "");
  lanes_.add(good("3", now), now);
  EXPECT_THAT(send(now), ElementsAre("3"));
  lanes_.add(escalation("4", stopped, now), now);
  EXPECT_THAT(send(now), IsEmpty()) << "that is a new alert";
  lanes_.add(good("5", now), now);
  EXPECT_THAT(send(now), IsEmpty());
}

TEST_F(Escalation, ThatNobodyTookIsNotEnded) {
  lanes_.add(escalation("1", stopped), kStart);
  EXPECT_THAT(send(kStart + kAfter, Rejected{.reason = "no"}), ElementsAre("1"));
  lanes_.add(good("2", kStart + kAfter), kStart + kAfter);
  EXPECT_THAT(send(kStart + kAfter), IsEmpty());
  EXPECT_THAT(ended(), ElementsAre("2 merged: what it ends was not notified here"));
}

TEST_F(Escalation, UnderWayWhenTheAlertIsResolvedIsFollowedByTheEnd) {
  lanes_.add(escalation("1", stopped), kStart);
  Time now = kStart + kAfter;
  const auto* first = take_one(lanes_, now);
  ASSERT_NE(first, nullptr);
  const DeliveryId id = first->id;
  lanes_.add(good("2", now), now);
  EXPECT_THAT(send(now), IsEmpty()) << "one at a time";
  settle_one(lanes_, id, RetryAfter{.after = {}, .reason = "503"}, now);
  now += minutes(6);
  EXPECT_THAT(send(now), ElementsAre("1", "2"));
  EXPECT_THAT(ended(), IsEmpty());
}

TEST_F(Escalation, OfAnAlertDuringTheFirstSendingNeedsNoMoreWait) {
  lanes_.add(escalation("1", stuck), kStart);
  const Time now = kStart + kAfter;
  const auto* first = take_one(lanes_, now);
  ASSERT_NE(first, nullptr);
  const DeliveryId id = first->id;
  lanes_.add(escalation("2", stopped, now), now);
  EXPECT_THAT(send(now), IsEmpty());
  settle_one(lanes_, id, Delivered{.detail = "ok"}, now);
  EXPECT_THAT(send(now), ElementsAre("2"));
}

TEST_F(Escalation, BlocksNothingElse) {
  lanes_.add(escalation("1", stuck), kStart);
  auto other = make_delivery("2", stopped, "b");
  lanes_.add(other, kStart);
  lanes_.add(conditional("3", stopped, kStart), kStart);  // by a route of its kind, at once
  EXPECT_THAT(send(kStart), ElementsAre("2", "3"));
  EXPECT_THAT(ended(), ElementsAre("1 merged: notified by 3"));
}

TEST_F(Escalation, KeepsToTheRateLimit) {
  lanes_ = lanes_to_escalate(minutes(5));
  lanes_.add(escalation("1", stopped), kStart);
  const Time now = kStart + kAfter;
  EXPECT_THAT(send(now), ElementsAre("1"));
  lanes_.add(escalation("2", stopped, now), now);  // reminders
  lanes_.add(escalation("3", stopped, now + seconds(1)), now + seconds(1));
  EXPECT_THAT(send(now + minutes(5) - seconds(1)), IsEmpty());
  EXPECT_THAT(send(now + minutes(5)), ElementsAre("2", "3"));
  EXPECT_THAT(ended(), IsEmpty());
}

TEST_F(Escalation, WaitsForWhatWithholdsItToEnd) {
  std::optional<Suppression> withheld = Suppression{"silenced", kStart + kAfter + minutes(5)};
  lanes_ =
      Lanes({}, {.random = longest(), .withheld = [&](const Alert&, Time) { return withheld; }});
  lanes_.add(escalation("1", stopped), kStart);
  const Time due = kStart + kAfter;
  EXPECT_THAT(send(due), IsEmpty());
  EXPECT_EQ(lanes_.wake(due), due + kWithheldRest) << "a silence may be ended early";
  withheld->until = due + seconds(3);
  EXPECT_THAT(send(due + kWithheldRest), IsEmpty());
  withheld.reset();
  EXPECT_THAT(send(due + kWithheldRest + seconds(1)), ElementsAre("1"));
}

TEST_F(Escalation, ThatWasWithheldIsNotSentOnceTheAlertIsResolved) {
  lanes_ = Lanes({}, {.random = longest(), .withheld = [](const Alert&, Time) {
                        return std::optional(Suppression{"acknowledged"});
                      }});
  lanes_.add(escalation("1", stopped), kStart);
  EXPECT_THAT(send(kStart + kAfter), IsEmpty());
  lanes_.add(good("2", kStart + kAfter + minutes(1)), kStart + kAfter + minutes(1));
  EXPECT_THAT(send(kStart + hours(5)), IsEmpty());
  EXPECT_THAT(ended(), ElementsAre("1 merged: ended before the escalation was due",
                                   "2 merged: what it ends was not notified here"));
}

TEST_F(Escalation, GoesOnAfterARestart) {
  lanes_.add(escalation("1", stopped), kStart + minutes(10));
  EXPECT_THAT(send(kStart + kAfter), ElementsAre("1")) << "no later than before";
  lanes_ = lanes_to_escalate();
  lanes_.add(escalation("1", stopped), kStart + hours(2));
  EXPECT_THAT(send(kStart + hours(2)), ElementsAre("1")) << "at once when it is overdue";
  lanes_ = lanes_to_escalate();
  lanes_.remember(store::OpenAlert{"test:1", HostName("host"), ServiceName("A"), "A"});
  lanes_.add(escalation("2", stopped), kStart);
  lanes_.add(good("3", kStart), kStart);
  EXPECT_THAT(send(kStart), ElementsAre("2", "3")) << "it had been notified";
}

TEST_F(Escalation, IsDueInTimeWhoeverSetsTheClock) {
  for (const Duration jump : {hours(-5), hours(5)}) {
    lanes_ = lanes_to_escalate();
    lanes_.add(escalation("1", stopped), kStart);
    EXPECT_EQ(take_one(lanes_, {kStart + jump, kStart}), nullptr) << "at once";
    EXPECT_EQ(take_one(lanes_, {kStart + jump + kAfter, kStart + kAfter - seconds(1)}), nullptr);
    EXPECT_NE(take_one(lanes_, {kStart + jump + kAfter, kStart + kAfter}), nullptr);
  }
  lanes_ = lanes_to_escalate();
  lanes_.add(escalation("2", stopped), kStart - hours(5));  // loaded after the clock was set back
  EXPECT_EQ(lanes_.wake(kStart - hours(5)), kStart - hours(5) + kAfter);
}

TEST_F(Escalation, SaysThatItIsOneAfterARestartToo) {
  lanes_.add(escalation("1", stopped), kStart);
  const auto* sent = take_one(lanes_, kStart + kAfter);
  ASSERT_NE(sent, nullptr);
  auto stored = escalation("1", stopped);
  const auto failed =
      settle_one(lanes_, {"1"}, RetryAfter{.after = {}, .reason = "503"}, kStart + kAfter);
  stored.attempts = failed.update.attempts;
  stored.escalated = failed.update.escalated;
  stored.not_before = stored.updated = kStart + kAfter;
  lanes_ = lanes_to_escalate();
  lanes_.add(stored, kStart + kAfter);
  EXPECT_THAT(send(kStart + kAfter), ElementsAre("1"));
  EXPECT_EQ(reason_, "escalated") << "once";
}

TEST_F(Escalation, WaitsThoughTheEndOfTheAlertBeforeWasRefused) {
  lanes_.add(conditional("1", stopped, kStart), kStart);
  const auto* firing = take_one(lanes_, kStart);
  ASSERT_NE(firing, nullptr);
  const auto told = settle_one(lanes_, {"1"}, Delivered{}, kStart).update;
  ASSERT_TRUE(told.opens.has_value());
  EXPECT_EQ(told.opens->service, ServiceName("a"));
  EXPECT_FALSE(told.ends.has_value());

  lanes_.add(good("2", kStart), kStart);
  ASSERT_NE(take_one(lanes_, kStart), nullptr);
  const auto refused = settle_one(lanes_, {"2"}, Rejected{.reason = "400"}, kStart).update;
  EXPECT_EQ(refused.state, store::DeliveryState::dead);
  ASSERT_TRUE(refused.ends.has_value()) << "it will never be sent";
  EXPECT_FALSE(lanes_.has_open(HostName("host"), ServiceName("a")));

  lanes_.add(escalation("3", stopped), kStart);
  EXPECT_THAT(send(kStart), IsEmpty()) << "that is another alert";
  EXPECT_THAT(send(kStart + kAfter), ElementsAre("3"));
}

TEST_F(Escalation, ThatOnlyMemoryHoldsIsHandedBack) {
  lanes_.add(escalation("1", stopped), kStart);
  ASSERT_EQ(lanes_.unstored().size(), 1U);
  EXPECT_EQ(lanes_.unstored()[0].id.value, "1");
}

TEST_F(Escalation, ResolvedAlertsGoOnlyWhereTheFiringOneWasAccepted) {
  lanes_.add(conditional("1", stopped, kStart), kStart);
  EXPECT_THAT(send(kStart), ElementsAre("1"));
  lanes_.add(good("2", kStart), kStart);
  EXPECT_THAT(send(kStart), ElementsAre("2"));
  lanes_.add(good("3", kStart), kStart);
  EXPECT_THAT(send(kStart), IsEmpty());
  EXPECT_THAT(ended(), ElementsAre("3 merged: what it ends was not notified here"));
}

/// A service that goes bad and well as it likes, a destination that takes what it likes, and
/// crashes after which the next run begins with what the store would hold.
class RandomAlerts {
 public:
  explicit RandomAlerts(unsigned seed) : generator_(seed) {}

  void run() {
    for (int step = 0; step < 200; step++) {
      now_ += minutes(draw(12));
      if (draw(2) == 0) arrive();
      work();
      if (draw(10) == 0) restart();
    }
    if (is_bad_) add(good(next_id(), now_));
    for (int i = 0; i < 500; i++) {
      now_ += minutes(10);
      work();
    }
    EXPECT_THAT(pending_, IsEmpty()) << "everything comes to an end";
    EXPECT_FALSE(notified_) << "and nobody waits for it";
  }

 private:
  unsigned draw(unsigned below) {
    return std::uniform_int_distribution<unsigned>(0, below - 1)(generator_);
  }
  std::string next_id() { return std::to_string(++ids_); }

  void arrive() {
    if (is_bad_ && draw(2) == 0) {
      is_bad_ = false;
      return add(good(next_id(), now_));
    }
    if (!is_bad_) bad_since_ = now_;
    is_bad_ = true;
    add(escalation(next_id(), stopped, now_));
  }
  void add(const store::Delivery& delivery) {
    pending_.push_back(delivery);
    lanes_.add(delivery, now_);
    follow();
  }
  void work() {
    while (const auto* next = take_one(lanes_, now_)) {
      const auto delivery = *next;
      const bool well = is_resolved(delivery.alert);
      if (well) {
        EXPECT_TRUE(notified_) << delivery.id.value << ": the end of what was not notified";
      }
      if (!well && !notified_ && delivery.attempts == 1) {
        EXPECT_GE(now_, bad_since_ + kAfter) << delivery.id.value << ": too early";
      }
      const bool accepted = draw(4) != 0;
      if (accepted) notified_ = !well;
      const Answer answer = accepted ? Answer(Delivered{}) : Answer(RetryAfter{});
      record(settle_one(lanes_, DeliveryId(delivery.id), answer, now_).update);
    }
    follow();
  }
  void follow() {
    for (const auto& outcome : lanes_.take_outcomes()) record(outcome.update);
  }
  void record(const store::DeliveryUpdate& update) {
    const auto row = std::ranges::find(pending_, update.id, &store::Delivery::id);
    ASSERT_NE(row, pending_.end()) << update.id.value << " ends twice";
    if (update.state != store::DeliveryState::pending) {
      pending_.erase(row);
      return;
    }
    row->attempts = update.attempts;
    row->not_before = update.not_before;
  }
  void restart() {
    lanes_ = lanes_to_escalate();
    if (notified_)
      lanes_.remember(store::OpenAlert{"test:1", HostName("host"), ServiceName("a"), "a"});
    for (const auto& delivery : std::vector(pending_)) lanes_.add(delivery, now_);
    follow();
  }

  std::mt19937 generator_;
  Time now_ = kStart;
  Lanes lanes_ = lanes_to_escalate();
  std::vector<store::Delivery> pending_;  ///< the store's
  bool notified_ = false;
  bool is_bad_ = false;
  Time bad_since_{};
  int ids_ = 0;
};

TEST(EscalationPromises, HoldInAnyStory) {
  for (unsigned seed = 0; seed < 200; seed++) {
    SCOPED_TRACE(seed);
    RandomAlerts(seed).run();
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace tocsin::notify
