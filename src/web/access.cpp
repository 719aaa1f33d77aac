#include "web/access.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "net/resolver.h"
#include "wire/crypto.h"

namespace tocsin::web {
namespace {

constexpr std::string_view kBearer = "Bearer ";
/// Who acts with the token in the data directory.
constexpr std::string_view kTokenName = "dashboard";

std::string hash_of(std::string_view token) { return to_hex(crypto::sha256(as_bytes(token))); }

Role role_of(config::WebRole role) { return role == config::WebRole::act ? Role::act : Role::read; }

/// The host of a Host header (RFC 9110, 7.2), without the port; empty: it is none.
std::string_view without_port(std::string_view host) {
  const auto name = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
  auto port = host.substr(name.size());
  const bool has_port = port.starts_with(':');
  if (has_port) port.remove_prefix(1);
  const bool is_right = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return is_right && (has_port || port.empty()) ? name : std::string_view();
}

/// What stands before the parameters of a media type (RFC 9110, 8.3.1).
std::string_view without_parameters(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

bool is_same_name(std::string_view a, std::string_view b) { return fold_case(a) == fold_case(b); }

/// Whether a browser opens a page, and no script fetches something. Browsers say so themselves to
/// addresses that they trust (HTTPS, loopback); to others they say what they want to show.
bool is_navigation(const Request& request) {
  if (const auto mode = request.header("sec-fetch-mode")) return *mode == "navigate";
  return request.header("accept").value_or("").contains("text/html");
}

Response later(int status, std::string_view detail, std::chrono::seconds after) {
  auto answer = problem(status, detail);
  answer.headers.emplace_back("Retry-After", std::to_string(after.count()));
  return answer;
}

/// Whether the request may come from a page of another origin, in a browser that carries a login
/// along (CSRF). What sends neither header is no browser.
bool is_foreign(const Request& request) {
  if (const auto site = request.header("sec-fetch-site"))
    return *site != "same-origin" && *site != "none";
  const auto origin = request.header("origin");
  if (!origin) return false;
  const auto host = origin->find("://");
  return host == std::string_view::npos ||
         !is_same_name(origin->substr(host + 3), request.header("host").value_or(""));
}

bool changes(Method method) { return method != Method::get && method != Method::head; }

/// What an action must be like besides who asks for it.
std::optional<Response> find_fault(const Request& request) {
  if (!changes(request.method)) return std::nullopt;
  if (is_foreign(request)) return problem(403, "another site has sent this request");
  const bool needs_body = request.method != Method::remove;
  const auto type = without_parameters(request.header("content-type").value_or(""));
  if (needs_body && !is_same_name(type, "application/json"))
    return problem(415, "send JSON, with Content-Type: application/json");
  return std::nullopt;
}

}  // namespace

Access::Access(config::Web web, const Secret& token) : web_(std::move(web)) {
  if (!token.empty()) token_hash_ = hash_of(token.reveal());
}

bool Access::is_own_name(std::string_view host) const {
  const auto name = without_port(host);
  if (net::as_address(std::string(name)) || is_same_name(name, "localhost")) return true;
  if (fold_case(name).ends_with(".LOCALHOST")) return true;
  return std::ranges::any_of(web_.allowed_hosts,
                             [name](const auto& own) { return is_same_name(name, own); });
}

Response Access::ask_to_log_in(const Request& request, std::string_view detail) const {
  auto answer = problem(401, detail, login_path());
  const bool asks_for_password = takes_passwords() && is_navigation(request);
  answer.headers.emplace_back("WWW-Authenticate", asks_for_password
                                                      ? R"(Basic realm="tocsin", charset="UTF-8")"
                                                      : "Bearer");
  return answer;
}

std::optional<PasswordLogin> Access::password_to_check(const Request& request) const {
  if (!takes_passwords() || !is_own_name(request.header("host").value_or(""))) return std::nullopt;
  return parse_basic(request.header("authorization").value_or(""));
}

std::expected<Visitor, Response> Access::identify_user(const Request& request,
                                                       const PasswordAnswer& password) const {
  using enum PasswordAnswer::Verdict;
  switch (password.verdict) {
    case right: {
      const auto user = std::ranges::find(web_.users, password.user, &config::WebUser::name);
      if (user == web_.users.end()) break;
      return Visitor{.name = user->name, .role = role_of(user->role)};
    }
    case limited:
      return std::unexpected(
          later(429, "too many wrong passwords: wait before the next one", password.retry_after));
    case busy:
      return std::unexpected(
          later(503, "too many passwords are being checked: try again", password.retry_after));
    case unchecked:
    case wrong:
      break;
  }
  return std::unexpected(ask_to_log_in(request, "the name or the password is wrong"));
}

std::expected<Visitor, Response> Access::identify(const Request& request, std::string_view peer,
                                                  const PasswordAnswer& password) const {
  if (const auto login = request.header("authorization")) {
    if (takes_passwords() && is_basic(*login)) return identify_user(request, password);
    if (!login->starts_with(kBearer))
      return std::unexpected(ask_to_log_in(request, "log in with a bearer token"));
    const auto hash = hash_of(login->substr(kBearer.size()));
    if (hash == token_hash_) return Visitor{.name = std::string(kTokenName), .role = Role::act};
    const auto found = std::ranges::find(web_.tokens, hash, &config::WebToken::hash);
    if (found == web_.tokens.end())
      return std::unexpected(
          ask_to_log_in(request, "the token is not valid: `tocsin web-token` prints it"));
    return Visitor{.name = found->name, .role = role_of(found->role)};
  }
  const bool is_proxy = std::ranges::find(web_.proxy.addresses, peer) != web_.proxy.addresses.end();
  if (is_proxy) {
    std::string header = web_.proxy.user_header;
    std::ranges::transform(header, header.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (const auto user = request.header(header); user && !user->empty())
      return Visitor{.name = printable(*user), .role = role_of(web_.proxy.role)};
    // Fail closed: a request that the proxy lets through without a user has none.
    return Visitor{};
  }
  return Visitor{.role = config::is_loopback(web_.address) ? Role::read : Role::none};
}

std::expected<Visitor, Response> Access::admit(const Request& request, std::string_view peer,
                                               Role needed, const PasswordAnswer& password) const {
  // A foreign name that leads here is a page that has bent its own name to this address.
  if (!is_own_name(request.header("host").value_or("")))
    return std::unexpected(
        problem(421, "unknown host name: add it to `web.allowedHosts`, or use the address"));
  auto visitor = identify(request, peer, password);
  if (!visitor) return visitor;
  if (visitor->role < needed) {
    if (visitor->name.empty())
      return std::unexpected(ask_to_log_in(
          request, takes_passwords() ? "log in with a name and a password, or with a token"
                                     : "log in: `tocsin web-token` prints a token"));
    return std::unexpected(problem(403, "this needs the role `act`"));
  }
  if (auto fault = find_fault(request)) return std::unexpected(*std::move(fault));
  return visitor;
}

}  // namespace tocsin::web
