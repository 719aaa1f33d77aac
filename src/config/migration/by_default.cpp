#include "config/migration/by_default.h"

#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "config/destinations/grouping.h"
#include "config/section/duration.h"
#include "domain/policy.h"

namespace tocsin::config {
namespace {

/// Whether anybody reads what tocsin sends.
bool has_readers(const Destinations& destinations) {
  return std::get<Slack>(destinations).enabled || std::get<Teams>(destinations).enabled ||
         std::get<Email>(destinations).enabled || std::get<Ntfy>(destinations).enabled;
}

}  // namespace

std::vector<KeyNote> find_defaults(const YamlNode& root, const Destinations& destinations) {
  std::vector<KeyNote> notes;
  const auto add = [&](std::string_view path, std::string text) {
    const auto* written = root.find_path(path);
    if (written == nullptr || written->type == YamlNode::Type::null)
      notes.push_back({.path = std::string(path), .file = {}, .line = 0, .text = std::move(text)});
  };
  const Policy policy;
  add("serviceMonitor.policy.bootGrace",
      fmt::format("After a host has started, alerts about its services wait {}, or {} for delayed "
                  "start. Butler alerts at once.",
                  duration_text(policy.boot_grace), duration_text(policy.delayed_start_grace)));
  add("serviceMonitor.policy.flapping",
      fmt::format("A service that changes {} times in {} is one alert, FLAPPING, until it has "
                  "settled. Butler alerts about each change.",
                  policy.flapping.start, duration_text(policy.flapping.window)));
  add("serviceMonitor.policy.firstSight",
      "A service that is stopped when it is first seen is one alert, once. Butler alerts about it "
      "again at each restart.");
  if (has_readers(destinations)) {
    const Grouping grouping;
    add("serviceMonitor.grouping",
        fmt::format("The first alert of a host is sent at once; those that follow are one message "
                    "after {}, then one every {}. Butler sends a message for each.",
                    duration_text(grouping.wait), duration_text(grouping.interval)));
  }
  // No key decides about these two.
  notes.push_back({.path = {},
                   .file = {},
                   .line = 0,
                   .text = "Messages say `Automatic (delayed start)` of a service that starts so. "
                           "Butler says `Automatic`."});
  if (std::get<Mqtt>(destinations).enabled)
    notes.push_back(
        {.path = {},
         .file = {},
         .line = 0,
         .text = "Nothing goes to the MQTT topic `qliksense/butler/mqtt/status`, on which Butler "
                 "announces itself; `mqttConfig.presence` has a topic of its own."});
  return notes;
}

}  // namespace tocsin::config
