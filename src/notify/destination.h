// Whom to tell, and how an alert becomes one delivery for each of them.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "domain/alert.h"
#include "net/async.h"
#include "net/http_client.h"
#include "notify/channel.h"
#include "store/store.h"

namespace tocsin::notify {

struct Destination {
  std::unique_ptr<Channel> channel;
  /// Between two alerts of one kind about one service; 0: no limit.
  std::chrono::seconds rate_limit{};
};

/// All that the configuration enables, in its order. `transport` outlives them.
[[nodiscard]] std::vector<Destination> make_destinations(const config::Config& config,
                                                         net::HttpTransport& transport,
                                                         const std::string& version);

/// One delivery of the alert for each destination: every destination is told everything.
[[nodiscard]] std::vector<store::Delivery> address(const Alert& alert,
                                                   std::span<const Destination> destinations,
                                                   Time now, const RandomFill& random);

/// What `tocsin test` sends: a service that says by its names that it is none.
[[nodiscard]] Alert test_alert(HostName host, Time now, const RandomFill& random);
/// Sends a test alert once, past the queue; answers what the destination said.
net::awaitable<Answer> send_test(Channel& channel, HostName host, Time now, RandomFill random);

}  // namespace tocsin::notify
