#include "probe/details_cache.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace tocsin::probe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using enum ServiceState;

constexpr auto kSixHours = std::chrono::milliseconds(6h);

ObservedService service(const char* name, std::uint32_t process = 7) {
  return {.name = ServiceName(name),
          .status = {.state = running, .process_id = process},
          .details = nullptr};
}
ServiceDetails details_of(const std::string& name) {
  return {.display_name = name, .start_mode = StartMode::manual, .executable_path = name + ".exe"};
}
ObservedService known(const char* name, ServiceDetails details) {
  auto all = service(name);
  all.details = std::make_shared<const ServiceDetails>(std::move(details));
  return all;
}

class DetailsCacheTest : public testing::Test {
 protected:
  std::vector<std::string> due() {
    std::vector<std::string> names;
    for (const auto& name : cache_.due(now_)) names.push_back(name.text());
    return names;
  }
  void learn(const char* name) { cache_.answer(ServiceName(name), details_of(name), now_); }

  DetailsCache cache_{{.age = kSixHours}, HostName("node")};
  Time now_{Time() + 24h * 20000};
  const std::vector<ObservedService> both_{service("B"), service("A")};
};

TEST_F(DetailsCacheTest, ThoseThatWereNeverReadAreDueInTheOrderOfTheCheck) {
  EXPECT_THAT(due(), IsEmpty());
  cache_.observe(both_);
  EXPECT_THAT(due(), ElementsAre("B", "A"));
  learn("B");
  EXPECT_THAT(due(), ElementsAre("A"));
  learn("A");
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(DetailsCacheTest, AllAreDueOnceInAnAgeAtATimeOfTheHost) {
  const auto due_after = [this](const char* host) {
    cache_ = {{.age = kSixHours}, HostName(host)};
    cache_.observe(both_);
    learn("B");
    learn("A");
    Duration passed{};
    while (cache_.due(now_ + passed).empty()) passed += 1min;
    return passed;
  };
  const auto of_other = due_after("other");
  const auto of_node = due_after("node");
  EXPECT_NE(of_node, of_other);
  EXPECT_LE(of_node, kSixHours);
  now_ += of_node;
  EXPECT_THAT(due(), ElementsAre("B", "A"));
  learn("B");
  learn("A");
  now_ += kSixHours - 1min;
  EXPECT_THAT(due(), IsEmpty());
  now_ += 1min;
  EXPECT_THAT(due(), ElementsAre("B", "A"));
}

TEST_F(DetailsCacheTest, AServiceWithANewStateOrProcessIsDue) {
  cache_.observe(both_);
  learn("A");
  learn("B");
  EXPECT_THAT(due(), IsEmpty());
  cache_.observe(std::vector{service("B"), service("A", 8)});
  EXPECT_THAT(due(), ElementsAre("A"));
}

TEST_F(DetailsCacheTest, WhatIsGoneIsForgottenAndTheRestIsKeptInAnyOrder) {
  cache_.observe(both_);
  learn("A");
  learn("B");
  cache_.observe(std::vector{service("A"), service("C")});
  EXPECT_THAT(due(), ElementsAre("C"));
  EXPECT_EQ(cache_.find(ServiceName("B")), nullptr);
  ASSERT_NE(cache_.find(ServiceName("a")), nullptr);
  EXPECT_EQ(*cache_.find(ServiceName("A")), details_of("A"));
}

TEST_F(DetailsCacheTest, WhatAnEarlierRunKnewIsNotReadAgain) {
  cache_.recall(std::vector{known("A", details_of("A")), known("B", details_of("B"))}, now_);
  cache_.introduce({{ServiceName("A"), {.display_name = "A"}}});
  cache_.observe(both_);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(*cache_.find(ServiceName("A")), details_of("A"));
}

TEST_F(DetailsCacheTest, WhatAnEarlierRunKnewInPartOrBeforeAChangeIsReadAgain) {
  auto in_part = details_of("A");
  in_part.executable_path.clear();
  cache_.recall(std::vector{known("A", in_part), known("B", details_of("B"))}, now_);
  cache_.observe(std::vector{service("B", 8), service("A")});
  EXPECT_THAT(due(), ElementsAre("B", "A"));
}

TEST_F(DetailsCacheTest, AnotherDisplayNameInTheListMakesDetailsDue) {
  cache_.recall(std::vector{known("A", details_of("A"))}, now_);
  cache_.introduce({{ServiceName("A"), {.display_name = "another"}}});
  cache_.observe(std::vector{service("A")});
  EXPECT_THAT(due(), ElementsAre("A"));
  EXPECT_EQ(cache_.find(ServiceName("A"))->display_name, "another");
}

TEST_F(DetailsCacheTest, HostsShareEqualDetails) {
  const DetailsLimits limits;
  DetailsCache one(limits, HostName("one"));
  DetailsCache other(limits, HostName("other"));
  for (auto* cache : {&one, &other}) {
    cache->observe(both_);
    cache->answer(ServiceName("A"), details_of("A"), now_);
    cache->answer(ServiceName("B"), details_of("B"), now_);
  }
  EXPECT_EQ(one.find(ServiceName("A")), other.find(ServiceName("A")));
  EXPECT_EQ(*one.find(ServiceName("A")), details_of("A"));
  EXPECT_EQ(*one.find(ServiceName("B")), details_of("B"));
}

}  // namespace
}  // namespace tocsin::probe
