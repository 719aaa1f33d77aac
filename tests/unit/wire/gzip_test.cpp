#include "wire/gzip.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

constexpr std::size_t kEnough = std::size_t{1} << 24;

TEST(Gzip, IsReadBack) {
  std::mt19937 chance(1);
  std::string random(100'000, '\0');
  for (char& c : random) c = static_cast<char>(chance());
  for (const auto& text : {std::string(), std::string("x"), std::string(3'000'000, 'x'), random})
    EXPECT_EQ(gunzip(gzip(text), kEnough), text);
}

TEST(Gzip, MakesLittleOfRepetition) {
  std::string lines;
  for (int i = 0; i < 1000; i++) lines += "win_service_state,host=node state_num=4\n";
  EXPECT_LT(gzip(lines).size(), lines.size() / 50);
}

TEST(Gzip, RefusesWhatIsDamagedOrTooLong) {
  const auto whole = gzip(std::string(1000, 'x'));
  EXPECT_EQ(gunzip(whole, 999).error().kind, ErrorKind::malformed);
  EXPECT_TRUE(gunzip(whole, 1000));
  for (std::size_t size = 0; size < whole.size(); size++)
    EXPECT_FALSE(gunzip(std::string_view(whole).substr(0, size), kEnough)) << size;
  EXPECT_FALSE(gunzip("no gzip", kEnough));
}

}  // namespace
}  // namespace tocsin
