// The tickets of all accounts, shared by all hosts: whoever logs in by Kerberos asks here.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "kerberos/account.h"
#include "kerberos/library.h"
#include "net/async.h"
#include "net/worker.h"

namespace tocsin::kerberos {

/// On the loop's thread only. Its blocking calls have threads of their own; one that hangs is given
/// up, and keeps its thread.
class Tickets {
 public:
  /// After a KDC was not reached, nobody asks for so long.
  static constexpr std::chrono::minutes kPause{10};

  Tickets(net::Executor executor, std::shared_ptr<Library> library);
  ~Tickets();
  Tickets(const Tickets&) = delete;
  Tickets& operator=(const Tickets&) = delete;

  /// A client of the service ("cifs/node1") for one login, whose steps do not block any more. One
  /// login at a KDC serves all who ask for the same account, and its ticket is renewed before half
  /// of its life is over. At most one logon that counts.
  net::awaitable<Outcome<Client>> initiate(Account account, std::string service,
                                           net::Deadline deadline,
                                           Freshness freshness = Freshness::any);
  /// Whether the account's ticket is to be renewed, and nobody is at it.
  [[nodiscard]] bool is_due(const Account& account) const;
  /// Gets a new ticket, where is_due() says so. The old one stays if that fails.
  net::awaitable<Outcome<void>> renew(Account account, net::Deadline deadline);

  [[nodiscard]] std::size_t stuck_threads() const { return threads_.stuck(); }

 private:
  struct Entry;
  using SharedTicket = std::shared_ptr<const Ticket>;

  /// With the secret of the account; who still uses another one has an entry of his own.
  [[nodiscard]] std::shared_ptr<Entry> entry_of(const Account& account);
  net::awaitable<Outcome<SharedTicket>> ticket_of(std::shared_ptr<Entry> entry,
                                                  net::Deadline deadline);
  net::awaitable<Outcome<SharedTicket>> log_in(std::shared_ptr<Entry> entry,
                                               net::Deadline deadline);

  net::Executor executor_;
  std::shared_ptr<Library> library_;
  net::Worker threads_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace tocsin::kerberos
