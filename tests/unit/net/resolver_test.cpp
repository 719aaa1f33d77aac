#include "net/resolver.h"

#include <deque>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "net/tcp.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Before = NameQuery::Before;

/// Answers when the test says so.
class ScriptedNames final : public NameService {
 public:
  explicit ScriptedNames(std::deque<std::shared_ptr<NameQuery>>& asked) : asked_(asked) {}
  void begin(std::shared_ptr<NameQuery> query) override { asked_.push_back(std::move(query)); }

 private:
  std::deque<std::shared_ptr<NameQuery>>& asked_;
};

Result<Addresses> silence() { return fail(ErrorKind::unreachable, "the name server is away"); }
Result<Addresses> no_such_name() { return fail(ErrorKind::not_found, "no such host name"); }

class ResolverTest : public testing::Test {
 protected:
  using Answer = Result<Resolver::Answer>;

  Answer resolve(const std::string& name) {
    return loop.run_until_done(resolver.resolve(name, within(1min)));
  }
  /// The oldest question.
  void answer(Result<Addresses> found) {
    asked.front()->begin();
    asked.front()->end(std::move(found));
    asked.pop_front();
  }
  /// Asks, and is answered meanwhile.
  Answer resolve(const std::string& name, Result<Addresses> found) {
    std::optional<Answer> got;
    TaskScope scope(loop.executor());
    scope.spawn([](Resolver& of, std::string what, auto& out) -> awaitable<void> {
      out = co_await of.resolve(std::move(what), within(1min));
    }(resolver, name, got));
    loop.run_until_done(time.settle());
    answer(std::move(found));
    loop.run_until_done(scope.join());
    return *std::move(got);
  }
  Duration took(auto work) {
    const auto begun = time.now();
    work();
    return time.now() - begun;
  }

  kit::VirtualTime time;
  Loop loop;
  std::deque<std::shared_ptr<NameQuery>> asked;
  Resolver resolver{loop.executor(), std::make_unique<ScriptedNames>(asked)};
};

TEST_F(ResolverTest, AnswersAtOnceWhatIsFound) {
  EXPECT_EQ(took([&] {
              const auto found = resolve("db1", Addresses{"10.0.0.1", "10.0.0.2"});
              ASSERT_TRUE(found);
              EXPECT_THAT(found->addresses, ElementsAre("10.0.0.1", "10.0.0.2"));
              EXPECT_FALSE(found->remembered);
            }),
            0s);
}

TEST_F(ResolverTest, AsksOnceAtATimeForAName) {
  EXPECT_EQ(resolve("db1").error().kind, ErrorKind::exhausted);
  EXPECT_FALSE(resolve("db1"));
  EXPECT_EQ(asked.size(), 1);
  EXPECT_FALSE(resolve("db2"));
  EXPECT_EQ(asked.size(), 2);
}

TEST_F(ResolverTest, TheLastGoodAddressIsUsedWhileANewOneIsSought) {
  ASSERT_TRUE(resolve("db1", Addresses{"10.0.0.1"}));
  for (int check = 0; check < 3; check++) {
    const auto waited = took([&] {
      const auto found = resolve("db1");
      ASSERT_TRUE(found);
      EXPECT_THAT(found->addresses, ElementsAre("10.0.0.1"));
      EXPECT_TRUE(found->remembered);
    });
    EXPECT_EQ(waited, 1s);
  }
  EXPECT_EQ(asked.size(), 1);
}

TEST_F(ResolverTest, AnAnswerThatComesLateIsForTheNextCall) {
  EXPECT_FALSE(resolve("db1"));
  answer(Addresses{"10.0.0.1"});
  const auto found = resolve("db1", Addresses{"10.0.0.2"});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->addresses, ElementsAre("10.0.0.2")) << "the newer one, where it comes in time";
  EXPECT_FALSE(resolve("db1", no_such_name()).value().addresses.empty());
}

TEST_F(ResolverTest, AHangingNameIsWaitedForOnceAndThenBriefly) {
  EXPECT_EQ(took([&] { EXPECT_FALSE(resolve("gone")); }), 15s);
  answer(silence());
  for (int check = 0; check < 3; check++) {
    EXPECT_EQ(took([&] { EXPECT_EQ(resolve("gone").error().kind, ErrorKind::unreachable); }), 1s);
  }
  EXPECT_EQ(asked.front()->before(), Before::unanswered) << "it must not keep others waiting";
}

TEST_F(ResolverTest, WaitingInAQueueIsNotUnreachable) {
  EXPECT_EQ(resolve("db1").error().kind, ErrorKind::exhausted);
  asked.front()->begin();
  EXPECT_EQ(resolve("db1").error().kind, ErrorKind::timed_out);
}

TEST_F(ResolverTest, WithoutNameServersTheLastAddressHoldsForEver) {
  ASSERT_TRUE(resolve("db1", Addresses{"10.0.0.1"}));
  loop.run_until_done(time.pass(24h));
  const auto found = resolve("db1", silence());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->remembered);
}

TEST_F(ResolverTest, ANameThatIsGoneKeepsItsAddressForAnHour) {
  ASSERT_TRUE(resolve("db1", Addresses{"10.0.0.1"}));
  loop.run_until_done(time.pass(59min));
  EXPECT_TRUE(resolve("db1", no_such_name()));
  loop.run_until_done(time.pass(2min));
  EXPECT_EQ(resolve("db1", no_such_name()).error().kind, ErrorKind::not_found);
}

class NamedConnectorTest : public ResolverTest {
 protected:
  Result<TcpStream> connect(Connector& by, const std::string& host) {
    return loop.run_until_done(by.connect(host, listener.port(), within(1s)));
  }
  Connector connector{loop.executor(), {.connections = 1}, std::make_unique<ScriptedNames>(asked)};
  TcpListener listener = TcpListener::open(loop.executor(), "127.0.0.1", 0).value();
};

TEST_F(NamedConnectorTest, NoConnectionTakesTheDescriptorsOfOthers) {
  EXPECT_FALSE(connector.is_scarce());
  {
    const auto hold = time.hold();
    const auto stream = connect(connector, "127.0.0.1");
    ASSERT_TRUE(stream);
    EXPECT_TRUE(connector.is_scarce()) << "nobody keeps a session now";
  }
  std::optional<TcpStream> kept;
  {
    const auto hold = time.hold();
    kept = connect(connector, "127.0.0.1").value();
  }
  const auto refused = connect(connector, "127.0.0.1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::exhausted);
  EXPECT_THAT(refused.error().what, HasSubstr("may not open any more files"));
}

}  // namespace
}  // namespace tocsin::net
