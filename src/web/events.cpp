#include "web/events.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "net/timer.h"
#include "web/json.h"

namespace tocsin::web {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr auto kGather = 100ms;
/// Proxies cut a connection on which nothing comes for a minute.
constexpr auto kSignOfLife = 15s;
constexpr auto kEventLimit = 10s;
constexpr std::size_t kMostKept = 1000;
constexpr std::size_t kMostKeptBytes = std::size_t{1024} * 1024;
/// Where more hosts change at once, all is read anew.
constexpr std::size_t kMostHosts = 2000;
constexpr std::string_view kReset = "event: reset\ndata: {}\n\n";

json to_json(const HostName& host, const HostSummary& now) {
  return {{"what", "host"},
          {"host", host.text()},
          {"worst", std::string(1, row_of(now.worst).letter)},
          {"services", now.services},
          {"running", now.running()},
          {"troubled", now.troubled},
          {"reached", now.reached}};
}

}  // namespace

Events::Events(const net::Executor& executor, const Clock& clock, std::string run)
    : clock_(clock), run_(std::move(run)), gathered_(executor), published_(executor) {}

void Events::add(const HostName& host, const HostSummary& now) {
  hosts_[host] = now;
  gathered_.set();
}

void Events::add(Change change) {
  changes_.insert(change);
  gathered_.set();
}

net::awaitable<void> Events::run() {
  for (;;) {
    co_await gathered_.wait();
    co_await net::sleep_for(kGather);
    gathered_.reset();
    publish();
  }
}

void Events::publish() {
  latest_++;
  const auto id = fmt::format("id: {}-{}\n", run_, latest_);
  if (hosts_.size() > kMostHosts) {
    keep(id + std::string(kReset));
  } else {
    json changes = json::array();
    for (const auto& [host, now] : hosts_) changes.push_back(to_json(host, now));
    for (const auto change : changes_) changes.push_back({{"what", to_string(change)}});
    const json data{{"at", iso_time(clock_.now())}, {"changes", std::move(changes)}};
    keep(fmt::format("{}data: {}\n\n", id,
                     data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  }
  hosts_.clear();
  changes_.clear();
  published_.set();
  published_.reset();
}

void Events::keep(std::string text) {
  kept_bytes_ += text.size();
  kept_.push_back({.number = latest_, .text = std::move(text)});
  while (kept_.size() > kMostKept || kept_bytes_ > kMostKeptBytes) {
    kept_bytes_ -= kept_.front().text.size();
    kept_.pop_front();
  }
}

std::string Events::after(std::uint64_t number) const {
  if (number < latest_ && (kept_.empty() || kept_.front().number > number + 1))
    return fmt::format("id: {}-{}\n{}", run_, latest_, kReset);
  std::string text;
  for (const auto& event : kept_) {
    if (event.number > number) text += event.text;
  }
  return text;
}

std::optional<std::uint64_t> Events::number_of(std::string_view id) const {
  if (!id.starts_with(run_ + "-")) return std::nullopt;
  id.remove_prefix(run_.size() + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size() || number > latest_) return std::nullopt;
  return number;
}

net::awaitable<void> Events::stream(net::ServerStream& to, std::optional<std::string> last_seen) {
  struct Counted {
    explicit Counted(std::size_t& of) : count(of) { count++; }
    ~Counted() { count--; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    std::size_t& count;
  };
  const Counted counted(streams_);
  std::string text = "retry: 2000\n";
  auto seen = latest_;
  if (last_seen) {
    if (const auto number = number_of(*last_seen))
      seen = *number;
    else
      text += fmt::format("id: {}-{}\n{}", run_, latest_, kReset);
  }
  text += ":\n\n";
  for (;;) {
    text += after(seen);
    seen = latest_;
    if (text.empty()) text = ":\n\n";
    if (!co_await to.write(as_bytes(text), net::within(kEventLimit))) co_return;
    text.clear();
    if (seen == latest_) (void)co_await published_.wait_until(net::within(kSignOfLife));
  }
}

}  // namespace tocsin::web
