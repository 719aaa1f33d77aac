#include "notify/http_login.h"

#include "base/base64.h"
#include "base/bytes.h"

namespace tocsin::notify {

std::string HttpLogin::credentials() const {
  return to_base64(as_bytes(user + ":" + secret.reveal()));
}

std::string HttpLogin::authorization() const {
  if (!user.empty()) return "Basic " + credentials();
  if (secret.empty()) return {};
  return std::string(scheme) + " " + secret.reveal();
}

void HttpLogin::hide_in(UrlSecrets& secrets) const {
  secrets.add(secret.reveal());
  if (!user.empty()) secrets.add(credentials());
}

LogsIn HttpLogin::logs_in(std::string_view url) const {
  const bool has_account = !is_none() || user_info_of(url).has_value();
  return has_account ? LogsIn::yes : LogsIn::no;
}

Login HttpLogin::login(std::string_view url, const ChannelDeps& deps) const {
  if (is_none()) return url_login(deps.logins, url);
  const auto origin = origin_of(url);
  return {.gate = &login_gate(deps.logins, {.kind = user.empty() ? token_kind : "http",
                                            .server = origin,
                                            .user = user,
                                            .secret = secret,
                                            .is_user_public = !user.empty()})};
}

}  // namespace tocsin::notify
