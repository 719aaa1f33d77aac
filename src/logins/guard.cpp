#include "logins/guard.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/backoff.h"

namespace tocsin::logins {
namespace {

/// Peers that refuse one after the other are named together.
constexpr Duration kBetweenNotices = std::chrono::minutes(1);
/// One refusal may be a slip: the alert fires at the second.
constexpr unsigned kRefusalsToNotify = 2;

Duration pause_after(unsigned refusals) {
  return Backoff{.first = kFirstPause, .longest = kLongestPause}.after(refusals);
}

Time end_of_pause(Time refused_at, unsigned refusals, Time now) {
  return refused_at == Time{} ? now : refused_at + pause_after(refusals);
}

}  // namespace

Guard::Guard(GuardOptions options, Suspicion known, Now now)
    : options_(options), suspicion_(std::move(known)) {
  follow_clock(now);
}

void Guard::follow_clock(Now now) {
  const auto set_by = clock_.follow(now);
  if (!set_by) return;
  for (auto* at : {&suspicion_.at, &suspicion_.notified_at}) *at = moved(*at, *set_by, now.wall);
  for (auto& [peer, refusal] : suspicion_.refusals)
    refusal.at = moved(refusal.at, *set_by, now.wall);
}

std::optional<Suspension> Guard::find_suspension(const HostName& peer, Now now) const {
  const auto set_by = clock_.set_by(now);
  auto suspension = find_pause(peer, now.wall - set_by);
  if (suspension) suspension->until += set_by;
  return suspension;
}

/// By the clock as it was when it was followed last.
std::optional<Suspension> Guard::find_pause(const HostName& peer, Time now) const {
  const auto& refusals = suspicion_.refusals;
  std::optional<Suspension> own;
  if (const auto refused = refusals.find(peer); refused != refusals.end()) {
    const Time until = end_of_pause(refused->second.at, refused->second.count, now);
    if (now < until) own = Suspension{until, refused->second.reason};
  }
  if (!is_suspect()) return own;
  const Time until = end_of_pause(suspicion_.at, suspicion_.count, now);
  if (now >= until || (own && own->until >= until)) return own;
  const auto latest = std::ranges::max_element(refusals, {}, [](const auto& entry) {
    const Refusal& one = entry.second;
    return std::pair(!one.pardoned && one.blame != Blame::peer, one.at);
  });
  return Suspension{until, latest == refusals.end() ? "" : latest->second.reason};
}

/// Whether the login itself is suspected, and not single peers.
bool Guard::is_suspect() const {
  if (!options_.shared || suspicion_.count == 0) return false;
  std::size_t peers = 0;
  for (const auto& [peer, refusal] : suspicion_.refusals) {
    if (refusal.pardoned) continue;
    if (refusal.blame == Blame::account) return true;
    if (refusal.blame == Blame::secret) peers++;
  }
  return peers >= options_.peers_to_suspect;
}

bool Guard::has_room(Now now) const {
  return !options_.shared || in_flight_ == 0 || now.steady < trusted_until_;
}

void Guard::begin() { in_flight_++; }

void Guard::abandon() { in_flight_--; }

Notice Guard::accept(const HostName& peer, Now now) {
  follow_clock(now);
  in_flight_--;
  proven_ = true;
  trusted_until_ = now.steady + kProofAge;
  auto& refusals = suspicion_.refusals;
  refusals.erase(peer);
  if (options_.shared) {
    suspicion_.count = 0;
    // What others have refused meanwhile is their own. They may have changed their mind: each may
    // be asked once more, and waits for longer if it has not.
    for (auto& [name, other] : refusals) {
      if (other.blame == Blame::peer) continue;
      other.blame = Blame::peer;
      other.pardoned = true;
      other.at = {};
    }
  }
  const bool open =
      std::ranges::any_of(refusals, [](const auto& entry) { return !entry.second.pardoned; });
  if (open || suspicion_.notified_at == Time{}) return Notice::none;
  suspicion_.notified_at = {};
  for (auto& [name, refusal] : refusals) refusal.notified = false;
  return Notice::accepted;
}

Notice Guard::refuse(const HostName& peer, Blame blame, std::string reason, Now now) {
  follow_clock(now);
  in_flight_--;
  const auto [place, is_first] = suspicion_.refusals.try_emplace(peer, Refusal{.count = 0});
  Refusal& known = place->second;
  // Others accept the secret that this one calls wrong.
  const bool is_its_own = !is_first && options_.shared && known.blame == Blame::peer;
  if (blame == Blame::secret && is_its_own) blame = Blame::peer;
  known.blame = blame;
  known.count++;
  known.at = now.wall;
  known.reason = std::move(reason);
  known.interrupted = 0;
  known.pardoned = false;
  if (blame != Blame::peer) {
    suspicion_.count++;
    suspicion_.at = now.wall;
    proven_ = false;
    trusted_until_ = {};
  }
  return notice_of_refusal(known, now.wall);
}

Notice Guard::notice_of_refusal(const Refusal& latest, Time now) {
  auto& notified_at = suspicion_.notified_at;
  unsigned refusals = 0;
  for (const auto& [peer, one] : suspicion_.refusals) refusals += one.pardoned ? 0 : one.count;
  const bool fires = notified_at != Time{};
  const bool is_due = fires ? !latest.notified && latest.count >= kRefusalsToNotify &&
                                  now >= notified_at + kBetweenNotices
                            : refusals >= kRefusalsToNotify;
  if (!is_due) return Notice::none;
  notified_at = now;
  for (auto& [peer, one] : suspicion_.refusals) one.notified |= !one.pardoned;
  return Notice::refused;
}

void Guard::replace_secret() {
  suspicion_ = {.notified_at = suspicion_.notified_at};
  proven_ = false;
  trusted_until_ = {};
}

void Guard::waive_pauses() {
  suspicion_.count = 0;
  suspicion_.at = {};
  for (auto& [peer, refusal] : suspicion_.refusals) {
    refusal.count = 0;
    refusal.at = {};
    refusal.pardoned = true;
  }
  proven_ = false;
  trusted_until_ = {};
}

void Guard::forget(const HostName& peer) { suspicion_.refusals.erase(peer); }

Notice Guard::retire() {
  if (suspicion_.notified_at == Time{}) return Notice::none;
  suspicion_.notified_at = {};
  for (auto& [peer, refusal] : suspicion_.refusals) refusal.notified = false;
  return Notice::retired;
}

void Guard::interrupt(const HostName& peer, Now now) {
  const auto [place, is_first] =
      suspicion_.refusals.try_emplace(peer, Refusal{.count = 0, .pardoned = true});
  Refusal& known = place->second;
  const unsigned interrupted = known.interrupted + 1;
  if (!known.pardoned || interrupted >= kInterruptionsToPause) {
    const Time notified_at = suspicion_.notified_at;
    (void)refuse(peer, Blame::secret,
                 "tocsin was interrupted while it logged in, so the outcome is not known", now);
    suspicion_.notified_at = notified_at;
  }
  known.interrupted = interrupted;
}

}  // namespace tocsin::logins
