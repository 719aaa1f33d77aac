#include "web/password_login.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace tocsin::web {
namespace {

constexpr std::string_view kBasic = "BASIC ";
constexpr std::size_t kLongestPassword = 4096;

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

bool is_basic(std::string_view authorization) {
  return fold_case(authorization.substr(0, kBasic.size())) == kBasic;
}

std::optional<PasswordLogin> parse_basic(std::string_view authorization) {
  if (!is_basic(authorization)) return std::nullopt;
  const auto bytes = from_base64(authorization.substr(kBasic.size()));
  if (!bytes) return std::nullopt;
  const std::string pair(bytes->begin(), bytes->end());
  // A name has no colon, a password may have some.
  const auto colon = pair.find(':');
  if (colon == std::string::npos || has_control(pair) || !is_utf8(pair)) return std::nullopt;
  return PasswordLogin{.user = pair.substr(0, colon), .password = Secret(pair.substr(colon + 1))};
}

bool can_be_sent(const Secret& password) {
  const auto& text = password.reveal();
  return text.size() <= kLongestPassword && is_utf8(text) && !has_control(text);
}

}  // namespace tocsin::web
