#include "notify/sentence.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "wire/crypto.h"

namespace tocsin::notify {

std::string sentence_about(const Alert& alert) {
  const auto& name = alert.friendly_name.empty() ? display_name(alert) : alert.friendly_name;
  std::string text =
      alert.from == alert.to
          ? fmt::format("{} on {}: {}", name, alert.host.text(), to_string(alert.kind))
          : fmt::format("{} on {} is {} (was {})", name, alert.host.text(), to_string(alert.to),
                        to_string(alert.from));
  if (!alert.reason.empty()) text += ": " + alert.reason;
  return valid_utf8(text);
}

std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  constexpr std::size_t kDigestBytes = 8;
  const auto digest = crypto::hmac_sha256(as_bytes("tocsin"), {as_bytes(text)});
  const std::string tail = "..." + to_hex(BytesView(digest).first(kDigestBytes));
  return std::string(cut_utf8(text, most - tail.size())) + tail;
}

}  // namespace tocsin::notify
