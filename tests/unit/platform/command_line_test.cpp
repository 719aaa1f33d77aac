#include "platform/command_line.h"

#include <gtest/gtest.h>

namespace tocsin::platform {
namespace {

TEST(CommandLine, TheProgramIsQuotedAlways) {
  EXPECT_EQ(to_command_line({R"(C:\tocsin.exe)", "service", "run"}),
            R"("C:\tocsin.exe" service run)");
  EXPECT_EQ(to_command_line({R"(C:\Program Files\tocsin\tocsin.exe)"}),
            R"("C:\Program Files\tocsin\tocsin.exe")");
}

TEST(CommandLine, WordsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(to_command_line({"t", "plain", "two words", "", "a\tb"}),
            "\"t\" plain \"two words\" \"\" \"a\tb\"");
  EXPECT_EQ(to_command_line({"t", "Größe", "日本 語"}), "\"t\" Größe \"日本 語\"");
}

TEST(CommandLine, BackslashesCountOnlyBeforeQuotationMarks) {
  EXPECT_EQ(to_command_line({"t", R"(a\b)", R"(a b\)", R"(a b\\)"}),
            R"("t" a\b "a b\\" "a b\\\\")");
  EXPECT_EQ(to_command_line({"t", R"(say "hi")", R"(\")", R"(a\\"b)"}),
            R"("t" "say \"hi\"" "\\\"" "a\\\\\"b")");
}

}  // namespace
}  // namespace tocsin::platform
