// What a destination's answer means. Four outcomes, decided by the channel and nobody else.
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
  /// The destination had let our account in; otherwise nothing is known about that.
  bool logged_in = false;
  /// It may be the destination's last word, or that of something in between: after an hour of such
  /// answers the delivery is given up (kRefusedFor).
  bool may_be_final = false;
};
/// It will never work: a dead letter.
struct Rejected {
  /// A message whose content is refused says nothing of others: the members of a group are then
  /// sent one by one.
  enum class Refuses : bool { content, everything };

  std::string reason;
  Refuses refuses = Refuses::content;
};
/// It does not let our account in, whatever is sent: the login is tried again when its guard says
/// so (logins/guard.h), and until then everything waits.
struct LoginRefused {
  std::string reason;
};
using Answer = std::variant<Delivered, RetryAfter, Rejected, LoginRefused>;

}  // namespace tocsin::notify
