#include "simulate/script.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::simulate {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Cuts the first word off `text`.
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(kBlank), text.size());
  const auto word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

std::unexpected<Error> mistake(std::string_view what, std::string_view text) {
  return fail(Kind::invalid_config, std::string(what) + " '" + printable(text) + "'");
}

/// "100ms", "2.5s", "1m".
Result<Duration> parse_time(std::string_view text) {
  double number = 0;
  const auto* stop = std::to_address(text.end());
  const auto [end, error] = std::from_chars(std::to_address(text.begin()), stop, number);
  const std::string_view unit(end, stop);
  const double scale = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  constexpr double kMost = 1e12;
  if (error != std::errc{} || scale == 0 || !(number >= 0 && number * scale <= kMost))
    return mistake("not a time (as 100ms, 2.5s or 1m)", text);
  return Duration(std::llround(number * scale));
}

/// Cuts the last word off `text`.
std::string_view take_last_word(std::string_view& text) {
  const auto begin = text.find_last_of(kBlank) + 1;  // npos + 1 is 0
  const auto word = text.substr(begin);
  text = trimmed(text.substr(0, begin));
  return word;
}

Result<Happening> parse_reboot(Farewell farewell, std::string_view text) {
  Reboot reboot{.farewell = farewell};
  if (text.empty()) return reboot;
  const auto over = parse_time(text);
  if (!over) return std::unexpected(over.error());
  reboot.over = *over;
  return reboot;
}

Result<Happening> parse_failover(std::string_view text) {
  const auto to = take_word(text);
  if (text.empty()) return mistake("no service after", to);
  return Failover{.to = std::string(to), .service = ServiceName(text)};
}

/// The service's name may hold blanks, so it is read from the end.
Result<Happening> parse_flap(std::string_view text) {
  Flap flap{};
  auto word = take_last_word(text);
  if (const auto every = parse_time(word)) {
    flap.every = *every;
    word = take_last_word(text);
  }
  const auto* stop = std::to_address(word.end());
  const auto [end, error] = std::from_chars(std::to_address(word.begin()), stop, flap.count);
  if (error != std::errc{} || end != stop) return mistake("not a number of times", word);
  if (text.empty()) return mistake("no service before", word);
  flap.service = ServiceName(text);
  return flap;
}

/// What has a form of its own.
std::optional<Result<Happening>> parse_longer(std::string_view word, std::string_view text) {
  if (word == "behave") return parse_behaviour(text);
  if (word == "reboot") return parse_reboot(Farewell::told, text);
  if (word == "reboot-quietly") return parse_reboot(Farewell::quiet, text);
  if (word == "failover") return parse_failover(text);
  if (word == "flap") return parse_flap(text);
  return std::nullopt;
}

std::string time_text(Duration time) {
  const auto count = time.count();
  if (count != 0 && count % 60'000 == 0) return fmt::format("{}m", count / 60'000);
  if (count != 0 && count % 1000 == 0) return fmt::format("{}s", count / 1000);
  return fmt::format("{}ms", count);
}

}  // namespace

Result<Event> parse_event(std::string_view text) {
  const auto word = take_word(text);
  const auto host = take_word(text);
  if (host.empty()) return mistake("no host after", word);
  Event event{.host = std::string(host), .what = Reachability::up};
  if (auto longer = parse_longer(word, text)) {
    if (!*longer) return fail(*std::move(longer));
    event.what = **std::move(longer);
    return event;
  }
  if (text.empty()) {
    if (word == "up" || word == "down")
      event.what = word == "up" ? Reachability::up : Reachability::down;
    else if (word == "allow" || word == "deny")
      event.what = word == "allow" ? ManagerAccess::allowed : ManagerAccess::denied;
    else
      return mistake("no service after", word);
    return event;
  }
  const auto action = parse_action(word);
  if (!action) return mistake("unknown action", word);
  event.what = ServiceEvent{.action = *action, .service = ServiceName(text)};
  return event;
}

std::string describe(const Event& event) {
  if (const auto* service = std::get_if<ServiceEvent>(&event.what))
    return fmt::format("{} {} {}", to_string(service->action), event.host, service->service.text());
  if (const auto* access = std::get_if<ManagerAccess>(&event.what))
    return fmt::format("{} {}", *access == ManagerAccess::denied ? "deny" : "allow", event.host);
  if (const auto* behaviour = std::get_if<Behaviour>(&event.what))
    return fmt::format("behave {} {}:{}", event.host, to_string(behaviour->mischief),
                       behaviour->number);
  if (const auto* reboot = std::get_if<Reboot>(&event.what))
    return fmt::format("{} {} {}",
                       reboot->farewell == Farewell::quiet ? "reboot-quietly" : "reboot",
                       event.host, time_text(reboot->over));
  if (const auto* failover = std::get_if<Failover>(&event.what))
    return fmt::format("failover {} {} {}", event.host, failover->to, failover->service.text());
  if (const auto* flap = std::get_if<Flap>(&event.what))
    return fmt::format("flap {} {} {} {}", event.host, flap->service.text(), flap->count,
                       time_text(flap->every));
  return fmt::format(
      "{} {}", std::get<Reachability>(event.what) == Reachability::up ? "up" : "down", event.host);
}

Result<std::vector<Event>> parse_script(std::string_view text) {
  std::vector<Event> events;
  for (int number = 1; !text.empty(); number++) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const auto where = "line " + std::to_string(number);
    const auto time = parse_time(take_word(line));
    if (!time) return std::unexpected(Error(time.error()).in(where));
    auto event = parse_event(line);
    if (!event) return fail(std::move(event), where);
    event->at = *time;
    events.insert(std::ranges::upper_bound(events, event->at, {}, &Event::at), *event);
  }
  return events;
}

}  // namespace tocsin::simulate
