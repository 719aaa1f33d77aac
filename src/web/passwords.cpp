#include "web/passwords.h"

#include <algorithm>

#include "base/bytes.h"
#include "wire/crypto.h"

namespace tocsin::web {
namespace {

constexpr auto kReportEvery = std::chrono::seconds(10);
constexpr auto kBusyFor = std::chrono::seconds(2);

/// Nobody has a longer name.
std::string_view key_of(const PasswordLogin& login) {
  return std::string_view(login.user).substr(0, config::kLongestUser);
}

std::optional<Bytes> scrypt_of(const config::ScryptHash& like, const Secret& password,
                               std::size_t size) {
  return crypto::scrypt(
      as_bytes(password.reveal()), like.salt,
      {.log2_cost = like.log2_cost, .block_size = like.block_size, .parallel = like.parallel},
      size);
}

}  // namespace

std::optional<config::ScryptHash> hash_password(const Secret& password, const RandomFill& random) {
  config::ScryptHash made{.salt = Bytes(config::kSaltBytes)};
  random(made.salt);
  auto hash = scrypt_of(made, password, config::kHashBytes);
  if (!hash) return std::nullopt;
  made.hash = *std::move(hash);
  return made;
}

std::optional<bool> password_matches(const config::ScryptHash& hash, const Secret& password) {
  const auto other = scrypt_of(hash, password, hash.hash.size());
  if (!other) return std::nullopt;
  return crypto::equal(*other, hash.hash);
}

bool RememberedPairs::has(const Digest& pair, net::Deadline now) {
  std::erase_if(pairs_, [now](const auto& known) { return known.second <= now; });
  const auto known = std::ranges::find(pairs_, pair, &std::pair<Digest, net::Deadline>::first);
  if (known == pairs_.end()) return false;
  known->second = now + kRememberedFor;
  std::rotate(known, known + 1, pairs_.end());
  return true;
}

void RememberedPairs::add(const Digest& pair, net::Deadline now) {
  if (has(pair, now)) return;
  if (pairs_.size() == kMostPairs) pairs_.erase(pairs_.begin());
  pairs_.emplace_back(pair, now + kRememberedFor);
}

/// A pair that is being checked. Others who bring it wait for its end.
struct Passwords::UnderWay {
  UnderWay(Passwords& passwords, const Digest& pair)
      : of(passwords),
        digest(pair),
        ended(std::make_shared<net::Event>(passwords.deps_.executor)),
        place(of.under_way_.insert(of.under_way_.end(), this)) {}
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() {
    of.under_way_.erase(place);
    ended->set();
  }

  Passwords& of;
  Digest digest;
  std::shared_ptr<net::Event> ended;  ///< shared, because it outlives its waiters
  std::list<UnderWay*>::iterator place;
};

Passwords::Passwords(Deps deps, const config::Web& web)
    : deps_(std::move(deps)),
      users_(web.users),
      proxies_(web.proxy.addresses),
      hashing_(deps_.executor, kMostHashing) {
  deps_.random(key_);
}

Passwords::Digest Passwords::digest_of(const PasswordLogin& login) const {
  constexpr std::array<std::uint8_t, 1> kSeparator{0};  // which neither of both has
  return crypto::hmac_sha256(key_,
                             {as_bytes(login.user), kSeparator, as_bytes(login.password.reveal())});
}

bool Passwords::is_proxy(const std::string& peer) const {
  return std::ranges::find(proxies_, peer) != proxies_.end();
}

std::optional<PasswordAnswer> Passwords::recall(const PasswordLogin& login, const Digest& digest) {
  const auto now = net::MonotonicClock::now();
  using enum PasswordAnswer::Verdict;
  if (right_.has(digest, now)) return PasswordAnswer{.verdict = right, .user = login.user};
  if (wrong_.has(digest, now)) return PasswordAnswer{.verdict = wrong};
  return std::nullopt;
}

std::optional<PasswordAnswer> Passwords::hold_up(const PasswordLogin& login,
                                                 const std::string& peer) {
  const auto now = net::MonotonicClock::now();
  const auto source = source_of(peer);
  const auto name = key_of(login);
  auto wait = by_user_.wait(name, now);
  if (!is_proxy(peer)) wait = std::max(wait, by_source_.wait(source, now));
  using enum PasswordAnswer::Verdict;
  if (wait > net::Deadline::duration(0))
    return PasswordAnswer{.verdict = limited,
                          .retry_after = std::chrono::ceil<std::chrono::seconds>(wait)};
  if (under_way_.size() >= kMostHashing + kMostWaiting)
    return PasswordAnswer{.verdict = busy, .retry_after = kBusyFor};
  by_user_.begin(name, now);
  by_source_.begin(source, now);
  return std::nullopt;
}

net::awaitable<PasswordAnswer> Passwords::check(PasswordLogin login, std::string peer) {
  if (users_.empty()) co_return PasswordAnswer{.verdict = PasswordAnswer::Verdict::wrong};
  const auto digest = digest_of(login);
  for (;;) {
    if (auto known = recall(login, digest)) co_return *std::move(known);
    const auto same = std::ranges::find(under_way_, digest, &UnderWay::digest);
    if (same == under_way_.end()) break;
    // A page asks for many things at once.
    const auto ended = (*same)->ended;
    co_await ended->wait();
  }
  if (auto answer = hold_up(login, peer)) co_return *std::move(answer);
  const UnderWay under_way(*this, digest);
  co_return co_await hash(login, digest, peer);
}

net::awaitable<PasswordAnswer> Passwords::hash(const PasswordLogin& login, const Digest& digest,
                                               const std::string& peer) {
  const auto slot = co_await hashing_.acquire();
  const auto found = std::ranges::find(users_, login.user, &config::WebUser::name);
  const auto* const user = found == users_.end() ? nullptr : &*found;
  const auto& hash = user == nullptr ? users_.front().password_hash : user->password_hash;
  const auto matches =
      co_await worker_.run([this, &hash, &login] { return deps_.matches(hash, login.password); });
  using enum PasswordAnswer::Verdict;
  if (!matches) co_return PasswordAnswer{.verdict = busy, .retry_after = kBusyFor};
  const auto now = net::MonotonicClock::now();
  if (user != nullptr && *matches) {
    right_.add(digest, now);
    by_user_.forget(user->name);
    co_return PasswordAnswer{.verdict = right, .user = user->name};
  }
  wrong_.add(digest, now);
  by_user_.fail(key_of(login), now);
  if (!is_proxy(peer)) by_source_.fail(source_of(peer), now);
  note_refused(user, peer);
  co_return PasswordAnswer{.verdict = wrong};
}

void Passwords::note_refused(const config::WebUser* user, const std::string& peer) {
  const auto now = net::MonotonicClock::now();
  if (now < next_report_) {
    unreported_++;
    return;
  }
  next_report_ = now + kReportEvery;
  deps_.refused({.user = user == nullptr ? "" : user->name,
                 .peer = peer,
                 .more = std::exchange(unreported_, 0)});
}

}  // namespace tocsin::web
