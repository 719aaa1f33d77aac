// The one way to say that something failed: a closed kind, one clear sentence, the native code.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/words.h"

namespace tocsin {

/// What happened, not what to do about it: whether to retry is decided by the caller's room.
enum class ErrorKind : std::uint8_t {
  unreachable,     ///< no connection: refused, reset, no route, no such name
  timed_out,       ///< a deadline passed
  denied,          ///< the other side knows us and says no
  login_refused,   ///< the other side does not let the account in, or is not asked to for now
  not_found,       ///< the thing asked for does not exist
  malformed,       ///< bytes that break their specification, or a signature that does not verify
  unsupported,     ///< a feature, dialect or version that one of the sides lacks
  rejected,        ///< understood and refused for good
  rate_limited,    ///< asked to come back later
  storage,         ///< the disk or the database failed
  invalid_config,  ///< a mistake in what the user wrote
  exhausted,       ///< this machine lacks files, threads, memory or a library: nobody was asked
};

/// As they stand in logs, metrics and JSON.
consteval auto table_of(ErrorKind) {
  using enum ErrorKind;
  return std::array{Word{unreachable, "unreachable"},
                    Word{timed_out, "timed_out"},
                    Word{denied, "denied"},
                    Word{login_refused, "login_refused"},
                    Word{not_found, "not_found"},
                    Word{malformed, "malformed"},
                    Word{unsupported, "unsupported"},
                    Word{rejected, "rejected"},
                    Word{rate_limited, "rate_limited"},
                    Word{storage, "storage"},
                    Word{invalid_config, "invalid_config"},
                    Word{exhausted, "exhausted"}};
}

struct Error {
  ErrorKind kind;
  std::string what;  ///< one sentence for a person, without a final stop, never a secret
  std::optional<std::uint32_t>
      native;  ///< NTSTATUS, Win32, errno, curl or SQLite code, where there is one

  /// The same error, as one layer further out says it: "context: what".
  [[nodiscard]] Error in(std::string_view context) &&;
};

template <typename T = void>
using Result = std::expected<T, Error>;

/// Shorthand for `return fail(ErrorKind::malformed, "...")`.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string what,
                                                 std::optional<std::uint32_t> native = {}) {
  return std::unexpected(Error{kind, std::move(what), native});
}

/// Passes on the error of a Result, with context where given.
template <typename T>
[[nodiscard]] std::unexpected<Error> fail(std::expected<T, Error>&& failed) {
  return std::unexpected(std::move(failed).error());
}
template <typename T>
[[nodiscard]] std::unexpected<Error> fail(std::expected<T, Error>&& failed,
                                          std::string_view context) {
  return std::unexpected(std::move(failed).error().in(context));
}

}  // namespace tocsin
