#include "daemon/supervision.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "kit/notify_socket.h"
#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class SupervisionTest : public testing::Test {
 protected:
  ~SupervisionTest() override {
    tasks_.cancel();
    loop_.run_until_done(tasks_.join());
  }
  void begin() {
    tasks_.spawn(liveness_.watch());
    tasks_.spawn(supervision_.run());
  }
  /// What is told meanwhile; that it lives only as often as it is told.
  std::vector<std::string> told(Duration during) {
    std::vector<std::string> all;
    constexpr Duration kStep = 5s;  // the socket holds few datagrams
    for (Duration passed{}; passed < during; passed += kStep) {
      loop_.run_until_done(time_.pass(std::min(kStep, during - passed)));
      std::ranges::move(socket_.received(), std::back_inserter(all));
    }
    signs_ = static_cast<std::size_t>(std::erase(all, "WATCHDOG=1"));
    return all;
  }

  kit::NotifySocket socket_;
  platform::Supervisor supervisor_{socket_.name(), 60s};
  kit::VirtualTime time_;
  net::Loop loop_;
  Log log_{
      {.level = config::LogLevel::info, .system_log = [](config::LogLevel, std::string_view) {}}};
  Work checks_;
  bool store_answers_ = true;
  Liveness liveness_{
      {.log = log_,
       .checks = [this] { return checks_; },
       .deliveries = [] { return Work{}; },
       .store_answers = [this]() -> net::awaitable<bool> { co_return store_answers_; }}};
  std::string status_ = "hosts: 1";
  Supervision supervision_{
      {.supervisor = supervisor_, .log = log_, .liveness = liveness_, .status = [this] {
         return status_;
       }}};
  net::TaskScope tasks_{loop_.executor()};
  std::size_t signs_ = 0;
};

TEST_F(SupervisionTest, TellsTheStatusWhenItChanges) {
  begin();
  EXPECT_THAT(told(1s), ElementsAre("STATUS=hosts: 1"));
  EXPECT_THAT(told(1h), IsEmpty());
  status_ = "hosts: 2";
  EXPECT_THAT(told(5s), ElementsAre("STATUS=hosts: 2"));
}

TEST_F(SupervisionTest, GivesSignsOfLifeWhileChecksEnd) {
  begin();
  (void)told(10min);
  EXPECT_GE(signs_, 20) << "two in each minute at least";
  checks_.pending = true;
  (void)told(2min);
  EXPECT_GE(signs_, 4);
  (void)told(30s);
  (void)told(1h);
  EXPECT_EQ(signs_, 0) << "no check has ended for two minutes";
  checks_.ended++;
  (void)told(30s);
  EXPECT_GE(signs_, 1);
}

TEST_F(SupervisionTest, ADiskThatHangsIsNoReasonForARestart) {
  begin();
  store_answers_ = false;
  (void)told(1h);
  EXPECT_FALSE(liveness_.goes_on());
  EXPECT_GE(signs_, 120);
}

TEST_F(SupervisionTest, AReloadEndsWithReady) {
  {
    const Supervision::Reload reload(supervision_);
    EXPECT_THAT(told(1s), ElementsAre(StartsWith("RELOADING=1\nMONOTONIC_USEC=")));
  }
  EXPECT_THAT(told(1s), ElementsAre("READY=1"));
}

}  // namespace
}  // namespace tocsin::daemon
