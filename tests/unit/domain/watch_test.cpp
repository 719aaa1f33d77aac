#include "domain/watch.h"

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin {
namespace {

using ::testing::ElementsAre;

struct WatchRow {
  const char* name;
  std::vector<WatchedService> entries;
  std::string service;
  int expected;  ///< the entry's index; -1: not watched
};

std::ostream& operator<<(std::ostream& out, const WatchRow& row) { return out << row.name; }

class WatchlistTest : public ::testing::TestWithParam<WatchRow> {};

TEST_P(WatchlistTest, Finds) {
  const Watchlist watchlist(GetParam().entries);
  const auto* found = watchlist.find(ServiceName(GetParam().service));
  EXPECT_EQ(found == nullptr ? -1 : found - watchlist.entries().data(), GetParam().expected);
}

WatchedService watch(std::string pattern, std::vector<std::string> exclude = {}) {
  return {.pattern = std::move(pattern), .exclude = std::move(exclude)};
}

INSTANTIATE_TEST_SUITE_P(
    All, WatchlistTest,
    ::testing::Values(
        WatchRow{"Nothing", {}, "Spooler", -1}, WatchRow{"Exact", {watch("Spooler")}, "Spooler", 0},
        WatchRow{"ExactInOtherCase", {watch("spooler")}, "SPOOLER", 0},
        WatchRow{"ExactBeyondAscii", {watch("Größe_é")}, "GRÖßE_É", 0},
        WatchRow{"OrdinaryCharacters", {watch("SQL$A&B (#1)")}, "sql$a&b (#1)", 0},
        WatchRow{"NotAPart", {watch("Spool")}, "Spooler", -1},
        WatchRow{"Star", {watch("Qlik*")}, "qlikSenseProxy", 0},
        WatchRow{"QuestionMark", {watch("MSSQL$?")}, "mssql$ä", 0},
        WatchRow{"QuestionMarkIsOneCharacter", {watch("MSSQL$?")}, "mssql$ab", -1},
        WatchRow{"ExcludedName", {watch("Qlik*", {"QlikTest"})}, "QLIKTEST", -1},
        WatchRow{"ExcludedPattern", {watch("Qlik*", {"*Test*"})}, "QlikMyTest1", -1},
        WatchRow{"ExcludedHereNamedLater", {watch("Qlik*", {"QlikA"}), watch("QlikA")}, "qlika", 1},
        WatchRow{"ExcludedHereMatchedLater", {watch("Qlik*", {"QlikA"}), watch("*")}, "qlika", 1},
        WatchRow{"TheFirstOfTwoNames", {watch("A"), watch("a")}, "A", 0},
        WatchRow{"TheFirstOfTwoPatterns", {watch("Q*"), watch("Ql*")}, "Qlik", 0},
        WatchRow{"APatternBeforeTheName", {watch("Q*"), watch("Qlik")}, "Qlik", 0},
        WatchRow{"TheNameBeforeAPattern", {watch("B"), watch("Qlik"), watch("Q*")}, "Qlik", 1},
        WatchRow{"AnExclusionOfAnExactNameIsNone", {watch("A", {"A"})}, "A", 0}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Watchlist, ExactNamesKeepTheirOrderAndStandOnce) {
  const Watchlist watchlist({watch("Zeta"), watch("Q*"), watch("Alpha"), watch("ZETA")});
  EXPECT_THAT(watchlist.exact_names(), ElementsAre(ServiceName("Zeta"), ServiceName("Alpha")));
  EXPECT_TRUE(watchlist.is_exact(ServiceName("alpha")));
  EXPECT_FALSE(watchlist.is_exact(ServiceName("Q*")));
  EXPECT_TRUE(watchlist.has_patterns());
  EXPECT_FALSE(Watchlist({watch("Zeta")}).has_patterns());
}

TEST(Watchlist, ACopyFindsItsOwnEntries) {
  Watchlist original({watch("Qlik*")});
  const Watchlist copy = original;
  original = Watchlist();
  EXPECT_EQ(copy.find(ServiceName("QlikA")), copy.entries().data());
}

}  // namespace
}  // namespace tocsin
