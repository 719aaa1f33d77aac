#include "platform/event_text.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tocsin::platform {
namespace {

TEST(EventText, TheSeverityIsInTheNumber) {
  EXPECT_EQ(event_id(Severity::information), 0x4000'0001U);
  EXPECT_EQ(event_id(Severity::warning), 0x8000'0002U);
  EXPECT_EQ(event_id(Severity::error), 0xC000'0003U);
}

TEST(EventText, OrdinaryTextStaysAsItIs) {
  EXPECT_EQ(event_text("ready: hosts: 3, 100 % of them"), "ready: hosts: 3, 100 % of them");
  EXPECT_EQ(event_text("50%"), "50%");
  EXPECT_EQ(event_text("one\ntwo\n"), "one\ntwo\n");
}

TEST(EventText, NothingInItIsAPlaceToPutTextInto) {
  EXPECT_EQ(event_text("fe80::1%1 and %25"), "fe80::1% 1 and % 25");
}

TEST(EventText, WhatIsTooLongIsCutBetweenCharacters) {
  std::string text;
  while (text.size() < 100'000) text += "ä€";
  const auto cut = event_text(text);
  EXPECT_LT(to_utf16(cut).size() / 2, 31'839U);
  EXPECT_GT(cut.size(), 30'000U);
  EXPECT_TRUE(cut.ends_with("...")) << cut.substr(cut.size() - 10);
  EXPECT_TRUE(is_utf8(cut));
}

}  // namespace
}  // namespace tocsin::platform
