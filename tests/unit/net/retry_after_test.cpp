#include "net/retry_after.h"

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <gtest/gtest.h>

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;

struct Row {
  std::string_view value;
  std::optional<std::chrono::seconds> expected;
};

TEST(RetryAfter, IsReadOrLeftOut) {
  constexpr Time kNow = std::chrono::sys_days(std::chrono::November / 6 / 1994) + 8h + 49min;
  constexpr std::chrono::seconds kDay = 24h;
  for (const auto& [value, expected] : std::initializer_list<Row>{
           {"0", 0s},
           {"120", 120s},
           {" 120\t", 120s},
           {"86401", kDay},
           {"99999999999999999999999", kDay},
           {"20301231", kDay},
           {"Sun, 06 Nov 1994 08:49:37 GMT", 37s},
           {"Sunday, 06-Nov-94 08:49:37 GMT", 37s},
           {"Sun Nov  6 08:49:37 1994", 37s},
           {"Sun, 06 Nov 1994 08:48:00 GMT", 0s},
           {"Wed, 21 Oct 2099 07:28:00 GMT", kDay},
           {"", std::nullopt},
           {" ", std::nullopt},
           {"-5", std::nullopt},
           {"1.5", std::nullopt},
           {"soon", std::nullopt},
           {"Sun, 06 Foo 1994 08:49:37 GMT", std::nullopt},
       }) {
    EXPECT_EQ(parse_retry_after(value, kNow), expected) << value;
  }
}

}  // namespace
}  // namespace tocsin::net
