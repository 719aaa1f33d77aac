// `web`: the dashboard, its API and the metrics.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/words.h"
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
  WebProxy proxy;

  friend bool operator==(const Web&, const Web&) = default;
};

/// Whether only this machine can connect to the address.
[[nodiscard]] bool is_loopback(const std::string& address);

void read_web(Section& root, Web& web);

}  // namespace tocsin::config
