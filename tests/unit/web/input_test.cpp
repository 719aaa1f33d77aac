#include "web/input.h"

#include <gmock/gmock.h>

namespace tocsin::web {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

constexpr Time kDay = std::chrono::sys_days(std::chrono::year(2026) / 11 / 25);

TEST(ParseTime, ReadsWhatWeWriteAndOffsets) {
  EXPECT_EQ(parse_time("2026-11-25T19:02:03.004Z"), kDay + 19h + 2min + 3s + 4ms);
  EXPECT_EQ(parse_time("2026-11-25T19:02:03Z"), kDay + 19h + 2min + 3s);
  EXPECT_EQ(parse_time("2026-11-25t19:02:03.5z"), kDay + 19h + 2min + 3s + 500ms);
  EXPECT_EQ(parse_time("2026-11-25T19:02:03.123456789Z"), kDay + 19h + 2min + 3s + 123ms);
  EXPECT_EQ(parse_time("2026-11-25T20:02:03+01:00"), kDay + 19h + 2min + 3s);
  EXPECT_EQ(parse_time("2026-11-25T17:32:03-01:30"), kDay + 19h + 2min + 3s);
}

TEST(ParseTime, RefusesEverythingElse) {
  for (const auto* text :
       {"", "now", "2026-11-25", "2026-11-25T19:02:03", "2026-13-25T19:02:03Z",
        "2026-02-30T19:02:03Z", "2026-11-25T24:02:03Z", "2026-11-25T19:02:03.Z", "1764097323",
        "2026-11-25T19:02:03Zx", "+026-11-25T19:02:03Z", "2026-11-25T19:02:03+1:00"})
    EXPECT_FALSE(parse_time(text)) << text;
}

std::string mistake_of(const Input& input) {
  const auto mistake = input.mistake();
  return mistake ? mistake->body : "";
}

TEST(Query, SaysTheFirstThingThatIsWrong) {
  const Request request{.target = {.query = {{"limit", "0"}, {"from", "yesterday"}}}};
  const Call call{.request = request};
  Query query(call);
  EXPECT_EQ(query.number("other", 1, 10, 5), 5);
  (void)query.number("limit", 1, 10, 5);
  (void)query.time("from");
  EXPECT_THAT(mistake_of(query), HasSubstr("`limit` must be a whole number from 1 to 10"));
}

std::string body_mistake(const std::string& text) {
  const Request request{.body = text};
  const Call call{.request = request};
  Body body(call);
  (void)body.text("reason", 1, 10);
  (void)body.number("seconds", 1, 100);
  body.finish();
  return mistake_of(body);
}

TEST(Body, TakesExactlyItsKeys) {
  EXPECT_EQ(body_mistake(R"({"reason":"disk","seconds":60})"), "");
  EXPECT_THAT(body_mistake("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(body_mistake("{\"reason\":"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(body_mistake(R"({"reason":"disk"})"), HasSubstr("`seconds` is missing"));
  EXPECT_THAT(body_mistake(R"({"reason":"","seconds":60})"), HasSubstr("must not be empty"));
  EXPECT_THAT(body_mistake(R"({"reason":"12345678901","seconds":60})"), HasSubstr("at most 10"));
  EXPECT_THAT(body_mistake(R"({"reason":"a\nb","seconds":60})"), HasSubstr("control characters"));
  EXPECT_THAT(body_mistake(R"({"reason":1,"seconds":60})"), HasSubstr("must be a text"));
  EXPECT_THAT(body_mistake(R"({"reason":"a","seconds":1e9})"), HasSubstr("from 1 to 100"));
  EXPECT_THAT(body_mistake(R"({"reason":"a","seconds":60,"x":1})"), HasSubstr("`x` is not known"));
}

}  // namespace
}  // namespace tocsin::web
