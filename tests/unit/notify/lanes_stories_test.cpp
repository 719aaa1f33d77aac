// Whole stories of lanes in virtual time.
#include <algorithm>
#include <map>
#include <random>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify/lanes_test.h"

namespace tocsin::notify {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;

struct Story {
  const char* name;
  int rate_limit;        ///< seconds
  const char* arrivals;  ///< "SECOND:KIND+SERVICE+ID", e.g. "0:stopped+a+1"
  const char* sent;      ///< "SECOND:ID", in order
};

TransitionKind kind_of(const std::string& word) {
  if (word == "stopped") return kStopped;
  if (word == "started") return kStarted;
  return TransitionKind::restarted;
}

/// Lets the story happen; every delivery is accepted at once.
std::string tell(const Story& story) {
  std::vector<std::pair<Time, store::Delivery>> arrivals;
  std::istringstream words(story.arrivals);
  for (std::string word; words >> word;) {
    const auto colon = word.find(':');
    const auto first = word.find('+');
    const auto second = word.find('+', first + 1);
    const Time at = kStart + seconds(std::stoi(word.substr(0, colon)));
    arrivals.emplace_back(at, make_delivery(word.substr(second + 1),
                                            kind_of(word.substr(colon + 1, first - colon - 1)),
                                            word.substr(first + 1, second - first - 1), at));
  }

  Lanes lanes = make_lanes(seconds(story.rate_limit));
  std::string notified;
  Time now = kStart;
  const auto tell_one = [&](const std::string& what) {
    const auto second = std::chrono::duration_cast<seconds>(now - kStart).count();
    notified += (notified.empty() ? "" : " ") + std::to_string(second) + ":" + what;
  };
  for (std::size_t next = 0; next < arrivals.size() || lanes.size() > 0;) {
    for (; next < arrivals.size() && arrivals[next].first <= now; ++next) {
      lanes.add(arrivals[next].second, now);
    }
    while (const store::Delivery* due = take_one(lanes, now)) {
      tell_one(due->id.value);
      const DeliveryId id = due->id;
      EXPECT_EQ(settle_one(lanes, id, kDelivered, now).update.state,
                store::DeliveryState::delivered);
    }
    Time wake = lanes.wake(now).value_or(Time::max());
    if (next < arrivals.size()) wake = std::min(wake, arrivals[next].first);
    if (wake == Time::max()) break;
    EXPECT_GE(wake, now);
    now = wake;
  }
  EXPECT_EQ(lanes.size(), 0U);
  EXPECT_THAT(lanes.take_outcomes(), IsEmpty()) << "nothing is merged";
  return notified;
}

class LanesTell : public testing::TestWithParam<Story> {};

TEST_P(LanesTell, TheStory) { EXPECT_EQ(tell(GetParam()), GetParam().sent); }

INSTANTIATE_TEST_SUITE_P(
    Lanes, LanesTell,
    testing::Values(
        Story{"first_at_once", 300, "0:stopped+a+1", "0:1"},
        Story{"no_limit_sends_all", 0, "0:stopped+a+1 1:stopped+a+2 2:stopped+a+3", "0:1 1:2 2:3"},
        Story{"second_of_a_kind_waits", 300, "0:stopped+a+1 10:stopped+a+2", "0:1 300:2"},
        Story{"after_the_limit_at_once", 300, "0:stopped+a+1 300:stopped+a+2", "0:1 300:2"},
        Story{"directions_have_limits_of_their_own", 300, "0:stopped+a+1 10:started+a+2",
              "0:1 10:2"},
        Story{"services_have_limits_of_their_own", 300, "0:stopped+a+1 10:stopped+b+2", "0:1 10:2"},
        Story{"names_compare_as_windows_does", 300, "0:stopped+Spooler+1 10:stopped+SPOOLER+2",
              "0:1 300:2"},
        Story{"all_that_waits_leaves_together", 300,
              "0:stopped+a+1 10:stopped+a+2 20:stopped+a+3 30:stopped+a+4",
              "0:1 300:2 300:3 300:4"},
        Story{"what_comes_after_that_waits_again", 300,
              "0:stopped+a+1 10:stopped+a+2 299:stopped+a+3 301:stopped+a+4",
              "0:1 300:2 300:3 600:4"},
        Story{"what_has_piled_up_waits_once_one_is_delivered", 300,
              "0:stopped+a+1 0:stopped+a+2 0:started+a+3 0:stopped+a+4", "0:1 300:2 300:3 300:4"},
        Story{"nothing_of_a_flapping_service_is_dropped", 300,
              "0:stopped+a+1 1:started+a+2 10:stopped+a+3 11:started+a+4 20:stopped+a+5 "
              "21:started+a+6",
              "0:1 1:2 300:3 300:4 300:5 300:6"},
        Story{"started_waits_behind_a_stopped_that_waits", 300,
              "0:stopped+a+1 10:stopped+a+2 20:started+a+3", "0:1 300:2 300:3"},
        Story{"limited_lanes_hold_no_other_back", 300,
              "0:stopped+a+1 10:stopped+a+2 11:stopped+b+3 12:started+b+4", "0:1 11:3 12:4 300:2"}),
    [](const auto& story) { return story.param.name; });

/// Random deliveries, answers and durations; what must hold for every one of them.
class RandomStory {
 public:
  explicit RandomStory(unsigned seed) : generator_(seed) {}

