#include "base/natural_order.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace tocsin {
namespace {

using testing::ElementsAre;

TEST(NaturalOrder, ComparesNumbersByTheirValues) {
  std::vector<std::string> names{"app10",  "app2", "app1", "app", "app1b10",
                                 "app1b9", "web1", "10",   "9"};
  std::ranges::sort(names,
                    [](const auto& a, const auto& b) { return compare_naturally(a, b) < 0; });
  EXPECT_THAT(names,
              ElementsAre("9", "10", "app", "app1", "app1b9", "app1b10", "app2", "app10", "web1"));
}

TEST(NaturalOrder, TakesNumbersThatNoTypeHolds) {
  const std::string large(40, '9');
  EXPECT_TRUE(compare_naturally("a" + large, "a1" + large) < 0);
  EXPECT_TRUE(compare_naturally("a" + large + "1", "a" + large + "2") < 0);
}

TEST(NaturalOrder, CallsOnlyEqualTextsEqual) {
  EXPECT_TRUE(compare_naturally("a01", "a01") == 0);
  EXPECT_TRUE(compare_naturally("a01", "a1") < 0);
  EXPECT_TRUE(compare_naturally("a1", "a02") < 0);
  EXPECT_TRUE(compare_naturally("a0", "a00") < 0);
  EXPECT_TRUE(compare_naturally("a01b3", "a1b2") > 0) << "leading zeros count last";
  EXPECT_TRUE(compare_naturally("", "") == 0);
  EXPECT_TRUE(compare_naturally("", "0") < 0);
  EXPECT_TRUE(compare_naturally("az", "\xC3\xA4") < 0) << "bytes are no negative numbers";
}

TEST(NaturalOrder, DoesNotTellCaseApart) {
  const NaturalOrder less;
  EXPECT_TRUE(less(HostName("App2"), HostName("aPP10")));
  EXPECT_FALSE(less(HostName("app2"), HostName("APP2")));
  EXPECT_FALSE(less(HostName("APP2"), HostName("app2")));
}

}  // namespace
}  // namespace tocsin
