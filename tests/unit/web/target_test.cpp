#include "web/target.h"

#include <gmock/gmock.h>

namespace tocsin::web {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(ParseTarget, DecodesPathAndQuery) {
  const auto target = parse_target("/api/v1/hosts/sql%2F1?search=a+b%26c&limit=5&search=x");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->path, ElementsAre("api", "v1", "hosts", "sql/1"));
  EXPECT_THAT(target->query,
              ElementsAre(Pair("search", "a b&c"), Pair("limit", "5"), Pair("search", "x")));
  EXPECT_EQ(target->parameter("search"), "a b&c");
  EXPECT_EQ(target->parameter("next"), std::nullopt);
}

TEST(ParseTarget, HasAnEmptyPathForTheRoot) {
  const auto target = parse_target("/");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->path, IsEmpty());
}

TEST(ParseTarget, TakesASlashAtTheEnd) {
  const auto with = parse_target("/tocsin/");
  const auto without = parse_target("/tocsin");
  ASSERT_TRUE(with && without);
  EXPECT_EQ(with->path, without->path);
  EXPECT_TRUE(with->ends_with_slash);
  EXPECT_FALSE(without->ends_with_slash);
}

TEST(ParseTarget, RefusesWhatLeadsElsewhereOrIsNoText) {
  for (const auto* text :
       {"", "*", "http://host/", "host:443", "/a/../b", "/a/%2e%2e/b", "/a/./b", "//a", "/a//b",
        "/a%", "/a%2", "/a%zz", "/a%00", "/a%0a", "/%ff%fe", "/a#b", "/a?b=%ff", "/a?b=%1f"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(ParseTarget, RefusesMorePartsThanAnyOfOursHas) {
  std::string path;
  std::string query = "/?";
  for (int i = 0; i < 17; i++) {
    path += "/a";
    query += "a=b&";
  }
  EXPECT_FALSE(parse_target(path));
  EXPECT_FALSE(parse_target(query));
}

}  // namespace
}  // namespace tocsin::web
