// What a check of a whole host changes, and which details alerts lack.
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/decide.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Time kHostChecked{Duration{1'700'000'000'000}};

class DecideHostTest : public ::testing::Test {
 protected:
  /// Checks, remembers, and answers the changes as "name kind", "name -" (no transition), each with
  /// " forgotten" where it is.
  std::vector<std::string> see(Result<std::vector<ObservedService>> services) {
    now_ += 1s;
    const auto changes =
        decide(tracked_, {HostName("host"), now_, std::move(services)}, watchlist_);
    std::vector<std::string> notified;
    for (const auto& change : changes) {
      auto text = change.name.text() + " ";
      text += change.transition ? to_string(change.transition->kind) : "-";
      if (change.forgotten) {
        text += " forgotten";
        tracked_.erase({change.name});
      } else {
        tracked_[change.name].tracked = change.next;
      }
      notified.push_back(std::move(text));
    }
    return notified;
  }
  static ObservedService service(std::string_view name, ServiceState state) {
    return {
        ServiceName(name), {.state = state, .process_id = state == running ? 100U : 0}, nullptr};
  }

  KnownServices tracked_;
  Watchlist watchlist_{{{.pattern = "Alpha"}, {.pattern = "Qlik*", .exclude = {"QlikTest*"}}}};
  Time now_ = kHostChecked;
};

TEST_F(DecideHostTest, OnlyChangesAreAnswered) {
  EXPECT_THAT(see({{service("Alpha", running), service("QlikA", running)}}),
              ElementsAre("Alpha -", "QlikA -"));
  EXPECT_THAT(see({{service("Alpha", running), service("QlikA", running)}}), IsEmpty());
  EXPECT_THAT(see({{service("QlikA", stopped), service("Alpha", running)}}),
              ElementsAre("QlikA stopped"));
}

TEST_F(DecideHostTest, NamesCompareWithoutCase) {
  see({{service("ALPHA", running)}});
  EXPECT_THAT(see({{service("alpha", stopped)}}), ElementsAre("alpha stopped"));
}

TEST_F(DecideHostTest, UnwatchedServicesAreNothing) {
  EXPECT_THAT(see({{service("Beta", running), service("QlikTest1", stopped)}}), IsEmpty());
}

TEST_F(DecideHostTest, AHostNotReachedMakesNoTransition) {
  see({{service("Alpha", running), service("QlikA", running)}});
  EXPECT_THAT(see(fail(ErrorKind::unreachable, "no route")), ElementsAre("Alpha -", "QlikA -"));
  EXPECT_EQ(tracked_.find(ServiceName("alpha"))->tracked.seen.state, unknown);
  EXPECT_THAT(see(fail(ErrorKind::unreachable, "no route")), IsEmpty());
  EXPECT_THAT(see({{service("Alpha", stopped), service("QlikA", running)}}),
              ElementsAre("Alpha stopped", "QlikA -"));
}

TEST_F(DecideHostTest, APatternsServiceVanishesOnceAndReturns) {
  see({{service("Alpha", running), service("QlikA", running), service("QlikB", stopped)}});
  EXPECT_THAT(see({{service("Alpha", running), service("QlikB", missing)}}),
              ElementsAre("QlikA vanished", "QlikB vanished"));
  EXPECT_THAT(see({{service("Alpha", running), service("QlikB", missing)}}), IsEmpty());
  EXPECT_THAT(see({{service("Alpha", running), service("QlikA", running)}}),
              ElementsAre("QlikA started"));
}

TEST_F(DecideHostTest, AnExactNameVanishesAndStays) {
  see({{service("Alpha", running)}});
  EXPECT_THAT(see({{service("Alpha", missing)}}), ElementsAre("Alpha vanished"));
  EXPECT_THAT(see({{service("Alpha", running)}}), ElementsAre("Alpha started"));
}

TEST_F(DecideHostTest, AnExactNameThatTheAnswerLacksWasNotSeen) {
  see({{service("Alpha", running)}});
  EXPECT_THAT(see({std::vector<ObservedService>{}}), ElementsAre("Alpha -"));
  EXPECT_EQ(tracked_.find(ServiceName("Alpha"))->tracked.seen.state, unknown);
}

TEST_F(DecideHostTest, WhatTheWatchlistNoLongerNamesIsForgottenSilently) {
  see({{service("Alpha", running), service("QlikA", running)}});
  watchlist_ = Watchlist{{{.pattern = "QlikA"}}};
  EXPECT_THAT(see({{service("Alpha", stopped), service("QlikA", running)}}),
              ElementsAre("Alpha - forgotten"));
  watchlist_ = Watchlist{};
  EXPECT_THAT(see(fail(ErrorKind::timed_out, "silence")), ElementsAre("QlikA - forgotten"));
}

TEST_F(DecideHostTest, OfANameBroughtTwiceTheFirstCounts) {
  see({{service("Alpha", running)}});
  EXPECT_THAT(see({{service("Alpha", running), service("ALPHA", stopped)}}), IsEmpty());
}

TEST_F(DecideHostTest, EachEntryHasItsOwnPolicy) {
  watchlist_ = Watchlist{{{.pattern = "Slow", .policy = {.pending_limit = 60s}},
                          {.pattern = "*", .policy = {.pending_limit = 5s}}}};
  see({{service("Slow", start_pending), service("Quick", start_pending)}});
  now_ += 9s;
  EXPECT_THAT(see({{service("Slow", start_pending), service("Quick", start_pending)}}),
              ElementsAre("Quick stuck"));
}

TEST(LackingDetails, AreThoseThatAlertsNeedThenThoseThatDecideWhatIsWatched) {
  const Watchlist watchlist{{{.pattern = "Auto*", .automatic_only = true},
                             {.pattern = "Named"},
                             {.pattern = "Known"},
                             {.pattern = "Fine"},
                             {.pattern = "Found*"}}};
  const auto observe = [](ServiceState state) {
    std::vector<ObservedService> services;
    for (const auto* name : {"AutoA", "Named", "Known", "Fine", "FoundA"})
      services.push_back({ServiceName(name), {.state = state}, {}});
    return Observation{HostName("h"), kHostChecked, std::move(services)};
  };
  const auto read =
      std::make_shared<const ServiceDetails>(ServiceDetails{.start_mode = StartMode::manual});
  const KnownDetails known{{ServiceName("Known"), read}};
  EXPECT_THAT(lacking_details({}, observe(stopped), watchlist, known),
              ElementsAre(ServiceName("Fine"), ServiceName("Named"), ServiceName("AutoA")))
      << "FoundA is a baseline";
  EXPECT_THAT(lacking_details({}, observe(running), watchlist, known),
              ElementsAre(ServiceName("AutoA")));
  KnownServices tracked;
  for (const auto* name : {"Named", "Known", "Fine", "FoundA"})
    tracked[ServiceName(name)].tracked = {.seen = {.state = running}, .settled = running};
  tracked[ServiceName("Fine")].tracked = {.seen = {.state = stopped}, .settled = stopped};
  tracked[ServiceName("Known")].details = read;
  EXPECT_THAT(lacking_details(tracked, observe(stopped), watchlist),
              ElementsAre(ServiceName("FoundA"), ServiceName("Named"), ServiceName("AutoA")))
      << "the others bring no transition, or are known";
  EXPECT_THAT(lacking_details(tracked, observe(denied), watchlist), IsEmpty());
}

}  // namespace
}  // namespace tocsin
