#include "render/templates.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "base/path.h"
#include "kit/sanitizer.h"
#include "kit/scratch.h"

namespace tocsin::render {
namespace {

using testing::HasSubstr;

constexpr const char* kValues = R"({
  "name": "a\"b\\c&d'e\nf<g>\u00e4\ud83d\ude00", "five": 5, "zero": 0, "no": false, "nothing": null, "empty": "",
  "list": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "none": [], "inner": {"x": "y"},
  "links": [{"text": "A", "url": "https://x/?a=1&b=2"}, {"text": "B", "url": "https://y"}]})";

class TemplatesTest : public testing::Test {
 protected:
  std::string render(const std::string& text, Format format = Format::text) {
    const auto made = templates_.render(Template::from_text(format, text), kValues);
    return made ? *made : "error: " + made.error().what;
  }
  ErrorKind kind_of_failure(const Template& source) {
    const auto made = templates_.render(source, kValues);
    EXPECT_FALSE(made.has_value());
    return made ? ErrorKind::storage : made.error().kind;
  }

  Templates templates_{{.check_every = std::chrono::milliseconds(0)}};
};

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST_F(TemplatesTest, PutsValuesIntoText) {
  EXPECT_EQ(render("{{five}} {{zero}} {{no}} [{{nothing}}] [{{unknown}}] {{inner.x}}"),
            "5 0 false [] [] y");
}

TEST_F(TemplatesTest, EscapesNothingInText) {
  const std::string name = "a\"b\\c&d'e\nf<g>\u00e4\U0001F600";
  EXPECT_EQ(render("{{name}}|{{{name}}}|{{&name}}"), name + "|" + name + "|" + name);
}

TEST_F(TemplatesTest, EscapesForFormsInEveryTag) {
  EXPECT_EQ(render("a={{name}}&b={{five}}", Format::form),
            "a=a%22b%5Cc%26d'e%0Af%3Cg%3E%C3%A4%F0%9F%98%80&b=5");
}

TEST_F(TemplatesTest, CutsToALineOfSoManyCharacters) {
  EXPECT_EQ(render("{{cut name 40}}"), "a\"b\\c&d'e f<g>\u00e4\U0001F600") << "in one line";
  EXPECT_EQ(render("{{cut name 4}}"), "a\"b\u2026");
  EXPECT_EQ(render("{{cut name 4}}", Format::json), "a\\\"b\u2026") << "escaped after it is cut";
  EXPECT_EQ(render("{{cut name 17}}"), "a\"b\\c&d'e f<g>\u00e4\U0001F600");
  EXPECT_EQ(render("{{cut name 16}}"), "a\"b\\c&d'e f<g>\u00e4\u2026") << "no half character";
  EXPECT_EQ(render("[{{cut nothing 3}}] {{cut five 3}} {{cut inner.x 1}}"), "[] 5 y");
  for (const auto* wrong : {"{{cut name}}", "{{cut name 'x'}}", "{{cut name 0}}", "{{cut}}"})
    EXPECT_THAT(render(wrong), HasSubstr("`cut` needs a value and a length")) << wrong;
}

TEST_F(TemplatesTest, EscapesForJsonInEveryTag) {
  const std::string name = R"(a\"b\\c&d'e\nf<g>)"
                           "\u00e4\U0001F600";
  EXPECT_EQ(render("\"{{name}}\" \"{{{name}}}\" \"{{&name}}\" {{five}}", Format::json),
            "\"" + name + "\" \"" + name + "\" \"" + name + "\" 5");
}

TEST_F(TemplatesTest, EscapesForHtmlInEveryTag) {
  const std::string name = "a&quot;b\\c&amp;d&#x27;e\nf&lt;g&gt;\u00e4\U0001F600";
  EXPECT_EQ(render("{{name}}|{{{name}}}", Format::html), name + "|" + name);
}

TEST_F(TemplatesTest, EscapesWithinBlocksAndPartialsOnce) {
  EXPECT_EQ(render("{{#each links}}{{#if url}}{{url}}{{/if}} {{/each}}", Format::html),
            "https://x/?a&#x3D;1&amp;b&#x3D;2 https://y ");
  EXPECT_EQ(render("{{#*inline \"p\"}}{{v}}{{/inline}}{{> p v=name}}", Format::json),
            R"(a\"b\\c&d'e\nf<g>)"
            "\u00e4\U0001F600");
}

