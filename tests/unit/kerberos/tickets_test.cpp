#include "kerberos/tickets.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::kerberos {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

class NoMechanism final : public spnego::Mechanism {
 public:
  spnego::Oid oid() const override { return {}; }
  Result<Bytes> step(BytesView /*token*/) override { return Bytes{}; }
  bool complete() const override { return true; }
  Bytes session_key() const override { return {}; }
  Bytes sign(BytesView /*message*/) const override { return {}; }
  bool verify(BytesView /*message*/, BytesView /*signature*/) const override { return true; }
};

/// Does as it is told, on the threads of the tickets.
class ScriptedLibrary final : public Library {
 public:
  Outcome<std::shared_ptr<const Ticket>> log_in(const Account& account, Trail& /*trail*/) override {
    logins++;
    if (failure) return std::unexpected(*failure);
    return std::make_shared<const Ticket>(account.user + "@" + account.realm, 10h);
  }
  Outcome<Client> initiate(const Ticket& ticket, const std::string& service,
                           Freshness /*freshness*/, Trail& /*trail*/) override {
    {
      const std::lock_guard lock(mutex_);
      initiated_ = ticket.principal() + " -> " + service;
    }
    if (of_service) return std::unexpected(*of_service);
    return Client{.mechanism = std::make_unique<NoMechanism>()};
  }

  /// The last one.
  std::string initiated() {
    const std::lock_guard lock(mutex_);
    return initiated_;
  }

  std::atomic<int> logins = 0;
  std::optional<Failure> failure;
  std::optional<Failure> of_service;

 private:
  std::mutex mutex_;
  std::string initiated_;
};

class TicketsTest : public testing::Test {
 protected:
  Outcome<Client> initiate(const Account& of) {
    return loop.run_until_done(tickets.initiate(of, "cifs/node1", net::within(5s)));
  }
  std::string failure_of(const Account& of) {
    const auto client = initiate(of);
    return client ? "" : client.error().what;
  }
  void pass(Duration duration) { loop.run_until_done(time.pass(duration)); }

  kit::VirtualTime time;
  net::Loop loop;
  std::shared_ptr<ScriptedLibrary> library = std::make_shared<ScriptedLibrary>();
  Tickets tickets{loop.executor(), library};
  const Account account{
      .proof = Proof::password, .user = "svc", .realm = "R", .password = Secret("x")};
};

TEST_F(TicketsTest, OneLoginServesAllHosts) {
  net::TaskScope scope(loop.executor());
  int clients = 0;
  for (int host = 0; host < 200; host++)
    scope.spawn([](Tickets& from, Account of, int& out) -> net::awaitable<void> {
      const auto client = co_await from.initiate(std::move(of), "cifs/node1", net::within(5s));
      out += client ? 1 : 0;
    }(tickets, account, clients));
  loop.run_until_done(scope.join());
  EXPECT_EQ(clients, 200);
  EXPECT_EQ(library->logins, 1);
  EXPECT_EQ(library->initiated(), "svc@R -> cifs/node1");
}

TEST_F(TicketsTest, WhoeverWaitsSharesARefusal) {
  library->failure = Failure{.obstacle = Obstacle::secret, .what = "wrong password"};
  net::TaskScope scope(loop.executor());
  int refused = 0;
  for (int host = 0; host < 20; host++)
    scope.spawn([](Tickets& from, Account of, int& out) -> net::awaitable<void> {
      const auto client = co_await from.initiate(std::move(of), "cifs/node1", net::within(5s));
      out += !client && client.error().obstacle == Obstacle::secret ? 1 : 0;
    }(tickets, account, refused));
  loop.run_until_done(scope.join());
  EXPECT_EQ(refused, 20);
  EXPECT_EQ(library->logins, 1) << "it counts once";
}

TEST_F(TicketsTest, ATicketIsRenewedBeforeHalfOfItsLifeIsOver) {
  EXPECT_EQ(failure_of(account), "");
  pass(3h);
  EXPECT_FALSE(tickets.is_due(account));
  EXPECT_EQ(failure_of(account), "");
  EXPECT_EQ(library->logins, 1);
  pass(1h + 30min);
  EXPECT_TRUE(tickets.is_due(account));
  EXPECT_TRUE(loop.run_until_done(tickets.renew(account, net::within(5s))));
  EXPECT_EQ(library->logins, 2);
  EXPECT_FALSE(tickets.is_due(account));
}

TEST_F(TicketsTest, AnOldTicketDoesWhileNoKdcIsReached) {
  EXPECT_EQ(failure_of(account), "");
  library->failure = Failure{.obstacle = Obstacle::no_kdc, .what = "no KDC"};
  pass(9h);
  EXPECT_EQ(failure_of(account), "");
  EXPECT_EQ(library->logins, 2);
  pass(1h + 1min);
  EXPECT_EQ(failure_of(account), "no KDC");
}

TEST_F(TicketsTest, AKdcThatIsAwayIsAskedAgainAfterAWhile) {
  library->failure = Failure{.obstacle = Obstacle::no_kdc, .what = "no KDC"};
  EXPECT_EQ(failure_of(account), "no KDC");
  pass(9min);
  EXPECT_EQ(failure_of(account), "no KDC");
  EXPECT_EQ(library->logins, 1);
  pass(1min);
  library->failure.reset();
  EXPECT_EQ(failure_of(account), "");
  EXPECT_EQ(library->logins, 2);
}

TEST_F(TicketsTest, AnotherSecretIsTriedAtOnce) {
  EXPECT_EQ(failure_of(account), "");
  auto changed = account;
  changed.password = Secret("y");
  library->failure = Failure{.obstacle = Obstacle::secret, .what = "wrong password"};
  EXPECT_EQ(failure_of(changed), "wrong password") << "the old ticket is not the new secret's";
  EXPECT_EQ(library->logins, 2);
}

TEST_F(TicketsTest, AnUnknownServiceLeavesTheTicket) {
  library->of_service = Failure{.obstacle = Obstacle::unknown_service, .what = "unknown"};
  EXPECT_EQ(failure_of(account), "unknown");
  EXPECT_EQ(failure_of(account), "unknown");
  EXPECT_EQ(library->logins, 1);
  library->of_service = Failure{.obstacle = Obstacle::other, .what = "the cache is gone"};
  EXPECT_EQ(failure_of(account), "the cache is gone");
  EXPECT_EQ(failure_of(account), "the cache is gone");
  EXPECT_EQ(library->logins, 2) << "it may be the ticket";
}

}  // namespace
}  // namespace tocsin::kerberos
