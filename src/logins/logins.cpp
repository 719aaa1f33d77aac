#include "logins/logins.h"

#include <chrono>
#include <utility>

#include "net/now.h"

namespace tocsin::logins {
namespace {

/// For reading a secret again; a file system that hangs leaves the secret as it was.
constexpr auto kReadLimit = std::chrono::seconds(1);

/// What a fingerprint is made of: with another user it is another login.
std::string printed_text(const std::string& user, const Secret& secret) {
  return user + '\0' + secret.reveal();
}

}  // namespace

Logins::Login::Login(LoginId id, LoginOptions options, Guard guard, Gate::Deps deps)
    : user(std::move(options.user)),
      gate(std::move(id), std::move(options.name), std::move(options.secret), std::move(guard),
           std::move(deps)) {}

Logins::Logins(Deps deps, std::vector<StoredLogin> known)
    : deps_(std::move(deps)),
      work_(deps_.executor),
      next_write_(std::make_shared<net::Event>(deps_.executor)) {
  for (auto& record : known) known_.insert_or_assign(record.id, std::move(record));
}

const Gate* Logins::find(const LoginId& id) const {
  const auto found = logins_.find(id);
  return found == logins_.end() ? nullptr : &found->second->gate;
}

Gate& Logins::gate(const LoginId& id, LoginOptions options) {
  if (const auto found = logins_.find(id); found != logins_.end()) {
    auto& login = *found->second;
    login.gate.return_to_use();
    if (std::exchange(login.user, options.user) != options.user)
      login.gate.replace_user(options.guard);
    login.gate.replace_secret(std::move(options.secret));
    login.gate.set_read_secret(off_the_loop(std::move(options.read_secret)));
    return login.gate;
  }
  Suspicion suspicion;
  std::optional<Fingerprint> fingerprint;
  std::string printed = printed_text(options.user, options.secret);
  const auto record = known_.find(id);
  const bool is_known = record != known_.end();
  if (is_known) {
    const bool same = record->second.fingerprint.matches(printed);
    // No peer has refused the new secret; but people were notified, and must be notified of the
    // end.
    suspicion = same ? std::move(record->second.suspicion)
                     : Suspicion{.notified_at = record->second.suspicion.notified_at};
    if (same) fingerprint = std::move(record->second.fingerprint);
    known_.erase(record);
  }
  auto deps = deps_of(id);
  deps.read_secret = off_the_loop(std::move(options.read_secret));
  Guard guard(options.guard, std::move(suspicion), net::now_by(deps_.clock));
  auto login = std::make_unique<Login>(id, std::move(options), std::move(guard), std::move(deps));
  login->fingerprint = std::move(fingerprint);
  login->printed = std::move(printed);
  login->stored = is_known;
  login->changed = is_known && !login->fingerprint;
  return logins_.emplace(id, std::move(login)).first->second->gate;
}

Gate::Deps Logins::deps_of(const LoginId& id) {
  const auto on_change = [this, id](Notice notice) {
    auto& login = *logins_.at(id);
    login.changed = true;
    if (notice != Notice::none) login.notices.push_back(notice);
    work_.set();
  };
  Gate::Deps deps{.executor = deps_.executor,
                  .clock = deps_.clock,
                  .on_change = on_change,
                  .stored = [this](net::Deadline deadline) { return stored(deadline); },
                  .read_secret = {}};
  if (deps_.on_step) {
    deps.on_step = [this, id](const HostName& peer, LoginStep step, std::string_view why) {
      deps_.on_step(logins_.at(id)->gate, peer, step, why);
    };
  }
  return deps;
}

Logins::ReadSecret Logins::off_the_loop(std::function<Result<Secret>()> read) {
  if (!read) return {};
  return [this, read = std::move(read)]() -> net::awaitable<std::optional<Secret>> {
    auto secret = co_await worker_.run_until(read, net::within(kReadLimit));
    if (!secret || !*secret) co_return std::nullopt;
    co_return **std::move(secret);
  };
}

void Logins::waive_pauses() {
  for (const auto& [id, login] : logins_) login->gate.waive_pauses();
}

void Logins::forget(const HostName& peer) {
  for (const auto& [id, login] : logins_) login->gate.forget(peer);
}

void Logins::for_each(const std::function<void(const Gate&)>& visit) const {
  for (const auto& [id, login] : logins_) visit(login->gate);
}

void Logins::retire(const std::function<bool(const LoginId&)>& is_unused) {
  std::vector<LoginId> unclaimed;
  for (const auto& [id, record] : known_)
    if (is_unused(id) && record.suspicion.notified_at != Time{}) unclaimed.push_back(id);
  // Their gates have no secret, so that refusals are forgotten: they were about another one.
  for (const auto& id : unclaimed) (void)gate(id, {.name = id.value, .user = {}, .secret = {}});
  for (const auto& [id, login] : logins_)
    if (is_unused(id)) login->gate.retire();
}

net::awaitable<void> Logins::stored(net::Deadline deadline) {
  if (!deps_.store_ahead || !deps_.save) co_return;
  const auto written = next_write_;
  (void)co_await written->wait_until(deadline);
}

net::awaitable<void> Logins::run() {
  for (;;) {
    co_await work_.wait();
    work_.reset();
    co_await write();
  }
}

net::awaitable<void> Logins::flush() { co_await save_changed(); }

/// The alert comes first: a crash in between repeats it, but never loses it.
net::awaitable<void> Logins::write() {
  const auto written = std::exchange(next_write_, std::make_shared<net::Event>(deps_.executor));
  for (const auto& [id, login] : logins_) {
    while (!login->notices.empty()) {
      if (deps_.notify) co_await deps_.notify(login->gate, login->notices.front());
      login->notices.pop_front();
    }
  }
  co_await save_changed();
  written->set();
}

net::awaitable<void> Logins::save_changed() {
  for (const auto& [id, login] : logins_)
    if (login->changed && !login->gate.to_store().empty()) co_await take_fingerprint(*login);
  std::vector<StoredLogin> records;
  for (const auto& [id, login] : logins_) {
    // Those that changed meanwhile have their turn next.
    auto suspicion = login->gate.to_store();
    const bool is_ready = suspicion.empty() || login->is_fingerprinted();
    if (!login->changed || !login->notices.empty() || !is_ready) continue;
    login->changed = false;
    if (suspicion.empty() && !login->stored) continue;
    login->stored = !suspicion.empty();
    records.push_back({.id = id,
                       .fingerprint = suspicion.empty() ? Fingerprint{} : *login->fingerprint,
                       .suspicion = std::move(suspicion)});
  }
  if (!deps_.save || records.empty()) co_return;
  std::vector<LoginId> ids;
  ids.reserve(records.size());
  for (const auto& record : records) ids.push_back(record.id);
  if (const auto saved = co_await deps_.save(std::move(records)); !saved)
    for (const auto& id : ids) logins_.at(id)->changed = logins_.at(id)->stored = true;
}

net::awaitable<void> Logins::take_fingerprint(Login& login) {
  if (login.is_fingerprinted()) co_return;
  auto text = printed_text(login.user, login.gate.secret());
  login.fingerprint =
      co_await worker_.run([text, random = deps_.random] { return Fingerprint::of(text, random); });
  login.printed = std::move(text);
}

bool Logins::Login::is_fingerprinted() const {
  return fingerprint && printed == printed_text(user, gate.secret());
}

}  // namespace tocsin::logins