TEST_F(TemplatesTest, KeepsTheTemplatesOwnTextAsItIs) {
  EXPECT_EQ(render("<b>\"\\ & \u00e4\U0001F600</b>\r\n", Format::json),
            "<b>\"\\ & \u00e4\U0001F600</b>\r\n");
}

TEST_F(TemplatesTest, ComparesCharactersBeyondTheBasicPlane) {
  EXPECT_EQ(templates_.render(
                Template::from_text(Format::text, "{{#if (eq v \"\U0001F600\")}}same{{/if}}"),
                "{\"v\": \"\U0001F600\"}"),
            "same");
}

TEST_F(TemplatesTest, HasTheUsualHelpersAsSubExpressions) {
  const std::pair<const char*, const char*> cases[] = {
      {"eq five 5", "yes"},       {"eq five \"5\"", "no"},
      {"ne five 4", "yes"},       {"lt five 6", "yes"},
      {"lt five 5", "no"},        {"gt five 4", "yes"},
      {"le five 5", "yes"},       {"lte five 4", "no"},
      {"ge five 5", "yes"},       {"gte five 6", "no"},
      {"and five name", "yes"},   {"and five nothing", "no"},
      {"or nothing five", "yes"}, {"or nothing none", "no"},
      {"not nothing", "yes"},     {"not none", "yes"},
      {"not (eq five 5)", "no"},  {"and (eq five 5) (lt zero 1) name", "yes"}};
  for (const auto& [expression, expected] : cases) {
    EXPECT_EQ(render("{{#if (" + std::string(expression) + ")}}yes{{else}}no{{/if}}"), expected)
        << expression;
  }
}

TEST_F(TemplatesTest, HasThemAsBlocksToo) {
  EXPECT_EQ(render("{{#eq five 5}}{{inner.x}}{{else}}no{{/eq}}"), "y");
  EXPECT_EQ(render("{{#gt five 5}}yes{{else}}no{{/gt}}"), "no");
  EXPECT_EQ(render("{{#and five zero}}yes{{else}}no{{/and}}"), "no");
  EXPECT_EQ(render("{{#not nothing}}yes{{/not}}"), "yes");
}

TEST_F(TemplatesTest, ShowsTheFirstThatIsThere) {
  EXPECT_EQ(render("{{or empty nothing five}}"), "5");
}

TEST_F(TemplatesTest, HasWhatHandlebarsHas) {
  EXPECT_EQ(render("{{#each links}}{{@index}}{{text}}{{#if @last}}.{{/if}}{{else}}none{{/each}}"),
            "0A1B.");
  EXPECT_EQ(render("{{#each none}}x{{else}}none{{/each}}"), "none");
  EXPECT_EQ(render("{{#each inner}}{{@key}}={{this}}{{/each}}"), "x=y");
  EXPECT_EQ(render("{{#with inner}}{{x}}{{../five}}{{/with}}"), "y5");
  EXPECT_EQ(render("{{#inner}}{{x}}{{/inner}}{{^none}}!{{/none}}"), "y!");
  EXPECT_EQ(render("{{#each list as |v i|}}{{#if (eq i 9)}}{{v}}{{/if}}{{/each}}"), "10");
  EXPECT_EQ(render("{{lookup list 2}} {{list.length}} {{list.[3]}} {{@root.five}}"), "3 10 4 5");
  EXPECT_EQ(render("{{!-- a {{comment}} --}}a {{~five~}} b \\{{five}}"), "a5b {{five}}");
  EXPECT_EQ(render("{{#*inline \"p\"}}[{{> @partial-block}}]{{/inline}}{{#> p}}q{{/p}}"), "[q]");
}

TEST_F(TemplatesTest, SaysWhereAMistakeIs) {
  const std::pair<const char*, const char*> cases[] = {
      {"a\n  b {{#if five}} {{/unless}}", "line 2, column 8: the block `if` is closed as `unless`"},
      {"a\n{{#if five}}\nb", "line 3, column 2: the template ends here, but a block is not closed"},
      {"{{five", "line 1, column 3: the template ends here, but a tag is not closed"},
      {"{{ a | }}", "line 1, column 6: unexpected `|`"},
      {"{{{five}}", "line 1, column 8: unexpected `}}`"},
      {"x {{nope five}}", "line 1, column 3: there is no helper `nope`"},
      {"{{#if (nope five)}}{{/if}}", "line 1, column 7: there is no helper `nope`"},
      {"\n{{> nope}}", "line 2, column 1: there is no partial `nope` in this template"},
      {"{{* nope}}", "line 1, column 1: there is no decorator `nope`"},
      {"{{eq five}}", "line 1, column 1: `eq` needs 2 values"},
      {"{{#if}}{{/if}}", "#if requires exactly one argument"}};
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(render(text), std::string("error: ") + expected) << text;
}

