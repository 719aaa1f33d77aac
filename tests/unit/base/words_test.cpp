#include "base/words.h"

#include <gmock/gmock.h>

namespace tocsin {
namespace {

enum class Fruit : std::uint8_t { apple = 3, pear = 5 };
consteval auto table_of(Fruit) {
  return std::array{Word{Fruit::pear, "a pear"}, Word{Fruit::apple, "an apple"}};
}

enum class Incomplete : std::int8_t { before = -1, first, second };
consteval auto table_of(Incomplete) {
  return std::array{Word{Incomplete::before, "before"}, Word{Incomplete::second, "second"}};
}

enum class Twice : std::uint8_t { first, second };
consteval auto table_of(Twice) {
  return std::array{Word{Twice::first, "same"}, Word{Twice::second, "same"}};
}

TEST(Words, FollowFromTheTable) {
  EXPECT_EQ(to_string(Fruit::apple), "an apple");
  EXPECT_EQ(parse_word<Fruit>("a pear"), Fruit::pear);
  EXPECT_EQ(parse_word<Fruit>("A pear"), std::nullopt);
  EXPECT_EQ(parse_word<Fruit>(""), std::nullopt);
  EXPECT_THAT(all_values<Fruit>(), testing::ElementsAre(Fruit::pear, Fruit::apple));
}

TEST(Words, MustBeThereForEachValueAndOnlyOnce) {
  static_assert(words::is_complete<Fruit>());
  static_assert(!words::is_complete<Incomplete>());
  static_assert(!words::is_complete<Twice>());
}

TEST(Words, OfANumberThatIsNoValueAreThoseOfTheFirst) {
  EXPECT_EQ(to_string(static_cast<Fruit>(7)), "a pear");
}

}  // namespace
}  // namespace tocsin
