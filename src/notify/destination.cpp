#include "notify/destination.h"

#include <span>
#include <utility>

#include "config/destinations/destination_names.h"
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

namespace {

/// An alert of the section.
Alert test_alert(config::AlertSection section, const HostName& host, Time now,
                 const RandomFill& random) {
  Alert alert{.id = {make_uuid(now, random)},
              .at = now,
              .host = host,
              .service = ServiceName("tocsin-test"),
              .friendly_name = "Test message from tocsin",
              .details = {.display_name = "Test message from tocsin: no service has changed",
                          .start_mode = StartMode::automatic,
                          .executable_path = {},
                          .dependencies = {}},
              .previous_since = now,
              .reason = "This is a test"};
  alert.kind = section == config::AlertSection::stopped   ? TransitionKind::stopped
               : section == config::AlertSection::started ? TransitionKind::started
                                                          : TransitionKind::paused;
  alert.to = alert.status.state = row_of(alert.kind).leads_to;
  alert.from = alert.to == ServiceState::running ? ServiceState::stopped : ServiceState::running;
  return alert;
}

/// Not all destinations have one.
template <typename Settings>
ChannelDeps with_proxy(ChannelDeps deps, const Settings& settings) {
  if constexpr (requires { settings.proxy; })
    deps.proxy = {.url = settings.proxy.url, .bypass = settings.proxy.bypass};
  return deps;
}

std::string_view channel_of(const Destination& destination) {
  const std::string_view key = destination.channel->key();
  return key.substr(0, key.find(':'));
}

}  // namespace

Destinations make_destinations(const config::Config& config, const ChannelDeps& deps) {
  Destinations made;
  config::for_each_destination(config.destinations, [&](const auto& settings) {
    if (!settings.enabled) return;
    const ChannelDeps own = with_proxy(deps, settings);
    const auto before = made.alerts.size();
    add_channels(settings, own, made);
    // A proxy locks accounts, too. Where both log in, the destination's gate serves for both.
    for (auto& destination : std::span(made.alerts).subspan(before)) {
      if (destination.login.gate == nullptr && own.proxy.url)
        destination.login = url_login(deps.logins, *own.proxy.url);
    }
  });
  made.routing = Routing(config.routes, made.alerts);
  return made;
}

std::string name_of(const Destination& destination) {
  std::string name(channel_of(destination));
  return destination.label.empty() ? name : name + ":" + destination.label;
}

bool matches_destination(const Destination& destination, std::string_view name) {
  return config::matches_destination(name, channel_of(destination), destination.label);
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

std::vector<TestMessage> test_messages(const Channel& channel, const HostName& host, Time now,
                                       const RandomFill& random) {
  std::vector<TestMessage> messages;
  for (const auto section : channel.sections())
    messages.push_back({std::string(key_of(section)), test_alert(section, host, now, random)});
  if (messages.empty()) {
    auto alert = test_alert(config::AlertSection::started, host, now, random);
    // Some only get alerts of services that stop.
    if (!channel.wants(alert)) alert = test_alert(config::AlertSection::stopped, host, now, random);
    messages.push_back({"", std::move(alert)});
  }
  return messages;
}

net::awaitable<Answer> send_test(Channel& channel, TestMessage message, RandomFill random) {
  const DeliveryId id{make_uuid(message.alert.at, random)};
  co_return co_await channel.deliver(message.alert, id, net::within(kDeliveryLimit));
}

}  // namespace tocsin::notify
