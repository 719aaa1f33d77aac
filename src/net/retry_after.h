// When a server asks to be left alone for a while.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace tocsin::net {

/// The value of a Retry-After header (RFC 9110, 10.2.3): seconds, or a date as its distance from
/// `now`, 0 when it has passed; at most a day. Nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                                    Time now);

}  // namespace tocsin::net
