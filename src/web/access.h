// Who asks, and what they may do: the one place that decides it. Pure: who has a password is
// checked elsewhere (web/passwords), and decided here.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/names.h"
#include "config/web.h"
#include "web/http.h"
#include "web/password_login.h"

namespace tocsin::web {

/// What a resource needs. In this order each includes those before it.
enum class Role : std::uint8_t {
  none,  ///< nothing is in it that is worth a login
  read,
  act,
};

/// Who opens it is asked for a name and a password, and led to the dashboard then.
inline constexpr std::string_view kLoginPath = "/login";

struct Visitor {
  std::string name;  ///< who acts; empty: nobody logged in
  Role role = Role::none;
};

class Access {
 public:
  /// `token` is the one in the data directory, which may do everything; empty: there is none.
  Access(config::Web web, const Secret& token);

  /// What must be checked before admit() is asked, because it takes long; nothing: no password
  /// decides about the request.
  [[nodiscard]] std::optional<PasswordLogin> password_to_check(const Request& request) const;
  /// Whoever may have what needs the role; else 401, 403, 429, 503 or, for a foreign host name,
  /// 421. `peer` is the address of the other end, without a port; `password` what became of
  /// password_to_check().
  [[nodiscard]] std::expected<Visitor, Response> admit(const Request& request,
                                                       std::string_view peer, Role needed,
                                                       const PasswordAnswer& password = {}) const;
  /// The path, below the dashboard's, where a browser asks for a password; empty: nobody has one.
  [[nodiscard]] std::string_view login_path() const {
    return web_.users.empty() ? std::string_view() : kLoginPath.substr(1);
  }
  /// 401. A browser that opens a page asks for the password; a script in a page is told no more
  /// than that it needs a login, so that no dialog of the browser comes up while somebody reads.
  [[nodiscard]] Response ask_to_log_in(const Request& request, std::string_view detail) const;

 private:
  /// Nothing stands behind a login that is wrong, whatever may be read without one.
  [[nodiscard]] std::expected<Visitor, Response> identify(const Request& request,
                                                          std::string_view peer,
                                                          const PasswordAnswer& password) const;
  [[nodiscard]] std::expected<Visitor, Response> identify_user(
      const Request& request, const PasswordAnswer& password) const;
  [[nodiscard]] bool is_own_name(std::string_view host) const;
  [[nodiscard]] bool takes_passwords() const { return !web_.users.empty(); }

  config::Web web_;
  std::string token_hash_;
};

}  // namespace tocsin::web
