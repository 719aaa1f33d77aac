#include <gtest/gtest.h>

#include "platform/command_line.h"
#include "platform/wide.h"

namespace tocsin::platform {
namespace {

TEST(CommandLine, WindowsSplitsItIntoTheSameWords) {
  const std::vector<std::string> words{R"(C:\Program Files\tocsin\tocsin.exe)",
                                       "",
                                       "plain",
                                       "two words",
                                       R"(a\b)",
                                       R"(a b\)",
                                       R"(a b\\)",
                                       R"(say "hi")",
                                       R"(\")",
                                       R"(a\\"b)",
                                       "\"",
                                       "tab\there",
                                       "Größe 日本",
                                       "%PATH%",
                                       "&|<>^"};
  EXPECT_EQ(split_command_line(wide(to_command_line(words)).c_str()), words);
}

}  // namespace
}  // namespace tocsin::platform
