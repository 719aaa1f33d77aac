#include "config/file/yaml.h"

#include <ostream>
#include <string>

#include <gmock/gmock.h>

#include "config/file/files.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(Findings&& findings) {
  std::vector<std::string> lines;
  for (const auto& finding : std::move(findings).take())
    lines.push_back(std::to_string(finding.line) + ":" + std::to_string(finding.column) + " " +
                    finding.text);
  return lines;
}

Document parsed(const std::string& text) {
  Findings findings("");
  auto document = parse_yaml(text, findings);
  EXPECT_THAT(lines_of(std::move(findings)), ElementsAre());
  return document ? *std::move(document) : Document{};
}

/// Made before each test of this program, and some are megabytes: by doubling, not piece by piece.
std::string repeated(const std::string& piece, std::size_t times) {
  std::string text = piece;
  text.reserve(piece.size() * times);
  while (text.size() < piece.size() * times)
    text.append(text, 0, piece.size() * times - text.size());
  return text;
}

/// `count` lists, each of which holds the one before it twice.
std::string bomb(int count) {
  std::string text = "- &a0 [x, x]\n";
  for (int i = 1; i < count; i++) {
    const auto before = "*a" + std::to_string(i - 1);
    text.append("- &a").append(std::to_string(i));
    text.append(" [").append(before).append(", ").append(before).append("]\n");
  }
  return text;
}

TEST(Yaml, KnowsThePlaceOfEveryKeyAndValue) {
  const auto document = parsed(
      "\xEF\xBB\xBF"
      "a: x\nb:\n  - y\n  - 'z'\nc:\nd: 1\n");
  const auto& root = document.root();
  ASSERT_EQ(root.children.size(), 8);
  EXPECT_EQ(root.children[0]->place.column, 1);
  EXPECT_EQ(root.find("a")->place.column, 4);
  const auto& list = *root.find("b");
  EXPECT_EQ(list.children[1]->place.line, 4);
  EXPECT_EQ(list.children[1]->place.column, 5);
  EXPECT_EQ(root.find("c")->type, YamlNode::Type::null);
  EXPECT_EQ(root.find("c")->place.line, 5) << "that of its key";
}

TEST(Yaml, TellsPlainTextFromQuotedText) {
  const auto document = parsed("a: true\nb: 'true'\nc: !!str true\nd: !!bool true\ne: |\n  true\n");
  EXPECT_TRUE(document.root().find("a")->plain);
  EXPECT_FALSE(document.root().find("b")->plain);
  EXPECT_FALSE(document.root().find("c")->plain);
  EXPECT_TRUE(document.root().find("d")->plain);
  EXPECT_FALSE(document.root().find("e")->plain);
}

TEST(Yaml, FollowsAliasesAndMerges) {
  const auto document = parsed(
      "base: &base {x: 1, y: 2}\n"
      "more: &more {y: 3, z: 4}\n"
      "one: {y: 9, <<: *base}\n"
      "two: {<<: [*base, *more]}\n"
      "same: *base\n");
  const auto& root = document.root();
  EXPECT_EQ(root.find("one")->find("x")->text, "1");
  EXPECT_EQ(root.find("one")->find("y")->text, "9") << "what is written wins";
  EXPECT_EQ(root.find("two")->find("y")->text, "2") << "what is merged first wins";
  EXPECT_EQ(root.find("two")->find("z")->text, "4");
  EXPECT_EQ(root.find("same"), root.find("base"));
}

TEST(Yaml, TakesAQuotedMergeKeyAsAnOrdinaryKey) {
  const auto document = parsed("'<<': {a: 1}\n");
  EXPECT_EQ(document.root().find("<<")->find("a")->text, "1");
}

struct Wrong {
  std::string text;
  std::string finding;
};

std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
  return out << wrong.text.substr(0, 40);
}

class YamlMistake : public testing::TestWithParam<Wrong> {};

TEST_P(YamlMistake, IsOneClearLine) {
  Findings findings("");
  static_cast<void>(parse_yaml(GetParam().text, findings));
  EXPECT_TRUE(findings.has_errors());
  EXPECT_THAT(lines_of(std::move(findings)), ElementsAre(GetParam().finding));
}

constexpr auto kColon =
    " not YAML: a `:` where no value can begin: check the indentation, or quote the text";
constexpr auto kMisfit =
    " not YAML: this does not fit what comes before it: check the indentation and quotes";
constexpr auto kSecond =
    " a second document begins here, but a configuration is one document: check the indentation";
constexpr auto kTab = " not YAML: the line is indented with a tab; only spaces are allowed";
constexpr auto kOpenList =
    " not YAML: a list in `[...]` is not closed here; quote texts that contain brackets or braces";
constexpr auto kOpenSection =
    " not YAML: a section in `{...}` is not closed here; quote texts that contain brackets or "
    "braces";
constexpr auto kDeep = " lists and mappings are nested deeper than 64";
constexpr auto kExpanded = " the values up to here, with aliases followed, take more than 64 MB";
constexpr auto kLongValue =
    " more than 2 MB belong to one value here; write a long list or section line by line, not in "
    "`[...]` or `{...}`";