TEST_F(TemplatesTest, ChecksWithoutRendering) {
  EXPECT_EQ(templates_.check(Template::from_text(Format::text, "{{five}}")), std::nullopt);
  const auto mistake = templates_.check(Template::from_text(Format::text, "\n {{#if}"));
  ASSERT_TRUE(mistake.has_value());
  EXPECT_EQ(mistake->line, 2);
  EXPECT_EQ(to_string(*mistake, "f.handlebars"),
            "f.handlebars:2:7: the template ends here, but a tag is not closed");
}

TEST_F(TemplatesTest, GivesNothingOfJavaScriptAway) {
  for (const char* text :
       {"{{constructor}}", "{{name.constructor}}", "{{__proto__}}",
        "{{lookup name \"constructor\"}}", "{{lookup (lookup this \"constructor\") \"prototype\"}}",
        "{{toString}}", "{{inner.toString}}", "{{#with constructor}}{{this}}{{/with}}",
        "{{#each constructor}}{{this}}{{/each}}",
        "{{#with (lookup list \"map\")}}{{this}}{{/with}}", "{{list.constructor.constructor}}",
        "{{__defineGetter__}}", "{{@root.constructor}}"}) {
    EXPECT_EQ(render(text), "") << text;
  }
  EXPECT_THAT(render("{{constructor.constructor \"return 1\"}}"), HasSubstr("there is no helper"));
  EXPECT_THAT(render("{{#with \"x\" as |x|}}{{x.sub.apply}}{{/with}}"),
              testing::Not(HasSubstr("function")));
}

