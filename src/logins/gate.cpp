#include "logins/gate.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "net/now.h"

namespace tocsin::logins {
namespace {

/// How often a file with a secret is read, however many peers ask.
constexpr auto kReadEvery = std::chrono::seconds(1);
/// A store that hangs delays no login for longer.
constexpr auto kStoreLimit = std::chrono::seconds(2);

}  // namespace

std::string_view to_string(LoginStep step) {
  switch (step) {
    case LoginStep::waiting:
      return "waiting";
    case LoginStep::admitted:
      return "admitted";
    case LoginStep::suspended:
      return "suspended";
    case LoginStep::accepted:
      return "accepted";
    case LoginStep::refused:
      return "refused";
    case LoginStep::abandoned:
      return "abandoned";
    case LoginStep::renewed:
      return "renewed";
  }
  return "?";
}

Pass::~Pass() {
  if (gate_ != nullptr) gate_->abandon(peer_);
}

void Pass::accept() {
  auto* gate = std::exchange(gate_, nullptr);
  gate->note(peer_, LoginStep::accepted);
  gate->conclude(peer_, gate->guard_.accept(peer_, net::now_by(gate->deps_.clock)));
}

void Pass::refuse(Blame blame, std::string reason) {
  auto* gate = std::exchange(gate_, nullptr);
  gate->note(peer_, LoginStep::refused, reason);
  gate->conclude(
      peer_, gate->guard_.refuse(peer_, blame, std::move(reason), net::now_by(gate->deps_.clock)));
}

Gate::Gate(LoginId id, std::string name, Secret secret, Guard guard, Deps deps)
    : id_(std::move(id)),
      name_(std::move(name)),
      secret_(std::move(secret)),
      guard_(std::move(guard)),
      deps_(std::move(deps)),
      opened_(deps_.executor) {}

Error Gate::refusal(const Suspension& suspension) const {
  return {ErrorKind::login_refused,
          name_ + " is not tried before " + time_of_day(suspension.until) +
              ", to avoid locking the account: " + suspension.reason,
          {}};
}

void Gate::note(const HostName& peer, LoginStep step, std::string_view why) {
  if (!deps_.on_step) return;
  if (step != LoginStep::suspended) {
    noted_suspensions_.erase(peer);
  } else if (std::exchange(noted_suspensions_[peer], why) == why) {
    return;
  }
  deps_.on_step(peer, step, why);
}

net::awaitable<Result<>> Gate::check(HostName peer) {
  if (deps_.read_secret && (!was_read_ || net::MonotonicClock::now() >= read_at_)) {
    was_read_ = true;
    read_at_ = net::within(kReadEvery);
    auto secret = co_await deps_.read_secret();
    if (secret) replace_secret(*std::move(secret));
  }
  if (const auto suspension = find_suspension(peer)) {
    auto error = refusal(*suspension);
    note(peer, LoginStep::suspended, error.what);
    co_return std::unexpected(std::move(error));
  }
  co_return Result<>{};
}

net::awaitable<Result<Pass>> Gate::enter(HostName peer, net::Deadline deadline) {
  struct Queueing {  // also left by a cancellation
    std::set<Ticket>& all;
    Ticket ticket;
    ~Queueing() { all.erase(ticket); }
  } place{waiting_, {hung_.contains(peer) ? hung_.at(peer) : 0, ++last_number_}};
  waiting_.insert(place.ticket);
  for (;;) {
    if (const auto suspension = find_suspension(peer)) {
      auto error = refusal(*suspension);
      note(peer, LoginStep::suspended, error.what);
      co_return std::unexpected(std::move(error));
    }
    const bool leads = *waiting_.begin() == place.ticket;
    if (leads || guard_.in_flight() > 0) {
      if (auto pass = try_enter(peer)) {
        co_await save(peer, deadline);
        co_return *std::move(pass);
      }
    }
    note(peer, LoginStep::waiting, "another login of this account is under way");
    opened_.reset();
    if (!co_await opened_.wait_until(deadline)) {
      co_return fail(ErrorKind::login_refused,
                     name_ + " is being tried elsewhere first, to avoid locking the account");
    }
  }
}

std::optional<Pass> Gate::try_enter(const HostName& peer) {
  if (find_suspension(peer) || !guard_.has_room(net::now_by(deps_.clock))) return std::nullopt;
  guard_.begin();
  note(peer, LoginStep::admitted);
  return Pass(*this, peer);
}

std::optional<Suspension> Gate::find_suspension(const HostName& peer) const {
  return guard_.find_suspension(peer, net::now_by(deps_.clock));
}

net::awaitable<void> Gate::save(const HostName& peer, net::Deadline deadline) {
  if (!guard_.is_doubtful(peer)) co_return;
  recorded_.insert(peer);
  deps_.on_change(Notice::none);
  co_await deps_.stored(std::min(deadline, net::within(kStoreLimit)));
}

std::uint64_t Gate::on_opening(std::function<void()> call) {
  listeners_.emplace(++last_number_, std::move(call));
  return last_number_;
}

void Gate::replace_secret(Secret secret) {
  if (secret.reveal() == secret_.reveal()) return;
  secret_ = std::move(secret);
  begin_anew();
}

void Gate::replace_user(GuardOptions options) {
  guard_.set_options(options);
  begin_anew();
}

void Gate::begin_anew() {
  guard_.replace_secret();
  note({}, LoginStep::renewed, "user or password have changed");
  deps_.on_change(Notice::none);
  open();
}

void Gate::waive_pauses() {
  guard_.waive_pauses();
  note({}, LoginStep::renewed, "pauses are waived");
  deps_.on_change(Notice::none);
  open();
}

void Gate::forget(const HostName& peer) {
  if (!guard_.suspicion().refusals.contains(peer)) return;
  guard_.forget(peer);
  deps_.on_change(Notice::none);
}

void Gate::retire() {
  retired_ = true;
  if (const auto notice = guard_.retire(); notice != Notice::none) deps_.on_change(notice);
}

Suspicion Gate::to_store() const {
  Guard guard = guard_;
  for (const auto& peer : recorded_) guard.interrupt(peer, net::now_by(deps_.clock));
  return guard.suspicion();
}

void Gate::conclude(const HostName& peer, Notice notice) {
  hung_.erase(peer);
  // The login was under way when the gate retired: nobody would end the alert.
  if (retired_ && guard_.retire() != Notice::none) notice = Notice::none;
  const bool was_recorded = recorded_.erase(peer) > 0;
  if (was_recorded || notice != Notice::none || !guard_.suspicion().empty())
    deps_.on_change(notice);
  open();
}

void Gate::abandon(const HostName& peer) {
  guard_.abandon();
  note(peer, LoginStep::abandoned, "its outcome is unknown");
  hung_[peer]++;
  if (recorded_.erase(peer) > 0) deps_.on_change(Notice::none);
  open();
}

void Gate::open() {
  opened_.set();
  const auto listeners = listeners_;
  for (const auto& [key, call] : listeners) {
    if (listeners_.contains(key)) call();
  }
}

}  // namespace tocsin::logins