  void run() {
    for (int i = 0; i < 300; ++i) {
      now_ += Duration(draw(20'000));
      arrive(std::to_string(i));
      work();
    }
    while (lanes_.size() > 0) {
      now_ = lanes_.in_flight() > 0 ? now_ + Duration(1000) : wake_of(lanes_, now_);
      work();
    }
    for (const auto& [service, kinds] : last_) {
      for (const auto& [kind, id] : kinds) {
        EXPECT_TRUE(ended_.contains(id) && ended_.at(id) != store::DeliveryState::merged)
            << "nothing is dropped: " << id;
      }
    }
    EXPECT_EQ(ended_.size(), 300U);
  }

 private:
  unsigned draw(unsigned below) {
    return std::uniform_int_distribution<unsigned>(0, below - 1)(generator_);
  }

  void arrive(const std::string& id) {
    const std::string service(1, static_cast<char>('a' + draw(4)));
    const TransitionKind kind = draw(2) == 0 ? kStopped : kStarted;
    lanes_.add(make_delivery(id, kind, service, now_), now_);
    last_[service][kind] = id;
  }

  void work() {
    while (const store::Delivery* next = take_one(lanes_, now_)) {
      const std::string service = next->alert.service.text();
      EXPECT_TRUE(flying_.emplace(service, next->id).second) << "one at a time per service";
      EXPECT_LE(flying_.size(), 3U);
      int& newest = newest_[service];
      EXPECT_GE(std::stoi(next->id.value), newest) << "never reordered";
      newest = std::stoi(next->id.value);
      const Time accepted = accepted_[service][next->alert.kind];
      const bool waited = std::ranges::any_of(
          limits_end_[service], [&](Time end) { return next->created <= end && end <= now_; });
      EXPECT_TRUE(accepted == Time{} || now_ - accepted >= seconds(60) || waited)
          << "the limit is kept, but for what has waited for one";
    }
    std::erase_if(flying_, [&](const auto& one) {
      if (draw(3) == 0) return false;
      end(settle_one(lanes_, one.second, answer(), now_));
      return true;
    });
    for (const Outcome& merged : lanes_.take_outcomes()) end(merged);
  }

  Answer answer() {
    switch (draw(6)) {
      case 0:
        return Rejected{.reason = "no"};
      case 1:
        return try_later(seconds(draw(100)));
      case 2:
        return try_later();
      default:
        return kDelivered;
    }
  }

  void end(const Outcome& outcome) {
    const store::DeliveryState state = outcome.update.state;
    if (state == store::DeliveryState::pending) return;
    EXPECT_TRUE(ended_.emplace(outcome.delivery.id.value, state).second) << "ends once";
    if (state == store::DeliveryState::delivered) {
      const auto service = outcome.delivery.alert.service.text();
      accepted_[service][outcome.delivery.alert.kind] = now_;
      limits_end_[service].push_back(now_ + seconds(60));
    }
  }

  std::mt19937 generator_;
  Time now_ = kStart;
  Lanes lanes_{{.rate_limits = {seconds(60), seconds(60)}, .parallel = 3},
               {.random = [this](std::span<std::uint8_t> bytes) {
                 for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(generator_());
               }}};
  std::map<std::string, DeliveryId> flying_;
  std::map<std::string, int> newest_;
  std::map<std::string, std::map<TransitionKind, Time>> accepted_;
  std::map<std::string, std::vector<Time>> limits_end_;
  std::map<std::string, std::map<TransitionKind, std::string>> last_;
  std::map<std::string, store::DeliveryState> ended_;
};

TEST(Lanes, KeepsEveryPromiseInAnyStory) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomStory(seed).run();
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace tocsin::notify
