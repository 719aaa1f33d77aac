// Who asks, and what they may do: the one place that decides it. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/names.h"
#include "config/web.h"
#include "web/http.h"

namespace tocsin::web {

/// What a resource needs. In this order each includes those before it.
enum class Role : std::uint8_t {
  none,  ///< nothing is in it that is worth a login
  read,
  act,
};

struct Visitor {
  std::string name;  ///< who acts; empty: nobody logged in
  Role role = Role::none;
};

class Access {
 public:
  /// `token` is the one in the data directory, which may do everything; empty: there is none.
  Access(config::Web web, const Secret& token);

  /// Whoever may have what needs the role; else 401, 403 or, for a foreign host name, 421. `peer`
  /// is the address of the other end, without a port.
  [[nodiscard]] std::expected<Visitor, Response> admit(const Request& request,
                                                       std::string_view peer, Role needed) const;

 private:
  /// Nothing stands behind a login that is wrong, whatever may be read without one.
  [[nodiscard]] std::expected<Visitor, Response> identify(const Request& request,
                                                          std::string_view peer) const;
  [[nodiscard]] bool is_own_name(std::string_view host) const;

  config::Web web_;
  std::string token_hash_;
};

}  // namespace tocsin::web
