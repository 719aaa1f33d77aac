// A name and a password as a request brings them (HTTP Basic, RFC 7617), and what became of them.
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/names.h"

namespace tocsin::web {

struct PasswordLogin {
  std::string user;
  Secret password;
};

/// Whether the value of an Authorization header is of the scheme Basic, right or wrong.
[[nodiscard]] bool is_basic(std::string_view authorization);

/// Nothing: it is of another scheme, or not as RFC 7617, 2, has it.
[[nodiscard]] std::optional<PasswordLogin> parse_basic(std::string_view authorization);

/// Whether a browser can send it so: UTF-8 without control characters, and not endless.
[[nodiscard]] bool can_be_sent(const Secret& password);

/// What is known of a password after it was checked. By default nothing is, which lets nobody in.
struct PasswordAnswer {
  enum class Verdict : std::uint8_t {
    unchecked,
    right,
    wrong,
    limited,  ///< too many wrong ones came before: it was not looked at
    busy,     ///< too many others are being checked: it was not looked at
  };
  Verdict verdict = Verdict::unchecked;
  std::string user{};                   ///< whose password is right
  std::chrono::seconds retry_after{0};  ///< where it was not looked at
};

}  // namespace tocsin::web
