#include "base/json_writer.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tocsin {
namespace {

std::string written(std::string_view text) { return JsonWriter().value(text).take(); }

std::string written_by_nlohmann(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

TEST(JsonWriter, ObjectsAndLists) {
  JsonWriter json;
  json.begin_object().key("empty").begin_object().end_object();
  json.key("none").begin_list().end_list();
  json.key("list").begin_list().value("a").value(1).value(true).begin_list().end_list().end_list();
  json.member("colon:", "[{:").member("bool", false).end_object();
  EXPECT_EQ(json.take(),
            R"({"empty":{},"none":[],"list":["a",1,true,[]],"colon:":"[{:","bool":false})");
}

TEST(JsonWriter, Numbers) {
  JsonWriter json;
  json.begin_list().value(0).value(-1);
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::numeric_limits<std::uint64_t>::max()).end_list();
  EXPECT_EQ(json.take(), "[0,-1,-9223372036854775808,18446744073709551615]");
}

TEST(JsonWriter, EveryPairOfBytesAsNlohmannWritesIt) {
  for (int first = 0; first < 256; first++) {
    for (int second = 0; second < 256; second++) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      ASSERT_EQ(written(text), written_by_nlohmann(text)) << first << " " << second;
    }
  }
}

TEST(JsonWriter, RandomTextsAsNlohmannWritesThem) {
  // Bytes at the borders of the valid sequences, beside any.
  constexpr std::string_view kBorders =
      "\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5"
      "a\"\\\n\x1F";
  std::mt19937 random(7);
  const auto below = [&](std::size_t most) { return random() % most; };
  for (int round = 0; round < 50'000; round++) {
    std::string text(below(12), '\0');
    for (char& c : text)
      c = below(2) == 0 ? static_cast<char>(below(256)) : kBorders[below(kBorders.size())];
    ASSERT_EQ(written(text), written_by_nlohmann(text)) << round;
  }
}

TEST(JsonWriter, ATextCutAnywhereAsNlohmannWritesIt) {
  const std::string whole = "Pr\u00e9sence \u4e2d\U0001F600\t\"\\";
  for (std::size_t size = 0; size <= whole.size(); size++)
    EXPECT_EQ(written(whole.substr(0, size)), written_by_nlohmann(whole.substr(0, size)));
}

}  // namespace
}  // namespace tocsin
