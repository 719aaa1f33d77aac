#include "config/destination_names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "config/findings.h"
#include "config/nearest.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kStatesOnly = "influxDb";
constexpr std::array<std::string_view, 8> kChannels = {
    "email", "mqtt", "teams", "slack", "webhook", "newRelic", "pagerDuty", "alertmanager"};

bool is_same(std::string_view a, std::string_view b) { return fold_case(a) == fold_case(b); }

bool is_enabled(std::string_view channel, const Config& config) {
  const std::array<bool, kChannels.size()> enabled = {
      config.email.enabled,      config.mqtt.enabled,        config.teams.enabled,
      config.slack.enabled,      config.webhook.enabled,     config.new_relic.enabled,
      config.pager_duty.enabled, config.alertmanager.enabled};
  const auto found =
      std::ranges::find_if(kChannels, [&](const auto known) { return is_same(known, channel); });
  return found != kChannels.end() &&
         enabled.at(static_cast<std::size_t>(found - kChannels.begin()));
}

/// "webhook:On-call" for each that is enabled.
std::vector<std::string> full_names(const Config& config) {
  std::vector<std::string> names;
  const auto add = [&names](std::string_view channel, const std::string& label) {
    names.push_back(fmt::format("{}:{}", channel, label));
  };
  for (const auto& webhook : config.webhook.webhooks) add("webhook", webhook.description);
  if (config.email.enabled) {
    for (const auto* messages : {&config.email.stopped, &config.email.started}) {
      for (const auto& recipient : messages->recipients) add("email", recipient.address);
    }
  }
  for (const auto* part : {&config.new_relic.events, &config.new_relic.logs}) {
    if (!config.new_relic.enabled || !part->enabled) continue;
    for (const auto& account : part->accounts) add("newRelic", account.name);
  }
  return names;
}

}  // namespace

bool matches_destination(std::string_view written, std::string_view channel,
                         std::string_view label) {
  const auto colon = written.find(':');
  if (!is_same(written.substr(0, colon), channel)) return false;
  return colon == std::string_view::npos || is_same(written.substr(colon + 1), label);
}

std::optional<WrongName> check_destination_name(std::string_view written, const Config& config) {
  const auto channel = written.substr(0, written.find(':'));
  if (is_same(channel, kStatesOnly))
    return WrongName{true, fmt::format("{} gets every state and no alerts; a route cannot name it",
                                       in_backticks(kStatesOnly))};
  const auto names = full_names(config);
  std::vector<std::string_view> known(names.begin(), names.end());
  if (std::ranges::none_of(kChannels, [&](auto one) { return is_same(one, channel); })) {
    known.insert(known.end(), kChannels.begin(), kChannels.end());
    return WrongName{true, fmt::format("there is no destination {}{}", in_backticks(written),
                                       did_you_mean(written, known))};
  }
  if (!is_enabled(channel, config))
    return WrongName{false,
                     fmt::format("nothing goes to {}: it is not enabled", in_backticks(channel))};
  if (channel.size() == written.size()) return std::nullopt;
  if (std::ranges::any_of(known, [&](auto one) { return is_same(one, written); }))
    return std::nullopt;
  return WrongName{true, fmt::format("there is no destination {}{}", in_backticks(written),
                                     did_you_mean(written, known))};
}

}  // namespace tocsin::config
