#include "domain/transition.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>

#include "base/error.h"

namespace tocsin {
namespace {

std::string read_doc(const std::string& name) {
  std::ifstream file(std::filesystem::path(TOCSIN_ROOT) / "docs" / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string resolved(const KindRow& row) {
  switch (row.ends_well) {
    case Verdict::yes:
      return "resolved";
    case Verdict::no:
      return "firing";
    case Verdict::by_state:
      return "by the expected state";
  }
  return "";
}

std::string doc_row(const KindRow& row) {
  return "| `" + std::string(row.word) + "` | " + std::string(to_string(row.about)) + " | " +
         std::string(row.meaning) + " | " + resolved(row) + " | " + (row.routable ? "yes" : "no") +
         " |\n";
}

TEST(TransitionKind, HasARowInTheDocs) {
  std::string expected;
  for (const auto kind : all_values<TransitionKind>()) expected += doc_row(row_of(kind));
  EXPECT_THAT(read_doc("kinds.md"), testing::HasSubstr(expected)) << expected;
}

TEST(TransitionKind, OfAHostOrCredentialHasWordsInPlaceOfStates) {
  for (const auto kind : all_values<TransitionKind>()) {
    const auto& row = row_of(kind);
    if (row.about == About::service) continue;
    EXPECT_FALSE(row.status.empty()) << row.word;
    EXPECT_FALSE(row.previous_status.empty()) << row.word;
    EXPECT_NE(row.is_good, Verdict::by_state) << row.word;
    EXPECT_NE(row.ends_well, Verdict::by_state) << row.word;
  }
}

TEST(TransitionKind, ThatIsGoodInAnyCaseDoesNotFire) {
  for (const auto kind : all_values<TransitionKind>()) {
    const auto& row = row_of(kind);
    if (row.is_good == Verdict::yes) EXPECT_NE(row.ends_well, Verdict::no) << row.word;
  }
}

TEST(TransitionKind, IsReadBackFromItsWord) {
  for (const auto kind : all_values<TransitionKind>())
    EXPECT_EQ(parse_word<TransitionKind>(to_string(kind)), kind);
  EXPECT_EQ(parse_word<TransitionKind>("Started"), std::nullopt);
}

TEST(ServiceState, HasItsWordInTheDocs) {
  const auto page = read_doc("mqtt.md");
  for (const auto state : all_values<ServiceState>())
    EXPECT_THAT(page, testing::HasSubstr("`" + std::string(to_string(state)) + "`"));
}

TEST(ErrorKind, HasItsWordInTheDocs) {
  const auto page = read_doc("metrics.md");
  for (const auto kind : all_values<ErrorKind>())
    EXPECT_THAT(page, testing::HasSubstr("`" + std::string(to_string(kind)) + "`"));
}

}  // namespace
}  // namespace tocsin