/// Each is refused, and in a time that does not delay the program; the next template works.
TEST_F(TemplatesTest, StopsWhatWouldNotEnd) {
  std::string nested;
  for (int depth = 0; depth < 9; ++depth) nested += "{{#each " + repeated("../", depth) + "list}}";
  nested += repeated("{{/each}}", 9);
  const std::string loops[] = {
      nested,
      "{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}",
      "{{#*inline \"a\"}}x{{> a}}{{> a}}{{/inline}}{{> a}}",
      "{{#*inline \"a\"}}{{#each list}}{{> a list=../list}}{{/each}}{{/inline}}{{> a}}",
      "{{#*inline \"a\"}}{{#> a}}{{> @partial-block}}{{/a}}{{/inline}}{{> a}}",
      repeated("{{name}}", 20'000),
      repeated("{{#if five}}", 5'000),
      repeated("\u00e4{{five}}", 20'000),
      "{{" + repeated("a.", 100'000),
      repeated("(", 100'000),
      "{{eq " + repeated("(eq five ", 2'000) + "five" + repeated(")", 2'000) + " five}}",
  };
  for (const auto& text : loops) {
    const auto begin = std::chrono::steady_clock::now();
    const auto made = templates_.render(Template::from_text(Format::text, text), kValues);
    EXPECT_LT(std::chrono::steady_clock::now() - begin,
              std::chrono::seconds(kit::kSanitizer ? 200 : 20))
        << text.substr(0, 60);
    if (text != loops[9]) {
      EXPECT_FALSE(made.has_value()) << text.substr(0, 60);
    }
    EXPECT_EQ(render("{{five}}"), "5") << text.substr(0, 60);
  }
}

TEST_F(TemplatesTest, DoesNotTryAgainWhatTookTooLong) {
  std::string nested;
  for (int depth = 0; depth < 9; ++depth) nested += "{{#each " + repeated("../", depth) + "list}}";
  const auto source = Template::from_text(Format::text, nested + repeated("{{/each}}", 9));
  EXPECT_EQ(kind_of_failure(source), ErrorKind::rejected);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(kind_of_failure(source), ErrorKind::rejected);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST_F(TemplatesTest, RefusesATooLargeMessage) {
  const auto big = "{{#each list}}{{#each ../list}}{{#each ../../list}}" + std::string(3000, 'x') +
                   "{{/each}}{{/each}}{{/each}}";
  EXPECT_EQ(kind_of_failure(Template::from_text(Format::text, big)), ErrorKind::rejected);
  EXPECT_EQ(kind_of_failure(Template::from_text(Format::text, std::string(300'000, 'x'))),
            ErrorKind::rejected);
}

TEST_F(TemplatesTest, RendersALargeTemplate) {
  const std::string text(200'000, 'x');
  EXPECT_EQ(render(text + "{{five}}"), text + "5");
  EXPECT_EQ(render(repeated("<td>{{five}}</td>\n", 400)), repeated("<td>5</td>\n", 400));
}

class TemplateFile : public TemplatesTest {
 protected:
  void write(const std::string& text) {
    // Time stamps may be as coarse as the system's tick.
    std::ofstream(to_path(path_), std::ios::binary) << text;
    std::filesystem::last_write_time(to_path(path_), std::filesystem::file_time_type::clock::now() +
                                                         std::chrono::seconds(++writes_));
  }
  std::string render_file(Format format = Format::text) {
    const auto made = templates_.render(Template::from_file(format, path_), kValues);
    return made ? *made : "error: " + made.error().what;
  }

  kit::ScratchDirectory scratch_;
  std::string path_ = to_utf8(scratch_.path() / to_path("t\u00e4mplate.handlebars"));
  int writes_ = 0;
};

TEST_F(TemplateFile, IsReadAgainWhenItHasChanged) {
  write("one {{five}}");
  EXPECT_EQ(render_file(), "one 5");
  EXPECT_EQ(render_file(), "one 5");
  write("two {{five}}");
  EXPECT_EQ(render_file(), "two 5");
  write("\n{{#if five}}");
  EXPECT_EQ(render_file(),
            "error: " + path_ + ":2:13: the template ends here, but a block is not closed");
  write("three");
  EXPECT_EQ(render_file(), "three");
  std::filesystem::remove(to_path(path_));
  EXPECT_EQ(render_file(), "error: " + path_ + " does not exist");
  write("four");
  EXPECT_EQ(render_file(), "four");
}

TEST_F(TemplateFile, IsNotCheckedForEachMessage) {
  Templates templates({.check_every = std::chrono::hours(1)});
  write("one");
  const auto source = Template::from_file(Format::text, path_);
  EXPECT_EQ(templates.render(source, kValues), "one");
  write("two");
  EXPECT_EQ(templates.render(source, kValues), "one");
}

TEST_F(TemplateFile, MayBeginWithAByteOrderMarkAndIsReplacedWhereItIsNoText) {
  write("\xEF\xBB\xBFx\xFFy{{five}}");
  EXPECT_EQ(render_file(), "x\uFFFDy5");
}

TEST_F(TemplateFile, CanBeOfTwoFormats) {
  write("{{name}}");
  EXPECT_THAT(render_file(Format::html), HasSubstr("&amp;"));
  EXPECT_THAT(render_file(Format::json), HasSubstr("&d"));
}

TEST_F(TemplateFile, WorksAfterAnotherHasUsedUpTheEngine) {
  write("{{five}}");
  EXPECT_EQ(render_file(), "5");
  render(repeated("{{name}}", 20'000));
  EXPECT_EQ(render_file(), "5");
}

TEST_F(TemplateFile, InAnotherCodePageIsNamedWithTheCure) {
  const auto said = [this] {
    const auto mistake = templates_.check(Template::from_file(Format::text, path_));
    return mistake ? mistake->text : "nothing";
  };
  write("gr\xFC\xDF {{five}}");
  EXPECT_EQ(said(),
            "the template is not in UTF-8 but in another code page, such as Windows-1252: save it "
            "as UTF-8");
  EXPECT_EQ(render_file(), "gr\uFFFD\uFFFD 5");
  write("gr\u00FC\u00DF {{five}}");
  EXPECT_EQ(said(), "nothing");
  write(std::string("\xFF\xFEo\0k\0", 6));
  EXPECT_EQ(said(), "the template is in UTF-16: save it as UTF-8");
}

TEST_F(TemplateFile, MustBeAFile) {
  EXPECT_EQ(kind_of_failure(Template::from_file(Format::text, to_utf8(scratch_.path()))),
            ErrorKind::not_found);
  EXPECT_EQ(kind_of_failure(Template::from_file(Format::text, path_ + ".not")),
            ErrorKind::not_found);
}

}  // namespace
}  // namespace tocsin::render
