#include "kerberos/tickets.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/try.h"
#include "net/event.h"

namespace tocsin::kerberos {
namespace {

/// Each waits for one KDC; a thousand hosts that log in at once take turns.
constexpr std::size_t kMostThreads = 16;

std::string key_of(const Account& account) {
  return fmt::format("{}\n{}\n{}\n{}", static_cast<int>(account.proof), account.user, account.realm,
                     account.keytab);
}

Failure not_in_time(const Trail& trail, const std::string& realm, Duration waited) {
  return {.obstacle = Obstacle::no_kdc,
          .what = fmt::format("{} within {}", trail.describe(realm), duration_text(waited))};
}

Duration since(net::MonotonicClock::time_point begin) {
  return std::chrono::ceil<Duration>(net::MonotonicClock::now() - begin);
}

}  // namespace

/// What is known of one account.
struct Tickets::Entry {
  explicit Entry(net::Executor executor) : ended(std::move(executor)) {}

  Account account;
  SharedTicket ticket;
  net::MonotonicClock::time_point got_at{};
  bool busy = false;               ///< somebody logs in
  net::Event ended;                ///< that login
  std::optional<Failure> failure;  ///< of the last login
  net::MonotonicClock::time_point pause_until{};

  [[nodiscard]] bool is_ageing() const {
    // Before half of its life is over, so that a KDC may be away for as long again.
    return net::MonotonicClock::now() >= got_at + ticket->lifetime() * 2 / 5;
  }
  [[nodiscard]] bool is_valid() const {
    return ticket && net::MonotonicClock::now() < got_at + ticket->lifetime();
  }
  [[nodiscard]] bool is_paused() const { return net::MonotonicClock::now() < pause_until; }
  void note(const Failure& failed) {
    if (failed.obstacle == Obstacle::no_kdc) pause_until = net::MonotonicClock::now() + kPause;
    failure = failed;
  }
};

Tickets::Tickets(net::Executor executor, std::shared_ptr<Library> library)
    : executor_(std::move(executor)),
      library_(std::move(library)),
      threads_("kerberos", kMostThreads) {}
Tickets::~Tickets() = default;

std::shared_ptr<Tickets::Entry> Tickets::entry_of(const Account& account) {
  auto& entry = entries_[key_of(account)];
  if (!entry || entry->account != account) {
    entry = std::make_shared<Entry>(executor_);
    entry->account = account;
  }
  return entry;
}

bool Tickets::is_due(const Account& account) const {
  const auto found = entries_.find(key_of(account));
  if (found == entries_.end()) return false;
  const auto& entry = *found->second;
  return entry.account == account && entry.ticket && !entry.busy && !entry.is_paused() &&
         entry.is_ageing();
}

net::awaitable<Outcome<void>> Tickets::renew(Account account, net::Deadline deadline) {
  if (!is_due(account)) co_return Outcome<void>();
  CO_TRY(co_await log_in(entry_of(account), deadline));
  co_return Outcome<void>();
}

net::awaitable<Outcome<Tickets::SharedTicket>> Tickets::log_in(std::shared_ptr<Entry> entry,
                                                               net::Deadline deadline) {
  struct Busy {
    Entry& entry;
    explicit Busy(Entry& of) : entry(of) {
      entry.busy = true;
      entry.ended.reset();
    }
    ~Busy() {
      entry.busy = false;
      entry.ended.set();
    }
  };
  const Busy busy(*entry);
  const auto begun = net::MonotonicClock::now();
  const auto trail = std::make_shared<Trail>();
  auto answer = co_await threads_.run_until([library = library_, account = entry->account,
                                             trail] { return library->log_in(account, *trail); },
                                            deadline);
  if (!answer) {
    answer = std::unexpected(
        net::MonotonicClock::now() < deadline
            ? Failure{.obstacle = Obstacle::lack, .what = "this machine lacks threads for Kerberos"}
            : not_in_time(*trail, entry->account.realm, since(begun)));
  }
  if (!*answer) {
    entry->note(answer->error());
    co_return std::unexpected(answer->error());
  }
  entry->ticket = **answer;
  entry->got_at = begun;
  entry->failure.reset();
  entry->pause_until = {};
  co_return entry->ticket;
}

net::awaitable<Outcome<Tickets::SharedTicket>> Tickets::ticket_of(std::shared_ptr<Entry> entry,
                                                                  net::Deadline deadline) {
  if (entry->is_valid() && (!entry->is_ageing() || entry->busy)) co_return entry->ticket;
  if (entry->busy) {
    // Whatever comes of it is for all who wait: a wrong password counts once.
    if (!co_await entry->ended.wait_until(deadline))
      co_return std::unexpected(Failure{.obstacle = Obstacle::no_kdc,
                                        .what = "the login at the KDC is not done in time"});
    if (entry->failure) co_return std::unexpected(*entry->failure);
    if (entry->is_valid()) co_return entry->ticket;
  }
  if (entry->is_paused() && entry->failure) {
    if (entry->is_valid()) co_return entry->ticket;
    co_return std::unexpected(*entry->failure);
  }
  auto renewed = co_await log_in(entry, deadline);
  if (!renewed && renewed.error().obstacle == Obstacle::no_kdc && entry->is_valid())
    co_return entry->ticket;
  co_return renewed;
}

net::awaitable<Outcome<Client>> Tickets::initiate(Account account, std::string service,
                                                  net::Deadline deadline, Freshness freshness) {
  const auto entry = entry_of(account);
  CO_TRY(auto ticket, co_await ticket_of(entry, deadline));
  const auto begun = net::MonotonicClock::now();
  const auto trail = std::make_shared<Trail>();
  std::optional<Outcome<Client>> client = co_await threads_.run_until(
      [library = library_, ticket, service, freshness, trail] {
        return library->initiate(*ticket, service, freshness, *trail);
      },
      deadline);
  if (!client) client = std::unexpected(not_in_time(*trail, account.realm, since(begun)));
  if (*client) co_return *std::move(client);
  if ((*client).error().obstacle == Obstacle::no_kdc) entry->note((*client).error());
  // A cache that somebody emptied, a KDC with new keys: the next login gets another ticket.
  if ((*client).error().obstacle == Obstacle::other) entry->ticket.reset();
  co_return *std::move(client);
}

}  // namespace tocsin::kerberos
