#include "notify/group_text.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "notify/fields.h"
#include "notify/sentence.h"

namespace tocsin::notify {
namespace {

/// Bytes for the line of one alert; a longer one is shortened.
constexpr std::size_t kMostLine = 400;
/// Bytes for the names that are still down.
constexpr std::size_t kMostNames = 600;

std::string cut_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  if (text.size() <= kMostLine) return text;
  return std::string(cut_utf8(text, kMostLine)) + "\u2026";
}

std::string line_of(const Alert& alert) {
  auto line = time_of_day(alert.at) + " " + title_of(alert);
  if (const auto reason = reason_of(alert); !reason.empty()) line += ": " + reason;
  return cut_line(valid_utf8(line));
}

/// "A, B and 3 more": as many as have room, at least one.
std::string listed_names(const std::vector<std::string>& names) {
  std::string text;
  std::size_t count = 0;
  for (const auto& name : names) {
    const auto said = cut_line(valid_utf8(cut_utf8(name, kMostLine + 1)));
    if (count > 0 && text.size() + said.size() > kMostNames) break;
    text += (count++ == 0 ? "" : ", ") + said;
  }
  if (count < names.size()) text += fmt::format(" and {} more", names.size() - count);
  return text;
}

/// What others have failed for comes before them, and with it what happened to the same service
/// until then: the order of one service's alerts stays.
std::vector<const Alert*> causes_first(const std::vector<const Alert*>& alerts) {
  std::map<std::pair<HostName, ServiceName>, const Alert*> causes;  // the last that fires of each
  for (const auto* alert : alerts) {
    if (!alert->root_cause.empty()) causes[{alert->host, alert->root_cause}] = nullptr;
  }
  for (const auto* alert : alerts) {
    const auto cause = causes.find({alert->host, alert->service});
    if (cause != causes.end() && !is_resolved(*alert)) cause->second = alert;
  }
  std::vector<const Alert*> first;
  std::vector<const Alert*> others;
  for (const auto* alert : alerts) {
    const auto cause = causes.find({alert->host, alert->service});
    const bool leads = cause != causes.end() && cause->second != nullptr;
    (leads ? first : others).push_back(alert);
    if (leads && cause->second == alert) causes.erase(cause);
  }
  first.insert(first.end(), others.begin(), others.end());
  return first;
}

/// "3 alerts, 1 resolved"
std::string count_up(const Contents& contents) {
  const auto resolved = static_cast<std::size_t>(
      std::ranges::count_if(contents.alerts, [](const auto* one) { return is_resolved(*one); }));
  const auto firing = contents.alerts.size() - resolved;
  if (firing == 0) return fmt::format("{} resolved", resolved);
  auto text = fmt::format("{} {}", firing, firing == 1 ? "alert" : "alerts");
  if (resolved > 0) text += fmt::format(", {} resolved", resolved);
  return text;
}

std::set<HostName> hosts_of(const Contents& contents) {
  std::set<HostName> hosts;
  for (const auto* alert : contents.alerts) hosts.insert(alert->host);
  return hosts;
}

}  // namespace

GroupText describe_group(const Contents& contents, std::size_t most, const SizeOf& size_of) {
  GroupText text;
  const auto hosts = hosts_of(contents);
  const auto where =
      hosts.size() == 1 ? hosts.begin()->text() : fmt::format("{} hosts", hosts.size());
  text.title = valid_utf8(fmt::format("{}: {}", where, count_up(contents)));
  std::size_t size = 0;
  for (const auto* alert : causes_first(contents.alerts)) {
    if (!alert->notice.empty()) text.notice = valid_utf8(alert->notice);
    if (text.more > 0) {
      text.more++;
      continue;
    }
    auto line = line_of(*alert);
    size += (size_of ? size_of(line) : line.size()) + 1;
    if (size > most && !text.lines.empty()) {
      text.more++;
    } else {
      text.lines.push_back(std::move(line));
    }
  }
  if (!contents.still_firing.empty())
    text.still_down = "still down: " + listed_names(contents.still_firing);
  return text;
}

const Alert& worst_of(const Contents& contents) {
  return **std::ranges::max_element(contents.alerts, {}, [](const Alert* alert) {
    return std::pair(!is_resolved(*alert), alert->severity);
  });
}

bool fires_at_its_end(const Contents& contents) {
  std::map<std::pair<HostName, ServiceName>, bool> fires;
  for (const auto* alert : contents.alerts)
    fires[{alert->host, alert->service}] = !is_resolved(*alert);
  return std::ranges::any_of(fires, [](const auto& one) { return one.second; });
}

std::string plain_text(const GroupText& text) {
  std::string plain;
  const auto add = [&](const std::string& line) {
    if (!line.empty()) plain += (plain.empty() ? "" : "\n") + line;
  };
  add(text.notice);
  for (const auto& line : text.lines) add(line);
  if (text.more > 0) add(fmt::format("and {} more", text.more));
  add(text.still_down);
  return plain;
}

std::string group_values(const Contents& contents, const GroupText& text,
                         std::span<const config::GenericUrl> urls) {
  using nlohmann::ordered_json;
  const auto ordered = causes_first(contents.alerts);
  auto alerts = ordered_json::array();
  for (std::size_t i = 0; i < text.lines.size(); i++)
    alerts.push_back(ordered_json::parse(template_values(*ordered[i], {})));
  const auto worst = std::ranges::max(contents.alerts, {}, &Alert::severity)->severity;
  const auto hosts = hosts_of(contents);
  const ordered_json values = {
      {"title", text.title},
      {"notice", text.notice},
      {"count", contents.alerts.size()},
      {"lines", text.lines},
      {"more", text.more},
      {"stillDown", text.still_down},
      {"severity", to_string(worst)},
      {"up", !fires_at_its_end(contents)},
      {"time", alerts.front()["time"]},
      {"host", hosts.size() == 1 ? alerts.front()["host"] : ordered_json("")},
      {"genericUrls", ordered_json::parse(template_values(*ordered.front(), urls))["genericUrls"]},
      {"alerts", alerts},
  };
  return values.dump();
}

}  // namespace tocsin::notify
