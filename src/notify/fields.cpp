#include "notify/fields.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tocsin::notify {
namespace {

/// More than any destination shows of one value.
constexpr std::size_t kMostTextBytes = 8192;
constexpr std::size_t kMostDependencies = 100;
/// ERROR_SERVICE_SPECIFIC_ERROR: the service's own code says why it ended.
constexpr std::uint32_t kServiceSpecificError = 1066;

/// Valid UTF-8 of a bounded length.
std::string text_of(std::string_view text) {
  const bool cut = text.size() > kMostTextBytes;
  const std::string out = valid_utf8(cut_utf8(text, kMostTextBytes));
  return cut ? out + "\u2026" : out;
}

std::string first_of(std::initializer_list<std::string_view> texts) {
  const auto* found = std::ranges::find_if(texts, [](auto text) { return !text.empty(); });
  return found == texts.end() ? std::string() : text_of(*found);
}

std::chrono::seconds unix_time(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch();
}

/// "2026-11-22T14:03:59Z"; empty for a time that nobody knows.
std::string iso_time(Time time) {
  if (time == Time{}) return "";
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time_t{unix_time(time).count()}));
}

/// What has happened, after the service's name.
std::string_view event_of(TransitionKind kind) {
  switch (kind) {
    case TransitionKind::started:
      return "has started";
    case TransitionKind::stopped:
      return "has stopped";
    case TransitionKind::paused:
      return "is paused";
    case TransitionKind::restarted:
      return "has restarted";
    case TransitionKind::vanished:
      return "has vanished";
    case TransitionKind::stuck:
      return "is stuck";
    case TransitionKind::denied:
      return "can no longer be seen";
    case TransitionKind::visible:
      return "can be seen again";
    case TransitionKind::unreachable:
      return "can no longer be reached";
    case TransitionKind::reachable:
      return "can be reached again";
  }
  return "has changed";
}

}  // namespace

std::string duration_text(Duration duration) {
  struct Unit {
    std::chrono::seconds length;
    std::string_view name;
  };
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  constexpr std::array kUnits = {Unit{hours(24), "d"}, Unit{hours(1), "h"}, Unit{minutes(1), "min"},
                                 Unit{seconds(1), "s"}};
  auto left = std::max(std::chrono::floor<seconds>(duration), seconds(0));
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (left < kUnits[i].length && i + 1 < kUnits.size()) continue;
    auto text = fmt::format("{} {}", left / kUnits[i].length, kUnits[i].name);
    left %= kUnits[i].length;
    if (i + 1 < kUnits.size() && left >= kUnits[i + 1].length)
      text += fmt::format(" {} {}", left / kUnits[i + 1].length, kUnits[i + 1].name);
    return text;
  }
  return "";
}

std::string template_values(const Alert& alert, std::span<const config::GenericUrl> urls) {
  auto links = nlohmann::ordered_json::array();
  for (const auto& url : urls) {
    links.push_back({{"id", text_of(url.id)},
                     {"linkText", text_of(url.link_text)},
                     {"comment", text_of(url.comment)},
                     {"url", text_of(url.url)}});
  }
  auto dependencies = nlohmann::ordered_json::array();
  for (const auto& dependency : alert.details.dependencies) {
    if (dependencies.size() == kMostDependencies) break;
    dependencies.push_back(text_of(dependency));
  }
  const auto& status = alert.status;
  const std::string_view name = alert.service.text();
  const std::string_view display_name = alert.details.display_name;
  const bool was_down =
      is_up(alert) && alert.from != ServiceState::running && alert.previous_since != Time{};
  const nlohmann::ordered_json values = {
      {"host", text_of(alert.host.text())},
      {"serviceStatus", to_string(alert.to)},
      {"servicePrevStatus", to_string(alert.from)},
      {"serviceName", text_of(name)},
      {"serviceDisplayName", first_of({display_name, name})},
      {"serviceFriendlyName", first_of({alert.friendly_name, display_name, name})},
      {"serviceStartType", to_string(alert.details.start_mode)},
      {"serviceExePath", text_of(alert.details.executable_path)},
      {"genericUrls", std::move(links)},
      {"alertId", text_of(alert.id.value)},
      {"kind", to_string(alert.kind)},
      {"event", event_of(alert.kind)},
      {"up", is_up(alert)},
      {"time", iso_time(alert.at)},
      {"unixTime", unix_time(alert.at).count()},
      {"since", iso_time(alert.previous_since)},
      {"downFor", was_down ? duration_text(alert.at - alert.previous_since) : ""},
      {"reason", text_of(alert.reason)},
      {"exitCode",
       status.exit_code == kServiceSpecificError ? status.service_exit_code : status.exit_code},
      {"processId", status.process_id},
      {"dependencies", std::move(dependencies)},
  };
  return values.dump();
}

}  // namespace tocsin::notify
