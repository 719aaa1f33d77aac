#include "domain/known_services.h"

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin {
namespace {

using testing::ElementsAre;

// There are half a million where ten thousand hosts have fifty each.
static_assert(sizeof(KnownService) <= 136);

std::vector<std::string> names_of(const auto& services) {
  std::vector<std::string> names;
  for (const auto& service : services) names.push_back(service.name.text());
  return names;
}

ObservedService observed(const char* name, ServiceState state = ServiceState::running) {
  return {.name = ServiceName(name), .status = {.state = state}, .details = {}};
}

KnownServices known(std::initializer_list<const char*> names) {
  KnownServices services;
  for (const auto* name : names) services[ServiceName(name)].tracked.process_id = 1;
  return services;
}

TEST(KnownServices, AreInTheOrderOfTheirNamesEachOnce) {
  auto services = known({"delta", "Alpha", "CHARLIE", "alpha", "bravo"});
  EXPECT_THAT(names_of(services), ElementsAre("Alpha", "bravo", "CHARLIE", "delta"));
  services.erase({ServiceName("charlie"), ServiceName("echo")});
  EXPECT_THAT(names_of(services), ElementsAre("Alpha", "bravo", "delta"));
  services.add({ServiceName("baker"), ServiceName("Easy")});
  EXPECT_THAT(names_of(services), ElementsAre("Alpha", "baker", "bravo", "delta", "Easy"));
  EXPECT_EQ(services.find(ServiceName("Charlie")), nullptr);
  EXPECT_EQ(services.find(ServiceName("DELTA"))->tracked.process_id, 1U);
}

TEST(ObservedServices, AreSortedAndOfANameThatIsThereTwiceTheFirstCounts) {
  const ObservedServices services(
      {observed("b"), observed("A", ServiceState::stopped), observed("a"), observed("C")});
  EXPECT_THAT(names_of(services), ElementsAre("A", "b", "C"));
  EXPECT_EQ(services.begin()->status.state, ServiceState::stopped);
}

TEST(WalkInStep, VisitsWhatEitherHasOnce) {
  const auto services = known({"b", "d", "e"});
  const ObservedServices seen({observed("f"), observed("D"), observed("a"), observed("c")});
  std::vector<std::string> visited;
  walk_in_step(services, seen, [&](const KnownService* one, const ObservedService* other) {
    visited.push_back((one == nullptr ? "-" : one->name.text()) + "/" +
                      (other == nullptr ? "-" : other->name.text()));
  });
  EXPECT_THAT(visited, ElementsAre("-/a", "b/-", "-/c", "d/D", "e/-", "-/f"));
}

TEST(FlapHistory, ForgetsWhatIsOldAndFollowsTheClock) {
  const auto at = [](int second) { return Time(std::chrono::seconds(second)); };
  FlapHistory history;
  EXPECT_TRUE(history.empty());
  for (const int second : {10, 20, 30}) history.add(at(second));
  const auto copy = history;
  history.forget_until(at(20));
  EXPECT_THAT(history.times(), ElementsAre(at(30)));
  EXPECT_EQ(copy.size(), 3U);
  EXPECT_NE(copy, history);
  history.follow_clock(std::chrono::seconds(100), at(120));
  EXPECT_THAT(history.times(), ElementsAre(at(120)));
  history.forget_until(at(120));
  EXPECT_EQ(history, FlapHistory());
}

}  // namespace
}  // namespace tocsin
