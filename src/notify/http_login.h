// How requests log in: not at all, with a user and a password, or with a token.
#pragma once

#include <string>
#include <string_view>

#include "base/names.h"
#include "notify/channel_deps.h"
#include "notify/http_policy.h"
#include "notify/login.h"

namespace tocsin::notify {

struct HttpLogin {
  std::string user;  ///< empty: the secret is a token, if there is one
  Secret secret{};
  std::string_view scheme = "Bearer";     ///< of a token
  std::string_view token_kind = "token";  ///< Account::kind of a token

  /// The header `Authorization` (RFC 7617, RFC 6750); empty: none.
  [[nodiscard]] std::string authorization() const;
  /// What a server may say back.
  void hide_in(UrlSecrets& secrets) const;
  [[nodiscard]] bool is_none() const { return user.empty() && secret.empty(); }
  /// Whether requests to the URL carry an account, this one or one of the URL itself.
  [[nodiscard]] LogsIn logs_in(std::string_view url) const;
  /// The gate of that account.
  [[nodiscard]] Login login(std::string_view url, const ChannelDeps& deps) const;

 private:
  [[nodiscard]] std::string credentials() const;
};

}  // namespace tocsin::notify
