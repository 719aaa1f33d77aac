#include "daemon/heartbeat.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "notify/answer.h"
#include "notify/channel.h"
#include "notify/http_policy.h"
#include "notify/login.h"

namespace tocsin::daemon {
namespace {

/// Why an answer is none that a heartbeat wants.
std::optional<std::string> failure_in(const notify::Answer& answer) {
  if (const auto* later = std::get_if<notify::RetryAfter>(&answer)) return later->reason;
  if (const auto* rejected = std::get_if<notify::Rejected>(&answer)) return rejected->reason;
  if (const auto* refused = std::get_if<notify::LoginRefused>(&answer)) return refused->reason;
  return std::nullopt;
}

}  // namespace

net::awaitable<void> Heartbeats::set(std::vector<config::Heartbeat> heartbeats) {
  if (heartbeats == heartbeats_) co_return;
  co_await stop();
  heartbeats_ = std::move(heartbeats);
  if (heartbeats_.empty()) co_return;
  tasks_ = std::make_unique<net::TaskScope>(deps_.executor);
  for (const auto& heartbeat : heartbeats_) tasks_->spawn(beat(heartbeat));
}

net::awaitable<void> Heartbeats::stop() {
  if (tasks_ == nullptr) co_return;
  tasks_->cancel();
  co_await tasks_->join();
  tasks_.reset();
  heartbeats_.clear();
}

net::awaitable<void> Heartbeats::beat(const config::Heartbeat& heartbeat) {
  const auto name = "heartbeat " + notify::origin_of(heartbeat.url);
  bool failing = false;
  for (auto due = net::within(heartbeat.every);;) {
    co_await net::sleep_until(due);
    due = std::max(due, net::MonotonicClock::now()) + heartbeat.every;
    if (!deps_.liveness.goes_on()) continue;
    const auto failure = co_await send(heartbeat);
    if (failure && !failing) deps_.log.warn("{}: {}", name, *failure);
    if (!failure && failing) deps_.log.notice("{}: taken again", name);
    if (!failure && deps_.log.wants(config::LogLevel::debug)) deps_.log.debug("{}: taken", name);
    failing = failure.has_value();
  }
}

net::awaitable<std::optional<std::string>> Heartbeats::send(const config::Heartbeat& heartbeat) {
  const auto deadline = net::within(notify::kRequestLimit);
  std::optional<logins::Pass> pass;
  if (const auto& proxy = heartbeat.proxy.url) {
    if (auto* gate = notify::url_login(deps_.logins, *proxy).gate) {
      auto entered = co_await gate->enter(notify::login_peer(), deadline);
      if (!entered) co_return entered.error().what;
      pass = *std::move(entered);
    }
  }
  net::HttpRequest request{
      .method = "GET",
      .url = heartbeat.url,
      .headers = {{"User-Agent", "tocsin/" + deps_.version}},
      .tls = {.ca_file = heartbeat.ca_file, .verify = heartbeat.reject_unauthorized},
      .proxy = {.url = heartbeat.proxy.url, .bypass = heartbeat.proxy.bypass},
      .needs = net::HttpRequest::Needs::status_line};
  const auto response = co_await deps_.http.fetch(std::move(request), deadline);
  const auto answer = notify::judge(response, notify::UrlSecrets(heartbeat.url));
  notify::conclude(std::move(pass), answer);
  co_return failure_in(answer);
}

}  // namespace tocsin::daemon
