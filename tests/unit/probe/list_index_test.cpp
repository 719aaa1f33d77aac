#include "probe/smb/list_index.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace tocsin::probe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Without display names, the names are.
svcctl::Enumeration list_of(const std::vector<std::string>& names,
                            std::vector<std::string> display_names = {}) {
  if (display_names.empty()) display_names = names;
  std::vector<Bytes> texts;
  std::vector<Bytes> display_texts;
  texts.reserve(names.size());
  display_texts.reserve(display_names.size());
  for (const auto& name : names) texts.push_back(to_utf16(name));
  for (const auto& name : display_names) display_texts.push_back(to_utf16(name));
  std::vector<svcctl::EnumServiceStatus> services;
  services.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); i++)
    services.push_back({texts[i], display_texts[i], {}});
  const auto buffer = svcctl::encode_services(services, svcctl::EnumLayout::status_process, 65'536);
  svcctl::EnumServicesStatusResponse page;
  auto stub = buffer;
  page.buffer = stub;
  page.services_returned = static_cast<std::uint32_t>(services.size());
  svcctl::Enumeration list;
  EXPECT_TRUE(list.append(std::move(stub), page, svcctl::EnumLayout::status_process));
  return list;
}

std::vector<std::string> watched(const ListIndex& index) {
  std::vector<std::string> names;
  for (const auto& [place, name] : index.selection().entries)
    names.push_back(std::to_string(place) + " " + name.text());
  return names;
}

const Watchlist kWatchlist({{.pattern = "spooler"}, {.pattern = "Qlik*", .exclude = {"QlikOld"}}});

TEST(ListIndexTest, FindsNamesAndPatternsAsTheHostSpellsThem) {
  ListIndex index;
  EXPECT_TRUE(index.update(list_of({"BITS", "QlikEngine", "qlikold", "Spooler"}), kWatchlist));
  EXPECT_THAT(watched(index), ElementsAre("1 QlikEngine", "3 Spooler"));
}

TEST(ListIndexTest, NoticesEveryChangeOfNamesAndOrderAndNothingElse) {
  ListIndex index;
  EXPECT_TRUE(index.update(list_of({"A", "Spooler"}), kWatchlist));
  EXPECT_FALSE(index.update(list_of({"A", "Spooler"}), kWatchlist));
  EXPECT_TRUE(index.update(list_of({"Spooler", "A"}), kWatchlist));
  EXPECT_THAT(watched(index), ElementsAre("0 Spooler"));
  EXPECT_TRUE(index.update(list_of({"Spooler", "B"}), kWatchlist));
  EXPECT_TRUE(index.update(list_of({"Spooler"}), kWatchlist));
  EXPECT_TRUE(index.update(list_of({}), kWatchlist));
  EXPECT_THAT(watched(index), IsEmpty());
  EXPECT_FALSE(index.update(list_of({}), kWatchlist));
}

TEST(ListIndexTest, NoticesDisplayNamesWhereTheyAreAskedFor) {
  const Watchlist by_display_name({{.display_name = "A"}});
  ListIndex index;
  EXPECT_TRUE(index.update(list_of({"X"}, {"A"}), by_display_name));
  EXPECT_THAT(watched(index), ElementsAre("0 X"));
  EXPECT_TRUE(index.update(list_of({"X"}, {"B"}), by_display_name));
  EXPECT_THAT(watched(index), IsEmpty());
  ListIndex names;
  EXPECT_TRUE(names.update(list_of({"X"}, {"A"}), kWatchlist));
  EXPECT_FALSE(names.update(list_of({"X"}, {"B"}), kWatchlist));
}

TEST(ListIndexTest, TheFirstListIsNewEvenWhenItIsEmpty) {
  ListIndex index;
  EXPECT_TRUE(index.update(list_of({}), kWatchlist));
}

TEST(ListIndexTest, ANameThatIsListedTwiceCountsOnce) {
  ListIndex index;
  EXPECT_TRUE(index.update(list_of({"Spooler", "SPOOLER", "Spooler"}), kWatchlist));
  EXPECT_THAT(watched(index), ElementsAre("0 Spooler"));
}

}  // namespace
}  // namespace tocsin::probe
