#include "base/try.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorKind::rejected, std::to_string(number) + " is odd", 7);
  return number / 2;
}

Result<> demand_even(int number) {
  TRY(half(number));
  return {};
}

/// Holds what cannot be copied.
Result<std::unique_ptr<int>> boxed_quarter(int number) {
  TRY(const auto first, half(number));
  int second = 0;
  TRY(second, in_context(half(first), "second half"));
  return std::make_unique<int>(second);
}

Result<int> quarter(int number) {
  TRY(demand_even(number));
  TRY(const auto box, boxed_quarter(number));
  return *box;
}

TEST(Try, TakesWhatAResultHolds) { EXPECT_EQ(quarter(32).value(), 8); }

TEST(Try, ReturnsTheErrorWithAllThatItSays) {
  const auto odd = quarter(5);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().kind, ErrorKind::rejected);
  EXPECT_EQ(odd.error().what, "5 is odd");
  EXPECT_EQ(odd.error().native, 7);
}

TEST(Try, AnErrorGetsTheContext) { EXPECT_EQ(quarter(6).error().what, "second half: 3 is odd"); }

}  // namespace
}  // namespace tocsin
