// How a password of `web.users` is written: as scrypt (RFC 7914) has hashed it. Pure.
#pragma once

#include <expected>
#include <string>

#include "base/bytes.h"

namespace tocsin::config {

/// In the PHC string format: "$scrypt$ln=15,r=8,p=1$SALT$HASH", both in base64 without padding.
/// The defaults take 32 MB and, as measured, 0.1 to 0.2 s of a core.
struct ScryptHash {
  unsigned log2_cost = 15;  ///< ln: log2 of RFC 7914's N
  unsigned block_size = 8;  ///< r
  unsigned parallel = 1;    ///< p
  Bytes salt;
  Bytes hash;

  /// The error says what the text must be, as what continues the name of its key. It never quotes
  /// the text.
  [[nodiscard]] static std::expected<ScryptHash, std::string> parse(const std::string& text);
  [[nodiscard]] std::string to_text() const;

  friend bool operator==(const ScryptHash&, const ScryptHash&) = default;
};

/// How long our own salts and hashes are.
inline constexpr std::size_t kSaltBytes = 16;
inline constexpr std::size_t kHashBytes = 32;

}  // namespace tocsin::config