Wrong wrong(std::string text, const std::string& place, const char* finding) {
  return {std::move(text), place + finding};
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, YamlMistake,
    testing::Values(
        wrong("a: b: c", "1:5", kColon), wrong("a: 1\n b: 2", "2:3", kColon),
        wrong("a:\n\tb: c", "2:3", kTab), wrong("a:\n  b: 1\n \t c: 1", "3:2", kTab),
        wrong("a: \"x\" y", "1:8", kMisfit), wrong("a: b\n- c", "2:1", kMisfit),
        wrong("- a\nb: c", "2:1", kSecond), wrong("a: b\n---\nc: d", "2:1", kSecond),
        wrong("a:\n  - [1, 2\nb: c\n", "3:2", kOpenList), wrong("a: [${env:X}]", "1:6", kOpenList),
        wrong("a: {b: c", "1:4", kOpenSection),
        wrong("a: 'x", "1:6", " not YAML: the file ends within a quoted text"),
        wrong("a: @b", "1:4", " not YAML: no text can begin with this character: quote it"),
        wrong("a: \"CORP\\svc\"", "1:11",
              " not YAML: an unknown escape in double quotes: put a text with a backslash in "
              "single quotes"),
        wrong("a: \"\\xzz\"", "1:9",
              " not YAML: an invalid escape in double quotes: put a text with a backslash in "
              "single quotes"),
        wrong("a: *hunter2", "1:4",
              " not YAML: an alias without an anchor: a text that begins with `*` needs quotes"),
        wrong("a: &", "1:5", " not YAML: a text that begins with `&` needs quotes"),
        wrong("a: - b", "1:4",
              " not YAML: a list entry (`- `) where none can begin: check the indentation"),
        wrong("a: ]", "1:4",
              " not YAML: one `]` or `}` too many: quote a text that begins with it"),
        wrong("a: | x\n  y", "1:6",
              " not YAML: nothing but a comment may follow `|` or `>` on the line"),
        wrong("&a &b x", "1:4", " not YAML: cannot assign multiple anchors to the same node")));

INSTANTIATE_TEST_SUITE_P(
    Structure, YamlMistake,
    testing::Values(wrong("a: 1\nb: 2\na: 3\n", "3:1", " the key `a` appears twice in one section"),
                    wrong("x: {a: 1, 'a': 2}\n", "1:11",
                          " the key `a` appears twice in one section"),
                    wrong("? [a]\n: 1\n", "1:3", " a key must be text"),
                    wrong(": 1\n", "1:1", " a key must be text"),
                    wrong("a: !hunter2 b\n", "1:4",
                          " an unknown tag; a text that begins with `!` needs quotes"),
                    wrong("a: {<<: text}\n", "1:9", " `<<` merges sections only"),
                    wrong("a: {<<: [[]]}\n", "1:10", " `<<` merges sections only"),
                    wrong("a: &x [*x]\n", "1:8", " the value contains itself through this alias")));

INSTANTIATE_TEST_SUITE_P(
    Bytes, YamlMistake,
    testing::Values(
        wrong("", "0:0", " the file is empty"), wrong("# only this\n", "0:0", " the file is empty"),
        wrong(std::string("\0", 1), "1:1", " a NUL byte: this is not a text file"),
        wrong(std::string("a: b\nc: \0d", 10), "2:4", " a NUL byte: this is not a text file"),
        wrong("a: b\nc: \xE9t\xE9\n", "2:4", " a byte that is not UTF-8: save the file as UTF-8"),
        wrong("\xC3\xA9: \xC3", "1:5", " a byte that is not UTF-8: save the file as UTF-8"),
        wrong(std::string("\xFF\xFE\x61\0", 4), "0:0",
              " the file is in UTF-16: save it as UTF-8")));

// Each of these would cost gigabytes, minutes or the stack if it were believed.
INSTANTIATE_TEST_SUITE_P(
    Hostile, YamlMistake,
    testing::Values(
        wrong(repeated("x", kMostConfigBytes + 1), "0:0",
              " the file is larger than 8 MB, the limit for a configuration"),
        wrong(repeated("[", 100'000), "1:33", kDeep), wrong(repeated("{", 100'000), "1:64", kDeep),
        wrong(repeated("- ", 100'000), "1:129", kDeep),
        wrong(repeated("? ", 100'000), "1:129", kDeep),
        wrong("a: " + repeated("x", 3'000'000), "0:0", kLongValue),
        wrong("[" + repeated("a long text in a list,", 150'000) + "]", "1:1", kLongValue),
        wrong("a: &a [" + repeated("x,", 10'000) + "]\nb: &b [" + repeated("*a,", 1'000) + "]\n",
              "2:614", kExpanded),
        wrong("a: &a '" + repeated("x", 1'000'000) + "'\nb:\n" + repeated(" - *a\n", 100), "69:4",
              kExpanded),
        wrong(bomb(60), "19:15", kExpanded)));

}  // namespace
}  // namespace tocsin::config
