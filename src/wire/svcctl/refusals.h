// What the Win32 codes of a service manager mean for people: over the wire and in Win32 the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace tocsin::svcctl {

struct Refusal {
  std::uint32_t code;
  ErrorKind kind;
  std::string_view words;  ///< "the service is disabled"
};

/// Null: a code that services and their manager do not commonly have.
[[nodiscard]] const Refusal* find_refusal(std::uint32_t code);

/// The code as an error. One that is not in the table: rejected.
[[nodiscard]] Error win32_error(std::uint32_t code);
/// The same in a sentence that starts with `call`.
[[nodiscard]] Error win32_error(std::uint32_t code, std::string_view call);

}  // namespace tocsin::svcctl
