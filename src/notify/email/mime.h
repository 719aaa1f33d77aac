// A mail as bytes (RFC 5322, MIME): ASCII only, whatever is in it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/destinations/email_notification.h"
#include "config/destinations/mailbox.h"

namespace tocsin::notify {

struct Mail {
  config::Mailbox from;
  config::Mailbox to;
  std::string subject;  ///< UTF-8; what could end the line becomes a space
  std::string text;     ///< UTF-8, the same for those who do not read HTML
  std::string html;     ///< UTF-8; empty: the mail is its text alone
  Time date{};
  std::string id;  ///< in Message-ID before the sender's domain; letters, digits, - and .
  config::MailPriority priority = config::MailPriority::normal;
  /// Further headers, with names in ASCII; values as for the subject.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// All lines end in CRLF and are at most 998 characters long, those of headers 78 where what is in
/// them can be folded. No value can begin a header, a part or an end.
[[nodiscard]] std::string write_mail(const Mail& mail);

/// A header's value: as it is where it is short ASCII, else as encoded words (RFC 2047) of at most
/// 75 characters, one on each line; `column` is where it begins.
[[nodiscard]] std::string header_text(std::string_view utf8, std::size_t column);

/// RFC 2045, 6.7: lines of at most 76 characters; every kind of line end becomes CRLF.
[[nodiscard]] std::string quoted_printable(std::string_view text);

/// "Wed, 25 Nov 2026 19:09:14 +0000" (RFC 5322, 3.3).
[[nodiscard]] std::string mail_date(Time time);

}  // namespace tocsin::notify
