#include "probe/smb/smb_push.h"

#include <algorithm>

#include <fmt/format.h>

#include "probe/scm_terms.h"

namespace tocsin::probe {

void SmbPush::drop_session() {
  gather();
  deps_.session.reset();
}

void SmbPush::lose_session() {
  drop_session();
  if (net::MonotonicClock::now() >= listens_again_ && beginnings_.spend(1))
    pushed_.check_again = true;
}

bool SmbPush::listens() const {
  return deps_.host.push && deps_.session && net::MonotonicClock::now() >= listens_again_;
}

bool SmbPush::hears_all() const {
  const auto* from = listener();
  return from != nullptr && hears_of_all_ && from->hears_all();
}

bool SmbPush::is_prepared() const { return !listens() || hears_all(); }

void SmbPush::prepare(const std::vector<ObservedService>& seen) {
  must_tell_whom_ = listens();
  if (!must_tell_whom_) return;
  audible_ = audible(seen);
  // Those that are not there are told of when they come. The copies of a per-user service are not.
  const auto there = std::ranges::count_if(seen, [](const auto& s) { return is_there(s.status); });
  hears_of_all_ = std::cmp_equal(there, audible_.size());
}

net::awaitable<void> SmbPush::listen(net::Deadline deadline) {
  is_stopped_ = false;
  if (!take_news()) co_return;
  auto& session = deps_.session;
  if (session && std::exchange(must_tell_whom_, false)) {
    // Since the check details may have been read.
    auto services = std::exchange(audible_, {});
    prefer_pushed(services, pushed_.services);
    DropOnCancel cancelled{this};
    const auto begun = co_await session->listen_to(services, net::within(deps_.options.call_limit));
    cancelled.push = nullptr;
    if (!begun) co_return end(begun.error());
    refusal_ = session->listener()->needs_too_many_pipes()
                   ? fmt::format(
                         "it takes one call at a time on a pipe, and more than {} services "
                         "would need one each",
                         SmbListener::kMostPipes)
                   : "";
  }
  // What came with the answer to another question.
  if (is_stopped_ || pushed_.check_again || !pushed_.services.empty()) co_return;
  if (listener() == nullptr) co_return co_await pause_.wait_until(deadline);
  const auto heard = co_await session->listen(deadline, is_stopped_);
  take_news();
  if (!heard) end(heard.error());
}

void SmbPush::stop_listening() {
  is_stopped_ = true;  // it may not wait yet
  pause_.end();
  if (deps_.session) deps_.session->stop_listening();
}

const std::vector<ObservedService>& SmbPush::gather() {
  if (auto* from = listener()) add(pushed_, from->take_pushed());
  return pushed_.services;
}

bool SmbPush::take_news() {
  gather();
  const auto* from = listener();
  if (from == nullptr) return true;
  if (auto refusal = from->refusal(); !refusal.empty()) {
    listens_again_ = net::Deadline::max();
    refusal_ = std::move(refusal);
  }
  const auto lost = from->lost();
  if (lost) end(*lost);
  return !lost;
}

void SmbPush::end(const Error& error) {
  // Only a check can tell what has changed meanwhile.
  drop_session();
  pushed_.check_again = true;
  if (error.kind != ErrorKind::malformed && beginnings_.spend(1)) return;
  refusal_ = error.what;
  const bool is_dropped = error.kind == ErrorKind::unreachable;  // by the network, perhaps
  listens_again_ = net::within(is_dropped ? kBeginningsTime : deps_.options.details.pause);
  if (!is_dropped && !std::exchange(has_complained_, true))
    notice_ = "it does not tell of changes by the rules, and is checked more often: " + error.what;
}

net::awaitable<bool> SmbPush::has_pulse(net::Deadline deadline) {
  if (!hears_all()) co_return false;
  DropOnCancel cancelled{this};
  const auto answered =
      co_await deps_.session->echo(std::min(deadline, net::within(deps_.options.connect_limit)));
  cancelled.push = nullptr;
  if (!answered) end(answered.error());
  take_news();
  co_return answered && !pushed_.check_again;
}

}  // namespace tocsin::probe
