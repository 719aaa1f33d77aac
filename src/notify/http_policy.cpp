#include "notify/http_policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/text.h"
#include "notify/http_body.h"

namespace tocsin::notify {
namespace {

/// Shorter parts of a URL are words like "hooks", which explain more than they give away.
constexpr std::size_t kShortestSecret = 8;
/// How much of a body goes into a reason, in bytes.
constexpr std::size_t kBodyInReason = 200;
constexpr std::string_view kHidden = "***";

struct Phrase {
  int status;
  std::string_view text;
};
/// RFC 9110, section 15; 425: RFC 8470; 429 and 511: RFC 6585.
constexpr std::array kPhrases = {
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{203, "Non-Authoritative Information"},
    Phrase{204, "No Content"},
    Phrase{205, "Reset Content"},
    Phrase{206, "Partial Content"},
    Phrase{300, "Multiple Choices"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{307, "Temporary Redirect"},
    Phrase{308, "Permanent Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{402, "Payment Required"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{407, "Proxy Authentication Required"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{411, "Length Required"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{417, "Expectation Failed"},
    Phrase{421, "Misdirected Request"},
    Phrase{422, "Unprocessable Content"},
    Phrase{425, "Too Early"},
    Phrase{426, "Upgrade Required"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
    Phrase{511, "Network Authentication Required"},
};

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    out += low >= 0 ? static_cast<char>(high * 16 + low) : text[at];
    if (low >= 0) at += 2;
  }
  return out;
}

/// "a/b" by '/' -> "a", "b".
std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find_first_of(separators);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "400 Bad Request: no such room".
std::string with_body(std::string reason, const net::HttpResponse& response,
                      const UrlSecrets& secrets) {
  const auto words = secrets.hide(words_of_body(secrets.hide(response.body)));
  return words.empty() ? reason : std::move(reason) + ": " + printable(words, kBodyInReason);
}

bool is_success(int status) { return status >= 200 && status < 300; }
bool refuses_content(int status) { return status == 400 || status == 413 || status == 422; }
bool is_refusal(int status) { return refuses_content(status) || status == 410; }
bool is_temporary(int status) {
  return (status >= 500 && status < 600) || status == 408 || status == 425 || status == 429;
}

/// Whether something else answers in the place of a destination that has no web pages.
bool is_page_in_its_place(const net::HttpResponse& response, const HttpTerms& terms) {
  return terms.success_text && form_of(response.body) == BodyForm::markup;
}

constexpr std::string_view kPageInItsPlace =
    "a web page answers instead (from a proxy, or a sign-in page?)";

/// Continues "200 OK" where the body says that it is not a success.
std::optional<std::string> doubt_about(const net::HttpResponse& response, const HttpTerms& terms) {
  if (!terms.success_text) return std::nullopt;
  switch (form_of(response.body)) {
    case BodyForm::empty:
      return std::nullopt;
    case BodyForm::markup:
      return ", but " + std::string(kPageInItsPlace);
    case BodyForm::json:
      return failure_in(response.body) ? std::optional(", but its body reports a failure")
                                       : std::nullopt;
    case BodyForm::text:
    case BodyForm::bytes:
      break;
  }
  if (words_of_body(response.body) == *terms.success_text) return std::nullopt;
  return ", but the answer is not the destination's";
}

Answer judge_success(const net::HttpResponse& response, const UrlSecrets& secrets,
                     const HttpTerms& terms) {
  auto said = describe_status(response.status);
  const auto doubt = doubt_about(response, terms);
  if (!doubt) return Delivered{.detail = std::move(said)};
  return RetryAfter{.after = response.retry_after,
                    .reason = with_body(said + *doubt, response, secrets)};
}

/// A server that speaks TLS says so (nginx, Apache, Go) of what it got in plain.
bool wants_tls(const net::HttpResponse& response) {
  constexpr std::array<std::string_view, 3> kWords = {"plain HTTP request was sent to HTTPS port",
                                                      "speaking plain HTTP to an SSL-enabled",
                                                      "sent an HTTP request to an HTTPS server"};
  return response.status == 400 && std::ranges::any_of(kWords, [&](std::string_view words) {
           return response.body.contains(words);
         });
}

/// Neither success nor refused for now.
Answer judge_refusal(const net::HttpResponse& response, const UrlSecrets& secrets,
                     const HttpTerms& terms) {
  const int status = response.status;
  auto said = describe_status(status);
  if (status >= 300 && status < 400) {
    return RetryAfter{.after = std::nullopt,
                      .reason = said + ": redirects are not followed, configure the final URL",
                      .may_be_final = true};
  }
  if (!response.proxy.empty() && status == 403)
    return RetryAfter{
        .after = std::nullopt,
        .reason = with_body(said + ", from the proxy " + response.proxy, response, secrets)};
  if (wants_tls(response))
    return RetryAfter{
        .after = std::nullopt,
        .reason = said + ": the port speaks TLS, so the URL must begin with https://"};
  const bool is_page = is_page_in_its_place(response, terms);
  if (is_page) said.append(": ").append(kPageInItsPlace);
  auto reason = with_body(std::move(said), response, secrets);
  const bool is_final =
      is_refusal(status) || (terms.final_status != 0 && status == terms.final_status);
  if (is_final && !is_page) {
    return Rejected{.reason = std::move(reason),
                    .refuses = refuses_content(status) ? Rejected::Refuses::content
                                                       : Rejected::Refuses::everything};
  }
  return RetryAfter{.after = std::nullopt, .reason = std::move(reason), .may_be_final = true};
}

}  // namespace

UrlSecrets::UrlSecrets(std::string_view url) {
  const auto keep = [&](std::string_view part, std::size_t shortest) {
    if (part.size() < shortest) return;
    secrets_.emplace_back(part);
    if (part.contains('%')) secrets_.push_back(percent_decoded(part));
  };
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find('#'));
  const auto path_at = std::min(url.find_first_of("/?"), url.size());
  const std::string_view authority = url.substr(0, path_at);
  const std::string_view path_and_query = url.substr(path_at);
  const auto query_at = std::min(path_and_query.find('?'), path_and_query.size());
  const std::string_view path = path_and_query.substr(0, query_at);

  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    keep(user, 1);
    for (const std::string_view part : split(user, ":")) keep(part, 1);
    const std::string login = percent_decoded(user);
    keep(to_base64(as_bytes(login)), 1);  // as it goes into Authorization
  }
  keep(path_and_query, 2);
  keep(path, 2);
  if (query_at < path_and_query.size()) keep(path_and_query.substr(query_at + 1), 1);
  for (const std::string_view part : split(path_and_query, "/?&=;")) keep(part, kShortestSecret);
  std::ranges::sort(secrets_, std::ranges::greater{}, &std::string::size);
}

