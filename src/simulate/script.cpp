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
  return fail(ErrorKind::invalid_config, std::string(what) + " '" + printable(text) + "'");
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

Result<Happening> parse_password(std::string_view text) {
  if (text.empty()) return mistake("no password after", "password");
  return PasswordChange{std::string(text)};
}

/// "0xC0000234"; without a text the default.
Result<Happening> parse_refusal(std::string_view text) {
  LogonRefusal refusal;
  if (text.empty()) return refusal;
  constexpr int kHexadecimal = 16;
  const auto digits = text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : "";
  const auto* stop = std::to_address(digits.end());
  const auto [end, error] =
      std::from_chars(std::to_address(digits.begin()), stop, refusal.status, kHexadecimal);
  if (error != std::errc{} || end != stop || refusal.status >> 30 != 3)
    return mistake("not the NTSTATUS of an error (as 0xC0000234)", text);
  return refusal;
}

Result<Happening> parse_push(std::string_view text) {
  const auto push = parse_word<Push>(text);
  if (!push) return mistake("not a way to push", text);
  return *push;
}

/// What has a form of its own.
std::optional<Result<Happening>> parse_longer(std::string_view word, std::string_view text) {
  if (word == "behave") return parse_behaviour(text);
  if (word == "reboot") return parse_reboot(Farewell::told, text);
  if (word == "reboot-quietly") return parse_reboot(Farewell::quiet, text);
  if (word == "failover") return parse_failover(text);
  if (word == "flap") return parse_flap(text);
  if (word == "password") return parse_password(text);
  if (word == "refuse-logons") return parse_refusal(text);
  if (word == "push") return parse_push(text);
  return std::nullopt;
}

/// What takes nothing but a host.
std::optional<Happening> parse_shorter(std::string_view word) {
  if (word == "up") return Reachability::up;
  if (word == "down") return Reachability::down;
  if (word == "allow") return ManagerAccess::allowed;
  if (word == "deny") return ManagerAccess::denied;
  if (word == "accept-logons") return LogonRefusal{.status = 0};
  if (word == "disconnect") return Disconnect{};
  return std::nullopt;
}

std::string time_text(Duration time) {
  const auto count = time.count();
  if (count != 0 && count % 60'000 == 0) return fmt::format("{}m", count / 60'000);
  if (count != 0 && count % 1000 == 0) return fmt::format("{}s", count / 1000);
  return fmt::format("{}ms", count);
}

std::string describe(const std::string& host, const ServiceEvent& what) {
  return fmt::format("{} {} {}", to_string(what.action), host, what.service.text());
}
std::string describe(const std::string& host, ManagerAccess what) {
  return fmt::format("{} {}", what == ManagerAccess::denied ? "deny" : "allow", host);
}
std::string describe(const std::string& host, Reachability what) {
  return fmt::format("{} {}", what == Reachability::up ? "up" : "down", host);
}
std::string describe(const std::string& host, const Behaviour& what) {
  return fmt::format("behave {} {}:{}", host, to_string(what.mischief), what.number);
}
std::string describe(const std::string& host, const Reboot& what) {
  return fmt::format("{} {} {}", what.farewell == Farewell::quiet ? "reboot-quietly" : "reboot",
                     host, time_text(what.over));
}
std::string describe(const std::string& host, const Failover& what) {
  return fmt::format("failover {} {} {}", host, what.to, what.service.text());
}
std::string describe(const std::string& host, const Flap& what) {
  return fmt::format("flap {} {} {} {}", host, what.service.text(), what.count,
                     time_text(what.every));
}
/// It opens nothing but pretend hosts, and whoever reads the line wrote it.
std::string describe(const std::string& host, const PasswordChange& what) {
  return fmt::format("password {} {}", host, what.password);
}
std::string describe(const std::string& host, const LogonRefusal& what) {
  return what.status == 0 ? "accept-logons " + host
                          : fmt::format("refuse-logons {} 0x{:08X}", host, what.status);
}
std::string describe(const std::string& host, const Disconnect& /*what*/) {
  return "disconnect " + host;
}
std::string describe(const std::string& host, Push what) {
  return fmt::format("push {} {}", host, to_string(what));
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
    auto shorter = parse_shorter(word);
    if (!shorter) return mistake("no service after", word);
    event.what = *std::move(shorter);
    return event;
  }
  const auto action = parse_word<Action>(word);
  if (!action) return mistake("unknown action", word);
  event.what = ServiceEvent{.action = *action, .service = ServiceName(text)};
  return event;
}

std::string describe(const Event& event) {
  return std::visit([&](const auto& what) { return describe(event.host, what); }, event.what);
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
