#include "probe/selection.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::probe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using enum ServiceState;

constexpr std::uint32_t kCopy = 0xE0;
constexpr std::uint32_t kTemplate = 0x60;

std::vector<Listed> listed(const std::vector<std::pair<std::string, std::uint32_t>>& services) {
  std::vector<Listed> list;
  list.reserve(services.size());
  for (const auto& [name, type] : services)
    list.push_back({list.size(), ServiceName(name), name + " display", type});
  return list;
}

std::vector<std::string> entries(const Selection& selection) {
  std::vector<std::string> entries;
  entries.reserve(selection.entries.size());
  for (const auto& [place, name] : selection.entries)
    entries.push_back(std::to_string(place) + " " + name.text());
  return entries;
}

TEST(Select, PutsTheCopiesOfAServiceTogether) {
  const auto list =
      listed({{"Svc_1a", kCopy}, {"Svc", kTemplate}, {"Svz", 0x20}, {"Svc_2b", kCopy}});
  const auto selection = select(list, Watchlist({{.pattern = "Sv*"}}), {});
  EXPECT_THAT(entries(selection), ElementsAre("0 Svc", "3 Svc", "2 Svz"));
  EXPECT_EQ(selection.copies.at(ServiceName("svc")), ServiceName("Svc_1a"));
  const auto services = observe(selection, [](std::size_t place) {
    return ServiceStatus{.state = place == 3 ? running : stopped, .process_id = 5};
  });
  ASSERT_EQ(services.size(), 2);
  EXPECT_EQ(services[0].status.state, running);
  EXPECT_EQ(services[0].status.process_id, 0U);
  EXPECT_EQ(services[1].status.process_id, 5U);
}

TEST(Select, ACopyThatIsNamedInFullStaysItself) {
  const auto list = listed({{"Svc_1a", kCopy}, {"Svc_2b", kCopy}});
  const auto selection = select(list, Watchlist({{.pattern = "Svc*"}, {.pattern = "Svc_2b"}}), {});
  EXPECT_THAT(entries(selection), ElementsAre("0 Svc", "1 Svc_2b"));
}

TEST(Select, WhatLooksLikeACopyAndIsNoneIsOrdinary) {
  const auto list = listed({{"Svc_1a", 0x10}, {"Svc_2b", 0x10}});
  EXPECT_THAT(entries(select(list, Watchlist({{.pattern = "Svc_*"}}), {})),
              ElementsAre("0 Svc_1a", "1 Svc_2b"));
}

TEST(Select, OneLogonsCopiesMayBeMeant) {
  const auto list = listed({{"Svc_1a", kCopy}, {"Svc_2b", kCopy}});
  EXPECT_THAT(entries(select(list, Watchlist({{.pattern = "*_2b"}}), {})), ElementsAre("1 Svc_2b"));
}

TEST(Select, KeepsWhatWasReported) {
  const auto list = listed({{"A", 0x10}, {"B", 0x10}});
  EXPECT_THAT(entries(select(list, Watchlist({{.display_name = "X"}}), {ServiceName("B")})),
              ElementsAre("1 B"));
}

class KeepWatched : public testing::Test {
 protected:
  std::vector<std::string> kept(StartMode mode) {
    const ServiceDetails details{.display_name = "A", .start_mode = mode, .type = 0x10};
    std::vector<ObservedService> services{
        {.name = ServiceName("A"), .details = std::make_shared<const ServiceDetails>(details)},
        {.name = ServiceName("Named")}};
    keep_watched(services, watchlist, reported);
    std::vector<std::string> names;
    names.reserve(services.size());
    for (const auto& service : services) names.push_back(service.name.text());
    return names;
  }
  const Watchlist watchlist{{{.pattern = "A*", .automatic_only = true}, {.pattern = "Named"}}};
  std::optional<Names> reported;
};

TEST_F(KeepWatched, TheFirstCheckReportsWhatIsNotWatchedSinceOthersMayBelieveIt) {
  EXPECT_THAT(kept(StartMode::manual), ElementsAre("A", "Named"));
  EXPECT_THAT(kept(StartMode::manual), ElementsAre("Named"));
}

TEST_F(KeepWatched, WhatIsWatchedNoMoreIsReportedOnce) {
  EXPECT_THAT(kept(StartMode::unknown), ElementsAre("A", "Named"));
  EXPECT_THAT(kept(StartMode::automatic), ElementsAre("A", "Named"));
  EXPECT_THAT(kept(StartMode::automatic), ElementsAre("A", "Named"));
  EXPECT_THAT(kept(StartMode::disabled), ElementsAre("A", "Named"));
  EXPECT_THAT(kept(StartMode::disabled), ElementsAre("Named"));
  EXPECT_THAT(kept(StartMode::automatic_delayed), ElementsAre("A", "Named"));
}

}  // namespace
}  // namespace tocsin::probe
