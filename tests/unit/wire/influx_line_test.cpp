// Lines are read back by a parser that knows the documented escapes, whatever was written.
#include "wire/influx_line.h"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "base/text.h"

namespace tocsin::influx {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr Time kAt{std::chrono::milliseconds(1'764'000'000'123)};

struct Point {
  std::string measurement;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> fields;  ///< texts without their quotes
  std::string timestamp;
};

/// As the servers read: a backslash hides what comes after it, and goes where that needs hiding.
class Parser {
 public:
  explicit Parser(std::string_view line) : rest_(line) {}

  std::optional<Point> point() {
    Point point;
    point.measurement = word(", ");
    while (take(',')) {
      auto name = word("=, ");
      if (!take('=')) return std::nullopt;
      auto value = word("=, ");
      if (value.empty() || !point.tags.emplace(std::move(name), std::move(value)).second)
        return std::nullopt;
    }
    if (!take(' ')) return std::nullopt;
    do {
      auto name = word("=, ");
      if (!take('=')) return std::nullopt;
      point.fields.emplace(std::move(name), take('"') ? text() : word(", "));
    } while (take(','));
    if (!take(' ')) return std::nullopt;
    point.timestamp = rest_;
    return point;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string word(std::string_view ends) {
    std::string out;
    while (!rest_.empty() && !ends.contains(rest_.front())) {
      const bool hides = rest_.front() == '\\' && rest_.size() > 1;
      if (!hides || !std::string_view(", =").contains(rest_[1])) out += rest_.front();
      if (hides) out += rest_[1];
      rest_.remove_prefix(hides ? 2 : 1);
    }
    return out;
  }
  std::string text() {
    std::string out;
    while (!rest_.empty() && !take('"')) {
      if (take('\\') && rest_.empty()) break;
      out += rest_.front();
      rest_.remove_prefix(1);
    }
    return out;
  }

  std::string_view rest_;
};

std::string line_with(std::string_view value) {
  Lines lines;
  lines.measurement("m");
  lines.tag("tag", value);
  lines.field("number", 4);
  lines.field("text", value);
  lines.end(kAt);
  EXPECT_EQ(lines.count(), 1U);
  return std::string(lines.text());
}

std::string tag_of(std::string_view value) {
  std::string out;
  append_escaped(out, value);
  return out;
}

TEST(InfluxLine, IsWhatButlerWrites) {
  Lines lines;
  for (const auto* host : {"node 1", "node2"}) {
    lines.measurement("win_service_state");
    lines.tag("display_name", "Qlik Sense Engine, \"main\"=1");
    lines.tag("empty", "");
    lines.tag("host", host);
    lines.field("state_num", 4);
    lines.field("state_text", "RUNNING");
    lines.field("startup_mode_num", -1);
    lines.end(kAt);
  }
  EXPECT_EQ(lines.text(),
            "win_service_state,display_name=Qlik\\ Sense\\ Engine\\,\\ \"main\"\\=1,host=node\\ 1 "
            "state_num=4,state_text=\"RUNNING\",startup_mode_num=-1 1764000000123\n"
            "win_service_state,display_name=Qlik\\ Sense\\ Engine\\,\\ \"main\"\\=1,host=node2 "
            "state_num=4,state_text=\"RUNNING\",startup_mode_num=-1 1764000000123\n");
  EXPECT_EQ(lines.count(), 2U);
}

TEST(InfluxLine, HoldsNamesThatMeanHarm) {
  EXPECT_EQ(tag_of("a,b c=d"), R"(a\,b\ c\=d)");
  EXPECT_EQ(tag_of("MSSQL$INSTANCE"), "MSSQL$INSTANCE");
  EXPECT_EQ(tag_of(R"(CORP\sql)"), R"(CORP\sql)");
  EXPECT_EQ(tag_of(R"(\\server\share)"), R"(\\server\share)");
  EXPECT_EQ(tag_of("ends in \\"), R"(ends\ in\ /)");
  EXPECT_EQ(tag_of("before\\ space"), R"(before/\ space)");
  EXPECT_EQ(tag_of("before\\,comma"), R"(before/\,comma)");
  EXPECT_EQ(tag_of("before\\\nline"), R"(before/\ line)");
  EXPECT_EQ(tag_of("two\r\nlines\tand\x7F"), R"(two\ \ lines\ and\ )");
  EXPECT_EQ(tag_of("# no remark"), R"(#\ no\ remark)");
  EXPECT_EQ(tag_of("Dienst f\u00fcr \U0001F514"), "Dienst\\ f\u00fcr\\ \U0001F514");
  EXPECT_EQ(tag_of("latin1 \xE9t\xE9"), "latin1\\ \uFFFDt\uFFFD");
}

TEST(InfluxLine, QuotesTexts) {
  EXPECT_THAT(line_with("say \"C:\\x\"\nnow"), testing::HasSubstr(R"(text="say \"C:\\x\" now")"));
}

TEST(InfluxLine, CutsLongTagsAfterAWholeCharacter) {
  const std::string ascii(kMostTagBytes + 1, 'x');
  EXPECT_EQ(tag_of(ascii), ascii.substr(1));
  EXPECT_EQ(tag_of(ascii.substr(2) + "\u00fc"), ascii.substr(2));
  EXPECT_TRUE(is_utf8(tag_of(ascii.substr(3) + "\U0001F514")));
  EXPECT_EQ(tag_of(ascii.substr(2) + "\\nothing"), ascii.substr(2) + "/");
}

TEST(InfluxLine, IsReadBack) {
  std::mt19937 chance(1);
  constexpr std::string_view kOdd = "\\\\\\ ,=\"\n\tab$#\xC3\xBC";
  for (int turn = 0; turn < 20'000; turn++) {
    std::string value;
    for (auto size = chance() % 8 + 1; size > 0; size--) value += kOdd[chance() % kOdd.size()];
    const auto line = line_with(value);
    ASSERT_TRUE(line.ends_with("\n") && is_utf8(line)) << line;
    ASSERT_EQ(line.find('\n'), line.size() - 1) << line;
    const auto point = Parser(std::string_view(line).substr(0, line.size() - 1)).point();
    ASSERT_TRUE(point) << line;
    EXPECT_EQ(point->measurement, "m");
    EXPECT_THAT(point->tags, ElementsAre(Pair("tag", testing::_))) << line;
    EXPECT_THAT(point->fields, ElementsAre(Pair("number", "4"), Pair("text", testing::_))) << line;
    EXPECT_EQ(point->timestamp, "1764000000123") << line;
    // What a line can hold is unchanged.
    if (is_utf8(value) && value.find_first_of("\\\n\t") == std::string::npos) {
      EXPECT_EQ(point->tags.at("tag"), value);
      EXPECT_EQ(point->fields.at("text"), value);
    }
  }
}

}  // namespace
}  // namespace tocsin::influx
