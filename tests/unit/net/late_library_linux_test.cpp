#include "net/late_library.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

constexpr LateLibrary kLibC{.file = "libc.so.6", .package = "libc6"};
constexpr LateLibrary kNone{.file = "libtocsin-has-no-such.so.7", .package = "libtocsin7"};

std::string words_of_call(const LateFunction<int(int)>& function) {
  try {
    static_cast<void>(function(1));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "it was called";
}

TEST(LateLibrary, CallsAsTheFunctionIsCalled) {
  const LateFunction<int(int)> absolute(kLibC, "abs");
  EXPECT_EQ(absolute(-7), 7);
  EXPECT_EQ(absolute(-8), 8);
  const LateFunction<int(char*, std::size_t, const char*, ...)> print(kLibC, "snprintf");
  std::array<char, 32> text{};
  EXPECT_EQ(print(text.data(), text.size(), "%s %ld %s", "a", 5'000'000'000L, "b"), 14);
  EXPECT_STREQ(text.data(), "a 5000000000 b");
}

TEST(LateLibrary, SaysWhatToInstall) {
  EXPECT_EQ(words_of_call({kNone, "abs"}),
            "libtocsin-has-no-such.so.7: cannot open shared object file: No such file or directory"
            "; install the package libtocsin7");
  const auto words = words_of_call({kLibC, "no_such_function"});
  EXPECT_NE(words.find("undefined symbol: no_such_function; install the package libc6"),
            std::string::npos)
      << words;
}

}  // namespace
}  // namespace tocsin::net
