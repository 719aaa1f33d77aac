#include "render/cesu8.h"

#include <string>

#include <gtest/gtest.h>

namespace tocsin::render {
namespace {

TEST(Cesu8, LeavesWhatHasNoSurrogatesAlone) {
  for (const std::string text : {"", "plain", "\u00e4\u20ac\ud55c\ud7ff\ue000\uffff"}) {
    EXPECT_EQ(to_cesu8(text), text);
    EXPECT_EQ(from_cesu8(text), text);
  }
}

TEST(Cesu8, WritesCharactersBeyondTheBasicPlaneAsTwoSurrogates) {
  EXPECT_EQ(to_cesu8("a\U0001F600b"),
            "a\xED\xA0\xBD\xED\xB8\x80"
            "b");
  EXPECT_EQ(to_cesu8("\U0010FFFF"), "\xED\xAF\xBF\xED\xBF\xBF");
}

TEST(Cesu8, ReadsThemBack) {
  for (const std::string text :
       {"\U0001F600", "\U00010000", "\U0010FFFF", "x\U0001F600\u00e4\ud000"})
    EXPECT_EQ(from_cesu8(to_cesu8(text)), text);
}

TEST(Cesu8, ReplacesWhatIsNoText) {
  EXPECT_EQ(to_cesu8("a\xFF"
                     "b"),
            "a\uFFFD"
            "b");
  EXPECT_TRUE(from_cesu8("\xED\xA0\xBD").starts_with("\uFFFD"));           // a half
  EXPECT_TRUE(from_cesu8("\xED\xB8\x80x").ends_with("x"));                 // the other half
  EXPECT_TRUE(from_cesu8("\xED\xA0").starts_with("\uFFFD"));               // cut off
  EXPECT_TRUE(from_cesu8("\xED\xA0\xBD\xED\xA0\xBD").contains("\uFFFD"));  // two first halves
}

}  // namespace
}  // namespace tocsin::render
