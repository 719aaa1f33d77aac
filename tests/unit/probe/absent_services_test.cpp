#include "probe/absent_services.h"

#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::probe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

constexpr auto kAge = 10min;
constexpr Time kNow{1h};
const ServiceName kNamed("Named");
const ServiceName kFound("Found");

/// "Named" is watched by its name; "Found" was found by a pattern. Neither is listed.
class AbsentServicesTest : public testing::Test {
 protected:
  AbsentServicesTest() { find(); }
  void find() {
    absent.find({}, {kFound}, Watchlist({{.pattern = "Named"}}),
                DetailsCache({.age = kAge}, HostName("node")));
  }
  std::vector<ServiceName> added() {
    std::vector<ObservedService> services;
    absent.add_to(services);
    std::vector<ServiceName> names;
    names.reserve(services.size());
    for (const auto& service : services) names.push_back(service.name);
    return names;
  }
  void answer_all(ServiceState state) {
    for (const auto& name : {kNamed, kFound}) absent.answer(name, {.state = state}, kNow);
  }

  AbsentServices absent{kAge};
};

TEST_F(AbsentServicesTest, EachIsAskedForAtFirst) {
  EXPECT_THAT(absent.due(kNow), UnorderedElementsAre(kNamed, kFound));
}

TEST_F(AbsentServicesTest, WhatWasFoundByAPatternAndIsGoneIsForgotten) {
  answer_all(ServiceState::missing);
  EXPECT_THAT(added(), ElementsAre(kNamed));
  EXPECT_THAT(absent.due(kNow + kAge), ElementsAre(kNamed));
}

TEST_F(AbsentServicesTest, WhatIsHiddenIsKeptAndRarelyAskedForAgain) {
  answer_all(ServiceState::denied);
  EXPECT_THAT(added(), UnorderedElementsAre(kNamed, kFound));
  EXPECT_THAT(absent.due(kNow + kAge - 1ms), IsEmpty());
  EXPECT_THAT(absent.due(kNow + kAge), UnorderedElementsAre(kNamed, kFound));
}

TEST_F(AbsentServicesTest, WhatIsThereThoughNotListedIsAskedForByEachCheck) {
  answer_all(ServiceState::running);
  EXPECT_THAT(absent.due(kNow), UnorderedElementsAre(kNamed, kFound));
}

TEST_F(AbsentServicesTest, AClockThatIsSetBackMakesAnswersTooOld) {
  answer_all(ServiceState::missing);
  EXPECT_THAT(absent.due(kNow - 1ms), UnorderedElementsAre(kNamed, kFound));
}

TEST_F(AbsentServicesTest, AnotherListMakesAllBeAskedForAgain) {
  answer_all(ServiceState::denied);
  find();
  EXPECT_THAT(absent.due(kNow), UnorderedElementsAre(kNamed, kFound));
}

}  // namespace
}  // namespace tocsin::probe
