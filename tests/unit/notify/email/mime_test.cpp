// What the bytes look like; that Python's email package reads them as they were meant is tested in
// integration/mime_test.py.
#include "notify/email/mime.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Mail a_mail() {
  return {.from = {.name = "Services", .address = "tocsin@example.com"},
          .to = {.name = "", .address = "ops@example.org"},
          .subject = "Spooler on node1 is STOPPED",
          .text = "It stopped.\n",
          .html = "<p>It stopped.</p>\n",
          .date = Time(std::chrono::seconds(1'795'633'754)),
          .id = "0190a0b0-0000-7000-8000-000000000001.tocsin",
          .priority = config::MailPriority::high,
          .headers = {{"X-Tocsin-Host", "node1"}}};
}

/// The value of a header, unfolded.
std::string header(const std::string& mail, const std::string& name) {
  const std::string head = "\r\n" + mail.substr(0, mail.find("\r\n\r\n")) + "\r\n";
  const auto begin = head.find("\r\n" + name + ": ");
  if (begin == std::string::npos) return "(none)";
  std::string value;
  for (auto at = begin + name.size() + 4; !(head[at] == '\r' && head[at + 2] != ' '); at++)
    if (head[at] != '\r' && head[at] != '\n') value += head[at];
  return value;
}

TEST(WriteMail, ToTheByte) {
  EXPECT_EQ(write_mail(a_mail()),
            "From: \"Services\" <tocsin@example.com>\r\n"
            "To: <ops@example.org>\r\n"
            "Subject: Spooler on node1 is STOPPED\r\n"
            "Date: Wed, 25 Nov 2026 19:09:14 +0000\r\n"
            "Message-ID: <0190a0b0-0000-7000-8000-000000000001.tocsin@example.com>\r\n"
            "X-Priority: 1 (Highest)\r\n"
            "X-Msmail-Priority: High\r\n"
            "Importance: High\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "X-Auto-Response-Suppress: All\r\n"
            "X-Tocsin-Host: node1\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/alternative;\r\n"
            " boundary=\"=_0190a0b0-0000-7000-8000-000000000001.tocsin\"\r\n"
            "\r\n"
            "--=_0190a0b0-0000-7000-8000-000000000001.tocsin\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "It stopped.\r\n"
            "\r\n"
            "--=_0190a0b0-0000-7000-8000-000000000001.tocsin\r\n"
            "Content-Type: text/html; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "<p>It stopped.</p>\r\n"
            "\r\n"
            "--=_0190a0b0-0000-7000-8000-000000000001.tocsin--\r\n");
}

TEST(WriteMail, TextAloneHasNoParts) {
  Mail mail = a_mail();
  mail.html.clear();
  EXPECT_THAT(write_mail(mail), EndsWith("MIME-Version: 1.0\r\n"
                                         "Content-Type: text/plain; charset=utf-8\r\n"
                                         "Content-Transfer-Encoding: quoted-printable\r\n"
                                         "\r\n"
                                         "It stopped.\r\n"));
}

TEST(WriteMail, Priorities) {
  Mail mail = a_mail();
  mail.priority = config::MailPriority::low;
  EXPECT_EQ(header(write_mail(mail), "X-Priority"), "5 (Lowest)");
  EXPECT_EQ(header(write_mail(mail), "X-Msmail-Priority"), "Low");
  EXPECT_EQ(header(write_mail(mail), "Importance"), "Low");
  mail.priority = config::MailPriority::normal;
  EXPECT_THAT(write_mail(mail), Not(HasSubstr("riority")));
  EXPECT_THAT(write_mail(mail), Not(HasSubstr("Importance")));
}

TEST(WriteMail, NothingBeginsAHeader) {
  for (const std::string_view end :
       {"\r\n", "\n", "\r", "\r\n\r\n", "\v", "\f", "\u0085", "\u2028"}) {
    const std::string evil = "x" + std::string(end) + "Bcc: <evil@example.com>";
    Mail mail = a_mail();
    mail.subject = mail.from.name = mail.to.name = evil;
    mail.headers = {{"X-Tocsin-Host", evil}};
    mail.text = mail.html = evil;
    const std::string written = write_mail(mail);
    EXPECT_EQ(header(written, "Bcc"), "(none)");
    EXPECT_THAT(header(written, "Subject"), StartsWith("x"));
  }
}

TEST(WriteMail, NamesAreQuotedOrEncoded) {
  const auto from = [](std::string name) {
    Mail mail = a_mail();
    mail.from.name = std::move(name);
    return header(write_mail(mail), "From");
  };
  EXPECT_EQ(from(""), "<tocsin@example.com>");
  EXPECT_EQ(from("Ops, Berlin"), "\"Ops, Berlin\" <tocsin@example.com>");
  EXPECT_EQ(from(R"(a "b" \c)"), R"("a \"b\" \\c" <tocsin@example.com>)");
  EXPECT_EQ(from("J\u00FCrgen"), "=?UTF-8?B?SsO8cmdlbg==?= <tocsin@example.com>");
  EXPECT_EQ(from("=?UTF-8?Q?x?="), "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?= <tocsin@example.com>");
}

TEST(HeaderText, IsFoldedWhereItIsLongOrNotAscii) {
  EXPECT_EQ(header_text("plain", 9), "plain");
  EXPECT_EQ(header_text("", 9), "");
  EXPECT_EQ(header_text(std::string(69, 'x'), 9), std::string(69, 'x'));
  EXPECT_THAT(header_text(std::string(70, 'x'), 9), StartsWith("=?UTF-8?B?"));
  EXPECT_THAT(header_text(" x", 9), StartsWith("=?UTF-8?B?"));
  EXPECT_THAT(header_text("x ", 9), StartsWith("=?UTF-8?B?"));
  EXPECT_THAT(header_text("a =?x", 9), StartsWith("=?UTF-8?B?"));
  EXPECT_EQ(header_text("\U0001F514", 9), "=?UTF-8?B?8J+UlA==?=");
  std::string text;
  while (text.size() < 600) text += "\u00E4\u76E3\U0001F514x";
  for (const std::size_t column : {2U, 9U, 40U, 70U, 76U, 77U, 200U}) {
    const std::string folded = header_text(text, column);
    std::size_t at = column;
    for (const char c : folded) {
      at = c == '\n' ? 0 : c == '\r' ? at : at + 1;
      if (column <= 76 || at < column) EXPECT_LE(at, 76);
    }
  }
}

TEST(QuotedPrintable, LinesAndBytes) {
  EXPECT_EQ(quoted_printable(""), "");
  EXPECT_EQ(quoted_printable("a"), "a\r\n");
  EXPECT_EQ(quoted_printable("a\nb\r\nc\rd\n"), "a\r\nb\r\nc=0Dd\r\n");
  EXPECT_EQ(quoted_printable("a=b"), "a=3Db\r\n");
  EXPECT_EQ(quoted_printable("x \ny\t\r\nz "), "x=20\r\ny=09\r\nz=20\r\n");
  EXPECT_EQ(quoted_printable("x y\tz"), "x y\tz\r\n");
  EXPECT_EQ(quoted_printable("\u00E4\x01"), "=C3=A4=01\r\n");
  EXPECT_EQ(quoted_printable(".\n..\n"), ".\r\n..\r\n");
  EXPECT_EQ(quoted_printable("\n\n"), "\r\n\r\n");
  EXPECT_EQ(quoted_printable(std::string(76, 'x')), std::string(76, 'x') + "\r\n");
  EXPECT_EQ(quoted_printable(std::string(77, 'x')), std::string(75, 'x') + "=\r\nxx\r\n");
  EXPECT_EQ(quoted_printable(std::string(75, 'x') + " "), std::string(75, 'x') + "=\r\n=20\r\n");
  EXPECT_EQ(quoted_printable(std::string(73, 'x') + "\u00E4"),
            std::string(73, 'x') + "=\r\n=C3=A4\r\n");
}

TEST(MailDate, IsInUtcAndInEnglish) {
  EXPECT_EQ(mail_date(Time{}), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(mail_date(Time(std::chrono::milliseconds(951'827'696'999))),
            "Tue, 29 Feb 2000 12:34:56 +0000");
}

}  // namespace
}  // namespace tocsin::notify
