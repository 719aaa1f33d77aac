// `web`: the dashboard, its API and the metrics.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"
#include "config/scrypt_hash.h"
#include "config/section/section.h"

namespace tocsin::config {

/// What somebody may do who has logged in.
enum class WebRole : std::uint8_t { read, act };
consteval auto table_of(WebRole) {
  using enum WebRole;
  return std::array{Word{read, "read"}, Word{act, "act"}};
}

struct WebToken {
  std::string name;  ///< who acts with it
  std::string hash;  ///< SHA-256, 64 digits in lower case
  WebRole role = WebRole::read;

  friend bool operator==(const WebToken&, const WebToken&) = default;
};

/// Somebody who logs in with a password.
struct WebUser {
  std::string name;  ///< at most kLongestUser bytes
  ScryptHash password_hash;
  WebRole role = WebRole::read;

  friend bool operator==(const WebUser&, const WebUser&) = default;
};
inline constexpr std::size_t kLongestUser = 128;

/// A proxy that has let users in and says who they are.
struct WebProxy {
  std::vector<std::string> addresses;  ///< in their usual form; empty: there is none
  std::string user_header = "Remote-User";
  WebRole role = WebRole::read;

  friend bool operator==(const WebProxy&, const WebProxy&) = default;
};

struct Web {
  bool enabled = true;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8484;  ///< 0: the system chooses
  std::vector<std::string>
      allowed_hosts;             ///< names that browsers may know it by, besides localhost
  std::string base_path;         ///< "/tocsin"; empty: none
  std::string certificate_file;  ///< PEM; empty: it speaks plain HTTP
  std::string key_file;          ///< empty: with the certificate
  std::vector<WebToken> tokens;
  std::vector<WebUser> users;
  WebProxy proxy;

  friend bool operator==(const Web&, const Web&) = default;
};

/// Whether only this machine can connect to the address.
[[nodiscard]] bool is_loopback(const std::string& address);

/// Why nobody can log in with that name, as what continues "the name"; nothing: it is right.
[[nodiscard]] std::optional<std::string> find_mistake_in_user(const std::string& name);

void read_web(Section& root, Web& web);

}  // namespace tocsin::config
