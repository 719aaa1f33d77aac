#include "domain/timeline.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace tocsin {
namespace {

using testing::ElementsAre;

/// "0r 5s 7 ": at that many milliseconds, by the letter of the state; a dot: nothing is known.
std::vector<Seen> row(const std::vector<std::pair<std::int64_t, char>>& states) {
  std::vector<Seen> row;
  for (const auto& [at, letter] : states) {
    row.push_back({.at = Time(Duration(at)), .state = {}});
    for (const auto state : all_values<ServiceState>())
      if (row_of(state).letter == letter) row.back().state = state;
  }
  return row;
}

std::string text(std::span<const Seen> row) {
  std::string text;
  for (const auto& [at, state] : row) {
    if (!text.empty()) text += ' ';
    text += std::to_string(at.time_since_epoch().count());
    text += state ? row_of(*state).letter : '.';
  }
  return text;
}

TEST(Timeline, EachStateHasALetterAndARankOfItsOwn) {
  for (const auto a : all_values<ServiceState>())
    for (const auto b : all_values<ServiceState>()) {
      EXPECT_EQ(row_of(a).letter == row_of(b).letter, a == b);
      EXPECT_EQ(worse(a, b), worse(b, a));
    }
  EXPECT_EQ(worse(ServiceState::running, ServiceState::stopped), ServiceState::stopped);
  EXPECT_EQ(worse(ServiceState::missing, ServiceState::stopped), ServiceState::missing);
}

TEST(Timeline, AServiceIsUnknownWhileItsHostIsNotReached) {
  EXPECT_EQ(text(seen_through(row({{0, 'r'}, {10, 'u'}, {20, 'r'}}), row({{0, 'r'}, {20, 's'}}))),
            "0r 10u 20s");
  EXPECT_EQ(text(seen_through(row({{0, 'r'}, {10, 'u'}, {20, 'r'}}), row({{0, 'r'}}))),
            "0r 10u 20r");
}

TEST(Timeline, NothingIsKnownWhileTocsinDoesNotRun) {
  EXPECT_EQ(text(seen_through(row({{0, 'r'}, {10, '.'}, {20, 'r'}}), row({{5, 's'}, {15, 'r'}}))),
            "0. 5s 10. 20r");
  EXPECT_EQ(text(seen_through({}, row({{5, 's'}}))), "5.");
  EXPECT_EQ(text(seen_through(row({{0, 'u'}}), row({{5, '.'}}))), "0.");
}

TEST(Timeline, AShortRowIsNotThinned) {
  const auto states = row({{0, 'r'}, {5, 's'}, {6, 'r'}});
  EXPECT_EQ(thin(states, Time(Duration(1000)), 3), states);
}

TEST(Timeline, AThinnedRowKeepsTheWorst) {
  const auto states = row({{0, 'r'}, {10, 's'}, {11, 'r'}, {12, 'p'}, {13, 'r'}, {90, 's'}});
  EXPECT_EQ(text(thin(states, Time(Duration(100)), 4)), "0s 13r 90s");
}

TEST(Timeline, AThinnedRowKeepsTheTimesOfWhatStandsAlone) {
  const auto states =
      row({{0, 'r'}, {300, 's'}, {301, 'r'}, {302, 's'}, {303, 'r'}, {720, 's'}, {930, 'r'}});
  EXPECT_EQ(text(thin(states, Time(Duration(1000)), 6)), "0s 303r 720s 930r");
}

TEST(Timeline, AThinnedRowHasNoMorePointsThanWereAskedFor) {
  std::vector<Seen> states;
  states.reserve(10'000);
  for (int i = 0; i < 10'000; i++)
    states.push_back({.at = Time(Duration(i * i)),
                      .state = i % 3 == 0 ? ServiceState::stopped : ServiceState::running});
  for (const std::size_t points : {2U, 3U, 10U, 999U, 5000U}) {
    const auto thinned = thin(states, states.back().at + Duration(1), points);
    EXPECT_LE(thinned.size(), points);
    EXPECT_GE(thinned.size(), points / 4);
    EXPECT_EQ(thinned.front().at, states.front().at);
    EXPECT_TRUE(std::ranges::is_sorted(thinned, {}, &Seen::at));
  }
}

TEST(Timeline, AStateIsWorseThanNone) {
  const auto states = row({{0, '.'}, {1, 'r'}, {2, '.'}, {3, 'r'}, {4, '.'}});
  EXPECT_EQ(text(thin(states, Time(Duration(1000)), 2)), "0r 4.");
}

}  // namespace
}  // namespace tocsin
