// A destination: how an alert looks there and what its answers mean. Nothing else: waiting, order,
// retries, limits and records are the pipeline's.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "domain/alert.h"
#include "net/async.h"

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

class Channel {
 public:
  virtual ~Channel() = default;
  /// Stable over restarts and free of secrets: "webhook:" and a hash of what makes it this one.
  [[nodiscard]] virtual const std::string& key() const = 0;
  /// For people: "webhook \"description\"".
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Sends one message once. Never throws but for cancellation; reasons hold no secret.
  virtual net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id,
                                         net::Deadline deadline) = 0;
};

}  // namespace tocsin::notify
