// Names that are not what they seem to be, and what is said about them.
#include "config/section/spelling.h"

#include <string>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string stray(std::string_view text, Writing writing = Writing::name, bool escapes = false) {
  return find_stray_character({.text = text, .may_have_escapes = escapes}, writing).value_or("");
}

TEST(Spelling, NamesHaveNoInvisibleCharacters) {
  EXPECT_EQ(stray("CORP\\backup"), "");
  EXPECT_EQ(stray("Größe \U0001F514"), "");
  EXPECT_EQ(stray("CORP\backup"), "contains a backspace (U+0008): retype the text without it");
  EXPECT_EQ(stray("Spool\u200Ber"),
            "contains a zero-width space (U+200B): retype the text without it");
  EXPECT_EQ(stray("\uFEFFSpooler"),
            "contains a byte order mark (U+FEFF): retype the text without it");
  EXPECT_EQ(stray("Print\u00A0Spooler"),
            "contains a no-break space (U+00A0): type an ordinary space");
  EXPECT_EQ(stray("Print\u2003Spooler"),
            "contains an unusual space (U+2003): type an ordinary space");
  EXPECT_EQ(stray("a\u202Eb"),
            "contains an invisible character (U+202E): retype the text without it");
  EXPECT_EQ(stray("\u201CSpooler\u201D"), "is in typographic quotes: write straight ones, `'`");
  EXPECT_EQ(stray("Spooler "), "begins or ends with a space: remove it");
}

TEST(Spelling, TitlesOfWindowsMayHaveWideBlanksAndQuotesWithin) {
  EXPECT_EQ(stray("Système d\u2019événement\u00A0: COM+", Writing::title), "");
  EXPECT_EQ(stray("Vendor's service ", Writing::title), "");
  EXPECT_EQ(stray("\u00A0Spooler", Writing::title),
            "contains a no-break space (U+00A0): type an ordinary space");
  EXPECT_EQ(stray("Print\tSpooler", Writing::title),
            "contains a tab (U+0009): retype the text without it");
  EXPECT_EQ(stray("line\n\u201Cof\u201D a template ", Writing::prose), "");
}

TEST(Spelling, EscapesAreExplained) {
  for (const auto& [text, letter] :
       std::initializer_list<std::pair<const char*, char>>{{"CORP\backup", 'b'},
                                                           {"C:\temp", 't'},
                                                           {"CORP\u0085orth", 'N'},
                                                           {"CORP\u00A0svc", '_'},
                                                           {"C:\u2028ogs", 'L'},
                                                           {"C:\u2029ublic", 'P'}})
    EXPECT_THAT(
        stray(text, Writing::name, true),
        testing::EndsWith(std::string(", because `\\") + letter +
                          "` is an escape in double quotes: put the text in single quotes"));
}

TEST(Spelling, ForeignReferencesAreWholeTexts) {
  for (const auto* text :
       {"${NAME}", "%NAME%", "$env:NAME", "$Env:Name", "${ENV:NAME}", "${env.NAME}", "$(NAME)"})
    EXPECT_TRUE(is_foreign_reference(text)) << text;
  for (const auto* text : {"${env:NAME}", "${file:/run/secret}", "100%", "%", "%%", "a${NAME}",
                           "$NAME", "p$env:", "${}", "${a b}"})
    EXPECT_FALSE(is_foreign_reference(text)) << text;
}

TEST(Spelling, OfAccountsHostsServicesAndPaths) {
  EXPECT_THAT(findings_with({{4, "      - {name: main, username: \"CORP\\backup\", password: p}"}}),
              ElementsAre(with_slashes(
                  "4:32: error: `username` contains a backspace (U+0008), because `\\b` is an "
                  "escape in double quotes: put the text in single quotes")));
  EXPECT_THAT(
      findings_with({{6, "      - host: node\u200B1"}}),
      ElementsAre(
          "6:15: error: `host` contains a zero-width space (U+200B): retype the text without it"));
  EXPECT_THAT(
      findings_with({{8, "          - name: \u201CSpooler\u201D"}}),
      ElementsAre("8:19: error: `name` is in typographic quotes: write straight ones, `'`"));
  EXPECT_THAT(
      findings_with({{8, "          - name: S*\n            exclude: [\"a\\tb\"]"}}),
      ElementsAre(with_slashes("9:23: error: `exclude` contains a tab (U+0009), because `\\t` is "
                               "an escape in double quotes: put the text in single quotes")));
  EXPECT_THAT(findings_with({{1, "tocsin:\n  dataDirectory: \"C:\\tocsin\""}}),
              ElementsAre(with_slashes(
                  "2:18: error: `dataDirectory` contains a tab (U+0009), because `\\t` is an "
                  "escape in double quotes: put the text in single quotes")));
}

TEST(Spelling, OfSecretsIsOnlyWarnedOf) {
  for (const auto* value : {"'${PASSWORD}'", "'%PASSWORD%'", "'$env:PASSWORD'"})
    EXPECT_THAT(findings_with({{4, std::string("      - {name: main, username: u, password: ") +
                                       value + "}"}}),
                ElementsAre("4:45: warning: `password` looks like a reference, but is taken "
                            "literally: write ${env:NAME}, ${file:PATH} or ${credential:NAME}"));
  const auto loaded = parse_sample(
      sample_with({{4, "      - {name: main, username: u, password: \"pass\\tword\"}"}}));
  EXPECT_THAT(
      findings_of(loaded),
      ElementsAre(with_slashes("4:45: warning: `password` contains a tab (U+0009), because `\\t` "
                               "is an escape in double quotes: put the text in single quotes")));
  EXPECT_EQ(loaded.config->credentials.at(0)->password.reveal(), "pass\tword");
}

TEST(Spelling, AUrlThatIsASecretMustBeAReferenceOfOurs) {
  EXPECT_THAT(findings_with({{14, "        - webhookURL: ${DESK_URL}"}}),
              ElementsAre("14:23: error: `webhookURL` looks like a reference, but is taken "
                          "literally: write ${env:NAME}, ${file:PATH} or ${credential:NAME}"));
}

}  // namespace
}  // namespace tocsin::config
