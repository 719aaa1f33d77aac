#include "base/text.h"

#include <gtest/gtest.h>

#include "base/names.h"

namespace tocsin {
namespace {

TEST(Text, Utf16RoundTrip) {
  for (const std::string text :
       {"", "Spooler", "Größe", "日本語", "\U0001F514 alarm", "MSSQL$X & (y) #"}) {
    EXPECT_EQ(from_utf16(to_utf16(text)), text);
  }
}

TEST(Text, Utf16IsLittleEndianWithSurrogatePairs) {
  EXPECT_EQ(to_hex(to_utf16("A\U0001F514")), "41003dd814dd");
}

TEST(Text, HostileUtf16BecomesReplacementCharacters) {
  EXPECT_EQ(from_utf16(from_hex("00d8").value()), "\xEF\xBF\xBD");  // lone high surrogate
  EXPECT_EQ(from_utf16(from_hex("00dc4100").value()),
            "\xEF\xBF\xBD"
            "A");  // lone low one
  EXPECT_EQ(from_utf16(from_hex("00d84100").value()),
            "\xEF\xBF\xBD"
            "A");                                     // high without its low
  EXPECT_EQ(from_utf16(from_hex("41").value()), "");  // half a unit
}

TEST(Text, HostileUtf8BecomesReplacementCharacters) {
  EXPECT_EQ(to_hex(to_utf16("\xFF"
                            "a")),
            "fdff6100");
  EXPECT_FALSE(is_utf8("\xC0\xAF"));      // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));  // surrogate
  EXPECT_TRUE(is_utf8("日本語 \U0001F514"));
}

TEST(Text, FoldCaseAsWindowsDoes) {
  EXPECT_EQ(fold_case("spooler"), "SPOOLER");
  EXPECT_EQ(fold_case("größe"), "GRÖßE");  // sharp s has no simple upper case
  EXPECT_EQ(fold_case("ıſµ"), "ıſµ");      // these three stay as they are
  EXPECT_EQ(fold_case("привет"), "ПРИВЕТ");
  EXPECT_EQ(fold_case("\U00010428"), "\U00010428");  // beyond the BMP nothing is mapped
  EXPECT_EQ(fold_case("MSSQL$inst&(x)#"), "MSSQL$INST&(X)#");
}

TEST(Text, PrintableKeepsTheTerminalSafe) {
  EXPECT_EQ(printable("plain Größe \U0001F514"), "plain Größe \U0001F514");
  EXPECT_EQ(printable("a\x1b[31mb\r\nc\x7f"), "a?[31mb??c?");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "b"),
            "a?b");  // C1 control
  EXPECT_EQ(printable("a\u202E"
                      "b"),
            "a?b");  // right-to-left override
  EXPECT_EQ(printable("a\u2060\u00AD\u061C"
                      "b"),
            "a???b");  // without width
  EXPECT_EQ(printable("\xFF"), "?");
  EXPECT_EQ(printable(std::string(300, 'x'), 10), "xxxxxxx...");
}

TEST(Text, DisplayWidth) {
  EXPECT_EQ(display_width("Größe"), 5U);
  EXPECT_EQ(display_width("日本"), 4U);
}

TEST(CutUtf8, CutsNoCharacterInTwo) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("abc", 2), "ab");
  EXPECT_EQ(cut_utf8("aü", 2), "a");
  EXPECT_EQ(cut_utf8("aü", 3), "aü");
  EXPECT_EQ(cut_utf8("aüb", 3), "aü");
  EXPECT_EQ(cut_utf8("😀", 3), "");
  EXPECT_EQ(cut_utf8("", 0), "");
}

}  // namespace
}  // namespace tocsin
