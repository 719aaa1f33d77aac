#include "notify/channel.h"

#include "base/bytes.h"
#include "wire/crypto.h"

namespace tocsin::notify {

std::string channel_key(std::string_view kind, std::string_view identity) {
  constexpr std::size_t kDigestBytes = 8;
  const auto salt = "tocsin " + std::string(kind);
  const auto digest = crypto::hmac_sha256(as_bytes(salt), {as_bytes(identity)});
  return std::string(kind) + ":" + to_hex(BytesView(digest).first(kDigestBytes));
}

}  // namespace tocsin::notify
