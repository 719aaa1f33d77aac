// Entries that ask for more than a service's key name.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/watch.h"

namespace tocsin {
namespace {

constexpr std::uint32_t kCopy = 0xE0;
constexpr std::uint32_t kShared = 0x20;

/// The place of the entry that watches it; -1: none does.
int place(const Watchlist& watchlist, const std::string& name, const ServiceDetails* known) {
  const auto* found = watchlist.find(ServiceName(name), known);
  return found == nullptr ? -1 : static_cast<int>(found - watchlist.entries().data());
}
int place(const Watchlist& watchlist, const std::string& name, const ServiceDetails& known = {}) {
  return place(watchlist, name, &known);
}

ServiceDetails displayed(std::string display_name) {
  return {.display_name = std::move(display_name)};
}

TEST(WatchlistDetails, ADisplayNameIsAPatternOrAWholeName) {
  const Watchlist watchlist({{.display_name = "qlik sense *"}, {.display_name = "Print Spooler"}});
  EXPECT_EQ(place(watchlist, "X", displayed("Qlik Sense Proxy")), 0);
  EXPECT_EQ(place(watchlist, "Spooler", displayed("PRINT SPOOLER")), 1);
  EXPECT_EQ(place(watchlist, "Spooler", displayed("Print Spooler 2")), -1);
  EXPECT_EQ(place(watchlist, "Print Spooler", displayed("Other")), -1);
  EXPECT_TRUE(watchlist.exact_names().empty());
  EXPECT_TRUE(watchlist.has_patterns());
  EXPECT_TRUE(watchlist.has_display_names());
  EXPECT_TRUE(watchlist.needs_details());
}

TEST(WatchlistDetails, WithoutADisplayNameItsEntriesFindNothing) {
  const Watchlist watchlist({{.display_name = "*"}, {.pattern = "Spool*"}});
  EXPECT_EQ(place(watchlist, "Spooler", displayed("Print Spooler")), 0);
  EXPECT_EQ(place(watchlist, "Spooler"), 1);
  EXPECT_EQ(place(watchlist, "Spooler", nullptr), 1);
  EXPECT_EQ(place(watchlist, "Other", nullptr), -1);
}

TEST(WatchlistDetails, TheFirstEntryWinsWhateverItAsksFor) {
  const Watchlist watchlist({{.pattern = "A"}, {.display_name = "*"}, {.pattern = "B"}});
  EXPECT_EQ(place(watchlist, "A", displayed("Any")), 0);
  EXPECT_EQ(place(watchlist, "B", displayed("Any")), 1);
  EXPECT_EQ(place(watchlist, "B", nullptr), 2);
  EXPECT_FALSE(Watchlist({{.pattern = "A*"}}).needs_details());
}

TEST(WatchlistDetails, ExclusionsAreOfEitherName) {
  for (const auto& entry : {WatchedService{.pattern = "*", .exclude = {"old*", "*Test"}},
                            WatchedService{.display_name = "*", .exclude = {"old*", "*Test"}}}) {
    const Watchlist watchlist({entry});
    EXPECT_EQ(place(watchlist, "OldOne", displayed("X")), -1);
    EXPECT_EQ(place(watchlist, "X", displayed("A test")), -1);
    EXPECT_EQ(place(watchlist, "X", displayed("Y")), 0);
  }
}

TEST(WatchlistDetails, AutomaticOnlyRulesOutOtherKnownStartModes) {
  const Watchlist watchlist(
      {{.pattern = "Named"}, {.pattern = "*", .automatic_only = true}, {.pattern = "Q*"}});
  const auto of_mode = [&](const std::string& name, StartMode mode) {
    return place(watchlist, name, ServiceDetails{.start_mode = mode});
  };
  using enum StartMode;
  for (const auto mode : {automatic, automatic_delayed}) EXPECT_EQ(of_mode("X", mode), 1);
  for (const auto mode : {manual, disabled, boot, system}) EXPECT_EQ(of_mode("X", mode), -1);
  EXPECT_EQ(of_mode("Qlik", manual), 2);
  EXPECT_EQ(of_mode("Named", manual), 0);
}

TEST(WatchlistDetails, WithoutAStartModeItIsFoundAndUndecided) {
  const Watchlist watchlist({{.pattern = "*", .automatic_only = true}, {.pattern = "Named"}});
  const ServiceName other("Other");
  EXPECT_EQ(place(watchlist, "Other", nullptr), 0);
  EXPECT_TRUE(watchlist.is_undecided(other, nullptr));
  const ServiceDetails manual{.start_mode = StartMode::manual};
  EXPECT_FALSE(watchlist.is_undecided(other, &manual));
  EXPECT_FALSE(watchlist.is_undecided(ServiceName("Named"), nullptr));
}

TEST(WatchlistDetails, APatternForCopiesFindsTheBaseName) {
  const Watchlist watchlist({{.pattern = "CDPUserSvc_*"}});
  EXPECT_EQ(place(watchlist, "CDPUserSvc", {.type = kCopy}), 0);
  EXPECT_EQ(place(watchlist, "CDPUserSvc", nullptr), 0);
  EXPECT_EQ(place(watchlist, "CDPUserSvc", {.type = kShared}), -1);
  EXPECT_EQ(place(watchlist, "CDPUserSvc2", {.type = kCopy}), -1);
}

}  // namespace
}  // namespace tocsin
