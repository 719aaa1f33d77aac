#include "notify/destination.h"

#include <utility>

#include "config/destination_names.h"
#include "notify/alertmanager/alertmanager.h"
#include "notify/email/email.h"
#include "notify/influx/influx.h"
#include "notify/mqtt/mqtt.h"
#include "notify/new_relic/new_relic.h"
#include "notify/ntfy/ntfy.h"
#include "notify/pager_duty/pager_duty.h"
#include "notify/slack/slack.h"
#include "notify/teams/teams.h"
#include "notify/webhook/webhook.h"

namespace tocsin::notify {

Destinations make_destinations(const config::Config& config, const ChannelDeps& deps) {
  Destinations made;
  config::for_each_destination(config.destinations, [&](const auto& settings) {
    if (settings.enabled) add_channels(settings, deps, made);
  });
  made.routing = Routing(config.routes, made.alerts);
  return made;
}

bool matches_destination(const Destination& destination, std::string_view name) {
  const std::string_view key = destination.channel->key();
  return config::matches_destination(name, key.substr(0, key.find(':')), destination.label);
}

std::vector<store::Delivery> address(const Alert& alert, std::span<const Destination> destinations,
                                     const Routing& routing, Time now, const RandomFill& random) {
  std::vector<store::Delivery> deliveries;
  deliveries.reserve(destinations.size());
  for (const RoutedTo& routed : routing.targets(alert)) {
    const Channel& channel = *destinations[routed.destination].channel;
    if (!channel.wants(alert)) continue;
    deliveries.push_back({.id = {make_uuid(now, random)},
                          .destination = channel.key(),
                          .alert = alert,
                          .created = now,
                          .not_before = now + routed.after,
                          .last_error = {},
                          .conditional = routed.conditional});
  }
  return deliveries;
}

Alert test_alert(HostName host, Time now, const RandomFill& random) {
  return {.id = {make_uuid(now, random)},
          .at = now,
          .kind = TransitionKind::started,
          .host = std::move(host),
          .service = ServiceName("tocsin-test"),
          .friendly_name = "Test message from tocsin",
          .details = {.display_name = "Test message from tocsin: no service has changed",
                      .start_mode = StartMode::automatic,
                      .executable_path = {},
                      .dependencies = {}},
          .status = {.state = ServiceState::running},
          .from = ServiceState::stopped,
          .to = ServiceState::running,
          .previous_since = now,
          .reason = "This is a test"};
}

net::awaitable<Answer> send_test(Channel& channel, HostName host, Time now, RandomFill random) {
  Alert alert = test_alert(std::move(host), now, random);
  // Some only get alerts of services that stop.
  if (!channel.wants(alert)) {
    alert.kind = TransitionKind::stopped;
    std::swap(alert.from, alert.to);
    alert.status.state = alert.to;
  }
  const DeliveryId id{make_uuid(now, random)};
  co_return co_await channel.deliver(alert, id, net::within(kDeliveryLimit));
}

}  // namespace tocsin::notify
