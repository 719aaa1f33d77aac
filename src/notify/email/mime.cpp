#include "notify/email/mime.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/text.h"

namespace tocsin::notify {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kFold = "\r\n ";
/// What a line of a header should not exceed, without its end (RFC 5322, 2.1.1).
constexpr std::size_t kHeaderLine = 78;

bool is_plain(char c) { return c >= ' ' && c < '\x7F'; }

/// How many bytes a character of valid UTF-8 that begins with this one has.
std::size_t character_size(char first) {
  const auto byte = static_cast<std::uint8_t>(first);
  if (byte < 0x80) return 1;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

/// Valid UTF-8 on one line: whatever may end a line or control a terminal becomes a space.
std::string one_line(std::string_view text) {
  const std::string valid = is_utf8(text) ? std::string(text) : from_utf16(to_utf16(text));
  std::string out;
  for (std::size_t at = 0; at < valid.size();) {
    const std::string character = valid.substr(at, character_size(valid[at]));
    at += character.size();
    const auto byte = [&](std::size_t index) {
      return static_cast<std::uint8_t>(character[index]);
    };
    const bool control = character.size() == 1 && !is_plain(character[0]);
    const bool control_1 = character.size() == 2 && byte(0) == 0xC2 && byte(1) < 0xA0;
    const bool separator = character == "\u2028" || character == "\u2029";
    out += control || control_1 || separator ? " " : character;
  }
  return out;
}

std::string encoded_words(std::string_view utf8, std::size_t column) {
  constexpr std::string_view kBegin = "=?UTF-8?B?";
  constexpr std::string_view kEnd = "?=";
  constexpr std::size_t kLongestWord = 75;  // RFC 2047, 2, which also wants shorter lines
  constexpr std::size_t kEncodedLine = 76;
  const auto room = [&](std::size_t from) {
    const std::size_t longest =
        std::min(kLongestWord, from < kEncodedLine ? kEncodedLine - from : 0);
    const std::size_t around = kBegin.size() + kEnd.size();
    return longest > around ? (longest - around) / 4 * 3 : 0;
  };
  std::string out;
  while (!utf8.empty()) {
    std::size_t size = 0;
    const std::size_t most = room(column);
    while (size < utf8.size() && size + character_size(utf8[size]) <= most)
      size += character_size(utf8[size]);
    if (size > 0) {
      out.append(kBegin).append(to_base64(as_bytes(utf8.substr(0, size)))).append(kEnd);
      utf8.remove_prefix(size);
    }
    if (!utf8.empty()) out += kFold;
    column = 1;
  }
  return out;
}

bool is_short_ascii(std::string_view text, std::size_t column) {
  // What looks like an encoded word would be decoded; spaces at the ends would be lost.
  return std::ranges::all_of(text, is_plain) && column + text.size() <= kHeaderLine &&
         !text.contains("=?") && !text.starts_with(' ') && !text.ends_with(' ');
}

/// A display name: as atoms, as a quoted string, or encoded (RFC 5322, 3.2.5).
std::string phrase(const std::string& name, std::size_t column) {
  const std::string text = one_line(name);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  quoted += '"';
  return is_short_ascii(text, column + quoted.size() - text.size()) ? quoted
                                                                    : encoded_words(text, column);
}

std::string address_header(std::string_view name, const config::Mailbox& mailbox) {
  std::string header = std::string(name) + ": ";
  if (!mailbox.name.empty()) {
    header += phrase(mailbox.name, header.size());
    const std::size_t line = header.size() - (header.rfind('\n') + 1);  // npos + 1 is 0
    header += line + mailbox.address.size() + 3 > kHeaderLine ? kFold : " ";
  }
  return header + "<" + mailbox.address + ">" + std::string(kLineEnd);
}

std::string header(std::string_view name, std::string_view value) {
  std::string line = std::string(name) + ": ";
  line += header_text(value, line.size());
  return line + std::string(kLineEnd);
}

/// As mail programs know it, each by another one; Butler sends the same.
std::string priority_headers(config::MailPriority priority) {
  switch (priority) {
    case config::MailPriority::high:
      return header("X-Priority", "1 (Highest)") + header("X-Msmail-Priority", "High") +
             header("Importance", "High");
    case config::MailPriority::low:
      return header("X-Priority", "5 (Lowest)") + header("X-Msmail-Priority", "Low") +
             header("Importance", "Low");
    case config::MailPriority::normal:
      return "";
  }
  return "";
}

std::string part(std::string_view type, std::string_view text) {
  return "Content-Type: " + std::string(type) +
         "; charset=utf-8\r\n"
         "Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
         quoted_printable(text);
}

}  // namespace

std::string header_text(std::string_view utf8, std::size_t column) {
  const std::string text = one_line(utf8);
  return is_short_ascii(text, column) ? text : encoded_words(text, column);
}

std::string quoted_printable(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::size_t kLongest = 76;
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size(); at++) {
    const char c = text[at];
    const bool ends_line = c == '\n' || (c == '\r' && text.substr(at + 1, 1) == "\n");
    if (ends_line) {
      if (c == '\r') at++;
      out += kLineEnd;
      column = 0;
      continue;
    }
    const std::string_view after = text.substr(at + 1, 2);
    const bool last_on_line = after.empty() || after[0] == '\n' || after == "\r\n";
    const bool blank = c == ' ' || c == '\t';
    const bool literal = blank ? !last_on_line : is_plain(c) && c != '=';
    const std::size_t size = literal ? 1 : 3;
    // A line that goes on ends in '=', which takes the last column.
    if (column + size > kLongest - (last_on_line ? 0 : 1)) {
      out.append("=").append(kLineEnd);
      column = 0;
    }
    if (literal) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += {'=', kHex[byte >> 4], kHex[byte & 0xF]};
    }
    column += size;
  }
  if (column > 0) out += kLineEnd;
  return out;
}

std::string mail_date(Time time) {
  // By hand: the names must be English whatever the locale.
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
      kDays.at(std::chrono::weekday(day).c_encoding()), static_cast<unsigned>(date.day()),
      kMonths.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
      clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string write_mail(const Mail& mail) {
  const std::string domain = mail.from.address.substr(mail.from.address.rfind('@') + 1);
  std::string out = address_header("From", mail.from) + address_header("To", mail.to) +
                    header("Subject", mail.subject) + header("Date", mail_date(mail.date)) +
                    "Message-ID: <" + mail.id + "@" + domain + ">" + std::string(kLineEnd) +
                    priority_headers(mail.priority);
  // So that nobody's holiday notice answers (RFC 3834; the second is Exchange's).
  out += header("Auto-Submitted", "auto-generated") + header("X-Auto-Response-Suppress", "All");
  for (const auto& [name, value] : mail.headers) out += header(name, value);
  out += header("MIME-Version", "1.0");
  if (mail.html.empty()) return out + part("text/plain", mail.text);
  // No quoted-printable text has "=_" in it (RFC 2045, 6.7).
  const std::string boundary = "=_" + mail.id;
  // The line end before a boundary is part of the boundary (RFC 2046, 5.1.1).
  return out + "Content-Type: multipart/alternative;\r\n boundary=\"" + boundary + "\"\r\n\r\n" +
         "--" + boundary + "\r\n" + part("text/plain", mail.text) + "\r\n--" + boundary + "\r\n" +
         part("text/html", mail.html) + "\r\n--" + boundary + "--\r\n";
}

}  // namespace tocsin::notify
