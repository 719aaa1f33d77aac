// Lanes for tests.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "notify/lanes.h"
#include "unit/notify/deliveries.h"

namespace tocsin::notify {

inline const Answer kDelivered = Delivered{.detail = "200 OK"};
inline Answer try_later(std::optional<std::chrono::seconds> after = {}) {
  return RetryAfter{.after = after, .reason = "503 Service Unavailable"};
}

/// The ids of all that may be sent now.
inline std::vector<std::string> take_all(Lanes& lanes, Now now) {
  std::vector<std::string> ids;
  while (const store::Delivery* next = take_one(lanes, now)) ids.push_back(next->id.value);
  return ids;
}

inline Time wake_of(const Lanes& lanes, Now now) {
  const auto wake = lanes.wake(now);
  EXPECT_TRUE(wake.has_value());
  return wake.value_or(now.steady);
}

/// A stopped about "a".
inline store::LastDelivered accepted_at(Time at) {
  return {.destination = "test:1",
          .host = HostName("host"),
          .service = ServiceName("a"),
          .kind = kStopped,
          .at = at};
}

inline Lanes make_lanes(std::chrono::seconds rate_limit = std::chrono::seconds(0),
                        std::size_t parallel = 8) {
  return {{.rate_limits = {rate_limit, rate_limit}, .parallel = parallel}, {.random = longest()}};
}

}  // namespace tocsin::notify
