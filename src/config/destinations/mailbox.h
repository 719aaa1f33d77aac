// Who a mail is from or for, as people write it.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace tocsin::config {

struct Mailbox {
  std::string name;     ///< UTF-8; may be empty
  std::string address;  ///< ASCII, such as ops@example.com

  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

/// `ops@example.com`, `Operations <ops@example.com>`, `"Operations, Berlin" <ops@example.com>`;
/// comments in parentheses count only where they are all there is of a name (RFC 5322, 3.4).
/// invalid_config: what it must be, such as "must be one address, such as ops@example.com".
[[nodiscard]] Result<Mailbox> parse_mailbox(const std::string& text);

/// The same as a check of a key.
[[nodiscard]] std::optional<std::string> check_mailbox(const std::string& text);

/// What makes two addresses the same: the case of a domain does not count.
[[nodiscard]] std::string mailbox_key(const Mailbox& mailbox);

}  // namespace tocsin::config
