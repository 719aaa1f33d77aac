// What the answers of HTTP destinations mean: the one place where status codes are judged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http_client.h"
#include "notify/answer.h"

namespace tocsin::notify {

/// The parts of a URL that may be secrets and that a server may say back to us: user and password,
/// path and query, long segments and values of them.
class UrlSecrets {
 public:
  explicit UrlSecrets(std::string_view url);
  /// One more: a password or token that goes beside the URL.
  void add(std::string_view secret);
  /// The text with "***" in place of each of them.
  [[nodiscard]] std::string hide(std::string text) const;

 private:
  std::vector<std::string> secrets_;  ///< the longest first
};

/// "https://host:port", without user, path and query; empty for what is no URL.
[[nodiscard]] std::string origin_of(std::string_view url);

/// Who logs in at a URL like "https://user:password@host/", percent-decoded.
struct UserInfo {
  std::string user;
  std::string password;
};
[[nodiscard]] std::optional<UserInfo> user_info_of(std::string_view url);

/// Whether a request carries an account of ours.
enum class LogsIn : bool { no, yes };

/// "204 No Content"; the number alone where it has no name.
[[nodiscard]] std::string describe_status(int status);

/// 2xx: Delivered. 408, 425, 429, 5xx and everything that kept an answer from coming: RetryAfter,
/// with the destination's own time for 429 and 503; a proxy may answer so before anybody has
/// verified the account. 401 to an account: LoginRefused. All else, redirects too: Rejected, by
/// 400, 413 and 422 for its content.
/// Reasons hold the beginning of the body, without what could be secret or disturb a terminal.
[[nodiscard]] Answer judge(const Result<net::HttpResponse>& response, const UrlSecrets& secrets,
                           LogsIn logs_in = LogsIn::no);

}  // namespace tocsin::notify
