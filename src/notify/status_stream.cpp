#include "notify/status_stream.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "base/try.h"
#include "notify/channel.h"

namespace tocsin::notify {
namespace {

constexpr auto kMostAskedWait = std::chrono::minutes(10);

std::size_t count_services(std::span<const StatusReport> reports) {
  std::size_t count = 0;
  for (const auto& report : reports) count += report.services.size();
  return count;
}

}  // namespace

StatusStream::StatusStream(net::Executor executor, StatusSink& sink, StatusObserver& observer,
                           RandomFill random, StatusStreamOptions options)
    : sink_(sink),
      observer_(observer),
      random_(std::move(random)),
      options_(options),
      more_(executor) {
  if (auto* gate = sink.login().gate) opening_.emplace(std::move(executor), *gate);
}

void StatusStream::add(const StatusReport& report) {
  if (report.services.empty()) return;
  waiting_.push_back(report);
  services_waiting_ += report.services.size();
  std::size_t dropped = 0;
  while (services_waiting_ > options_.most_waiting && waiting_.size() > 1) {
    const auto services = waiting_.front().services.size();
    waiting_.pop_front();
    services_waiting_ -= services;
    dropped += services;
  }
  if (dropped > 0) lose(dropped, "too many are waiting");
  more_.set();
}

net::awaitable<void> StatusStream::run() {
  for (;;) {
    if (batch_.empty()) {
      co_await more_.wait();
      co_await net::sleep_for(options_.gather);
    }
    if (!co_await write_batch(net::within(kDeliveryLimit))) co_await pause();
  }
}

net::awaitable<void> StatusStream::pause() {
  const auto* gate = sink_.login().gate;
  if (gate != nullptr && gate->find_suspension(login_peer())) co_return co_await opening_->wait();
  co_await net::sleep_for(next_wait());
}

net::awaitable<void> StatusStream::flush(net::Deadline deadline) {
  while (!(batch_.empty() && waiting_.empty())) {
    if (net::MonotonicClock::now() >= deadline || !co_await write_batch(deadline)) co_return;
  }
}

void StatusStream::take_batch() {
  std::size_t services = 0;
  while (!waiting_.empty()) {
    const auto more = waiting_.front().services.size();
    if (!batch_.empty() && services + more > options_.most_in_batch) break;
    services += more;
    batch_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  services_waiting_ -= services;
  if (waiting_.empty()) more_.reset();
}

/// login_refused: it must not log in now.
net::awaitable<Result<std::optional<logins::Pass>>> StatusStream::enter(net::Deadline deadline) {
  const auto login = sink_.login();
  if (login.gate == nullptr) co_return std::nullopt;
  CO_TRY(co_await login.gate->check(login_peer()));
  if (login.by == Login::By::channel) co_return std::nullopt;
  CO_TRY(auto pass, co_await login.gate->enter(login_peer(), deadline));
  co_return std::optional(std::move(pass));
}

void StatusStream::note_failure(const std::string& why) {
  observer_.postponed(sink_, why);
  if (!std::exchange(failing_, true)) observer_.failing(sink_, why);
}

/// False when the batch must be written again later.
net::awaitable<bool> StatusStream::write_batch(net::Deadline deadline) {
  if (batch_.empty()) take_batch();
  if (batch_.empty()) co_return true;
  auto pass = co_await enter(deadline);
  if (!pass) {
    note_failure(pass.error().what);
    co_return false;
  }
  const auto begun = net::MonotonicClock::now();
  const auto written = co_await sink_.write(batch_, deadline);
  const auto took = net::MonotonicClock::now() - begun;
  conclude(*std::move(pass), written.answer);
  const auto services = count_services(batch_);
  if (const auto* later = std::get_if<RetryAfter>(&written.answer)) {
    asked_wait_ = later->after.value_or(std::chrono::seconds(0));
    note_failure(later->reason);
    co_return false;
  }
  if (const auto* refused = std::get_if<LoginRefused>(&written.answer)) {
    asked_wait_ = {};
    note_failure(refused->reason);
    co_return false;
  }
  batch_.clear();
  if (const auto* rejected = std::get_if<Rejected>(&written.answer)) {
    lose(services, rejected->reason);
    co_return true;
  }
  failures_ = 0;
  if (std::exchange(failing_, false)) observer_.recovered(sink_);
  const auto refused = std::min(written.refused, services);
  observer_.written(sink_, services - refused, std::chrono::floor<std::chrono::milliseconds>(took));
  if (refused > 0) lose(refused, std::get<Delivered>(written.answer).detail);
  co_return true;
}

void StatusStream::lose(std::size_t services, const std::string& why) {
  observer_.lost(sink_, services, why);
}

/// Between a half and the whole of the backoff, and at least what the destination asked for.
std::chrono::milliseconds StatusStream::next_wait() {
  const auto half = options_.backoff.after(++failures_) / 2;
  const auto asked = std::min<std::chrono::milliseconds>(asked_wait_, kMostAskedWait);
  return std::max(half + jittered(half, random_), asked);
}

}  // namespace tocsin::notify
