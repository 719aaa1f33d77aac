// The destinations, and how an alert becomes one delivery for each of them.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "domain/alert.h"
#include "net/async.h"
#include "notify/channel.h"
#include "notify/channel_deps.h"
#include "notify/lanes.h"
#include "notify/login.h"
#include "notify/routing.h"
#include "notify/status.h"
#include "store/store.h"

namespace tocsin::notify {

struct Destination {
  std::unique_ptr<Channel> channel;
  LaneRules rules{};
  Login login{};
  std::string label{};  ///< what people call it among several of its channel; may be empty
};

/// As routes name it: "webhook", or "webhook:On-call" for one of several.
[[nodiscard]] std::string name_of(const Destination& destination);

/// Whether the name means this one: "webhook" means all of the channel, "webhook:LABEL" one of
/// them.
[[nodiscard]] bool matches_destination(const Destination& destination, std::string_view name);

/// Every destination that the configuration enables, in its order.
struct Destinations {
  std::vector<Destination> alerts;                  ///< which get alerts
  std::vector<std::unique_ptr<StatusSink>> status;  ///< which get every observed state
  Routing routing{{}, {}};                          ///< which of them gets what
  /// What runs beside the deliveries: the logins of channels that keep a connection.
  std::vector<std::function<net::awaitable<void>()>> background;
};

/// `deps` outlives them. Nothing is sent yet.
[[nodiscard]] Destinations make_destinations(const config::Config& config, const ChannelDeps& deps);

/// One delivery of the alert for each destination to which it is routed and that wants it.
[[nodiscard]] std::vector<store::Delivery> address(const Alert& alert,
                                                   std::span<const Destination> destinations,
                                                   const Routing& routing, Time now,
                                                   const RandomFill& random);

/// What `tocsin test` sends.
struct TestMessage {
  std::string section;  ///< that it tests: "serviceStopped"; empty: the channel has none
  Alert alert;          ///< about a service that says by its names that it is none
};
/// One for each section of the channel, or one where it has none.
[[nodiscard]] std::vector<TestMessage> test_messages(const Channel& channel, const HostName& host,
                                                     Time now, const RandomFill& random);
/// Sends a test once, past the queue; answers what the destination said.
net::awaitable<Answer> send_test(Channel& channel, TestMessage message, RandomFill random);

}  // namespace tocsin::notify
