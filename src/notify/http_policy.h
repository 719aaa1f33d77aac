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

/// How the answers of a destination are read.
struct HttpTerms {
  LogsIn logs_in = LogsIn::no;
  /// What the body of a success may be, besides empty or JSON; "": nothing else. Nothing: the
  /// status line alone is the destination's word, whatever comes with it.
  std::optional<std::string_view> success_text{};
  /// A status that is its final word, besides those that are everybody's.
  int final_status = 0;
};

/// "204 No Content"; the number alone where it has no name.
[[nodiscard]] std::string describe_status(int status);

/// 2xx: Delivered, unless its body is not what the terms allow or says that something failed: then
/// RetryAfter. 408, 425, 429, 5xx and everything that kept an answer from coming: RetryAfter, with
/// the destination's own time for 429 and 503; a proxy may answer so before anybody has verified
/// the account. 401 to an account, and a proxy that refuses its user: LoginRefused. 400, 410, 413
/// and 422 refuse the message: Rejected, unless a web page says so where the destination has none.
/// All else, redirects too, may come from something in between: RetryAfter, for an hour
/// (RetryAfter::may_be_final). Reasons hold the beginning of the body, without what could be secret
/// or disturb a terminal.
[[nodiscard]] Answer judge(const Result<net::HttpResponse>& response, const UrlSecrets& secrets,
                           const HttpTerms& terms = {});

}  // namespace tocsin::notify