void UrlSecrets::add(std::string_view secret) {
  if (secret.empty()) return;
  secrets_.emplace_back(secret);
  std::ranges::sort(secrets_, std::ranges::greater{}, &std::string::size);
}

std::string UrlSecrets::hide(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), kHidden);
      at += kHidden.size();
    }
  }
  return text;
}

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  std::string_view authority = url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const auto user = authority.rfind('@'); user != std::string_view::npos) {
    authority.remove_prefix(user + 1);
  }
  return std::string(url.substr(0, scheme + 3)) + std::string(authority);
}

std::optional<UserInfo> user_info_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const auto end = url.rfind('@');
  if (end == std::string_view::npos) return std::nullopt;
  const auto info = url.substr(0, end);
  const auto colon = std::min(info.find(':'), info.size());
  const auto password = info.substr(std::min(colon + 1, info.size()));
  return UserInfo{.user = percent_decoded(info.substr(0, colon)),
                  .password = percent_decoded(password)};
}

std::string describe_status(int status) {
  const auto found = std::ranges::find(kPhrases, status, &Phrase::status);
  const std::string number = std::to_string(status);
  return found == kPhrases.end() ? number : number + " " + std::string(found->text);
}

Answer judge(const Result<net::HttpResponse>& response, const UrlSecrets& secrets,
             const HttpTerms& terms) {
  if (!response) {
    auto reason = printable(secrets.hide(response.error().what));
    if (response.error().kind == ErrorKind::login_refused)
      return LoginRefused{.reason = std::move(reason)};
    return RetryAfter{.after = std::nullopt, .reason = std::move(reason)};
  }
  const int status = response->status;
  if (is_success(status)) return judge_success(*response, secrets, terms);
  if (status == 401 && terms.logs_in == LogsIn::yes)
    return LoginRefused{.reason = with_body(describe_status(status), *response, secrets)};
  if (!is_temporary(status)) return judge_refusal(*response, secrets, terms);
  const bool timed = status == 429 || status == 503;
  return RetryAfter{.after = timed ? response->retry_after : std::nullopt,
                    .reason = with_body(describe_status(status), *response, secrets)};
}

}  // namespace tocsin::notify
