// The destinations of a configuration for a command, which only looks at them or tests them.
#pragma once

#include "base/clock.h"
#include "config/config.h"
#include "logins/logins.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "notify/destination.h"
#include "notify/messages.h"

namespace tocsin::cli {

/// It remembers nothing of earlier runs: who tests a destination has just corrected its account.
class ConfiguredDestinations {
 public:
  explicit ConfiguredDestinations(const config::Config& config);

  [[nodiscard]] const notify::Destinations& all() const { return destinations_; }
  [[nodiscard]] notify::Messages& messages() { return messages_; }
  [[nodiscard]] net::Loop& loop() { return loop_; }

 private:
  net::Loop loop_;
  net::HttpClient http_;
  notify::Messages messages_;
  SystemClock clock_;
  logins::Logins logins_;
  notify::Destinations destinations_;
};

}  // namespace tocsin::cli
