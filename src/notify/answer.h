// What a destination's answer means. Three outcomes, decided by the channel and nobody else.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace tocsin::notify {

struct Delivered {
  std::string detail;  ///< what the destination said, e.g. "204 No Content"
};
/// It may work later: after `after` where the destination named a time, else when the backoff says.
struct RetryAfter {
  std::optional<std::chrono::seconds> after;
  std::string reason;
};
/// It will never work: a dead letter.
struct Rejected {
  std::string reason;
};
using Answer = std::variant<Delivered, RetryAfter, Rejected>;

}  // namespace tocsin::notify
