// Who decides when a client that logs in by itself may do so: a login that is refused must not be
// repeated with each reconnection, or the account is locked.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "net/async.h"

namespace tocsin::net {

enum class LoginOutcome : std::uint8_t { unknown, accepted, refused };

/// On the loop's thread only.
class LoginGuard {
 public:
  virtual ~LoginGuard() = default;
  /// Returns when a login may begin; conclude() follows. login_refused: it must not be tried now.
  virtual awaitable<Result<>> enter() = 0;
  /// Returns when it is worth asking enter() again.
  virtual awaitable<void> wait() = 0;
  /// How the login ended; `reason` is the server's where it refused.
  virtual void conclude(LoginOutcome outcome, std::string reason) = 0;
};

}  // namespace tocsin::net
