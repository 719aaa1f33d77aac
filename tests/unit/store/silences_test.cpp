#include "store/silences.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "scratch.h"

namespace tocsin::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Silence silence_of(const char* scope, Duration length = 1h) {
  return {.scope = SilenceScope::parse(scope),
          .begin = kNow,
          .end = kNow + length,
          .reason = "patching, \xC3\xA4",
          .author = "alice"};
}

class SilencesTest : public testing::Test {
 protected:
  std::vector<std::string> scopes(Time since) {
    std::vector<std::string> texts;
    for (const auto& silence : silences_.load(since).value()) texts.push_back(silence.scope.text());
    return texts;
  }

  ScratchDirectory scratch_;
  Store store_ = open_store(scratch_.path());  // a running tocsin
  Silences silences_ = Silences::open(scratch_.path()).value();
};

TEST_F(SilencesTest, AreReadAsTheyWereWritten) {
  auto silence = silence_of("sql*/MSSQL*");
  silence.id = silences_.add(silence).value();
  EXPECT_THAT(Silences::open(scratch_.path())->load(kNow).value(), ElementsAre(silence));
}

TEST_F(SilencesTest, EndByThemselves) {
  ASSERT_TRUE(silences_.add(silence_of("short", 1h)));
  ASSERT_TRUE(silences_.add(silence_of("long", 2h)));
  EXPECT_THAT(scopes(kNow), ElementsAre("short", "long"));
  EXPECT_THAT(scopes(kNow + 1h), ElementsAre("long"));
}

TEST_F(SilencesTest, EndWhenSomebodySaysSo) {
  const auto id = silences_.add(silence_of("sql1")).value();
  EXPECT_EQ(silences_.end(id, kNow + 1min), true);
  EXPECT_THAT(scopes(kNow + 1min), IsEmpty());
  EXPECT_EQ(silences_.end(id, kNow + 2min), false) << "it has ended";
  EXPECT_EQ(silences_.end(id + 1, kNow), false) << "there is none";
}

TEST_F(SilencesTest, ThatEndedLongAgoAreForgotten) {
  ASSERT_TRUE(silences_.add(silence_of("old")));
  auto later = silence_of("new");
  later.begin += kRetention + 2h;
  later.end = later.begin + 1h;
  ASSERT_TRUE(silences_.add(later));
  EXPECT_THAT(scopes({}), ElementsAre("new"));
}

TEST(Silences, NeedAStore) {
  const ScratchDirectory scratch;
  const auto opened = Silences::open(scratch.path());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, HasSubstr("nothing is stored here yet: tocsin run begins it"));
}

}  // namespace
}  // namespace tocsin::store
