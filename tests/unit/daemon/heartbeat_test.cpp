#include "daemon/heartbeat.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "kit/virtual_time.h"
#include "net/loop.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class AnsweringTransport final : public net::HttpTransport {
 public:
  net::awaitable<Result<net::HttpResponse>> fetch(net::HttpRequest request,
                                                  net::Deadline /*deadline*/) override {
    requests.push_back(std::move(request));
    co_return response;
  }

  std::vector<net::HttpRequest> requests;
  Result<net::HttpResponse> response = net::HttpResponse{.status = 200};
};

class HeartbeatsTest : public testing::Test {
 protected:
  ~HeartbeatsTest() override {
    watching_.cancel();
    loop_.run_until_done(watching_.join());
    loop_.run_until_done(heartbeats_.stop());
  }

  void begin(Duration every = 1min) {
    if (watching_.size() == 0) watching_.spawn(liveness_.watch());
    loop_.run_until_done(heartbeats_.set({{.url = "https://pulse.example/5d3a2b1c-8f7e-4d6c",
                                           .every = every,
                                           .proxy = {.url = "http://proxy:1"}}}));
  }
  void pass(Duration time) { loop_.run_until_done(time_.pass(time)); }
  /// Work goes on meanwhile: some ends every ten seconds.
  void work_for(Duration time, Work& work) {
    for (Duration passed{}; passed < time; passed += 10s) {
      work.ended++;
      pass(10s);
    }
  }
  /// What the log says meanwhile.
  template <typename F>
  std::vector<std::string> logged(F during) {
    lines_.clear();
    during();
    log_.flush();
    return lines_;
  }

  std::vector<std::string> lines_;
  kit::VirtualTime time_;
  net::Loop loop_;
  Log log_{{.level = config::LogLevel::info,
            .system_log = [this](config::LogLevel, std::string_view line) {
              lines_.emplace_back(line);
            }}};
  logins::Logins logins_{{.executor = loop_.executor(), .clock = time_, .random = {}}};
  AnsweringTransport http_;
  Work checks_;
  Work deliveries_;
  bool store_answers_ = true;
  Liveness liveness_{
      {.log = log_,
       .checks = [this] { return checks_; },
       .deliveries = [this] { return deliveries_; },
       .store_answers = [this]() -> net::awaitable<bool> { co_return store_answers_; }}};
  net::TaskScope watching_{loop_.executor()};
  Heartbeats heartbeats_{{.executor = loop_.executor(),
                          .http = http_,
                          .logins = logins_,
                          .log = log_,
                          .version = "1.2.3",
                          .liveness = liveness_}};
};

TEST(Progress, StandsStillWhenNothingThatIsPendingEnds) {
  const auto start = net::MonotonicClock::time_point{};
  Progress progress(start);
  progress.note({.pending = false, .ended = 3}, start + 1h);
  EXPECT_FALSE(progress.stands_still(start + 1h)) << "nothing was due";
  progress.note({.pending = true, .ended = 3}, start + 1h + 1min);
  EXPECT_FALSE(progress.stands_still(start + 1h + 1min));
  progress.note({.pending = true, .ended = 4}, start + 1h + 2min);
  progress.note({.pending = true, .ended = 4}, start + 1h + 3min);
  EXPECT_FALSE(progress.stands_still(start + 1h + 4min));
  EXPECT_TRUE(progress.stands_still(start + 1h + 4min + 1ms));
  progress.note({.pending = true, .ended = 5}, start + 2h);
  EXPECT_FALSE(progress.stands_still(start + 2h));
}

TEST_F(HeartbeatsTest, AsksForTheUrlEverySoOften) {
  begin();
  pass(59s);
  EXPECT_THAT(http_.requests, IsEmpty()) << "a program that dies at each start does not work";
  pass(5min);
  ASSERT_THAT(http_.requests, SizeIs(5));
  const auto& request = http_.requests[0];
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, "https://pulse.example/5d3a2b1c-8f7e-4d6c");
  EXPECT_EQ(request.proxy.url, "http://proxy:1");
  EXPECT_EQ(request.headers.at(0).second, "tocsin/1.2.3");
}

TEST_F(HeartbeatsTest, StopsWhileNoCheckEndsAndGoesOnAfterwards) {
  begin();
  checks_.pending = true;
  work_for(5min, checks_);
  const auto before = http_.requests.size();
  EXPECT_GE(before, 4);
  EXPECT_THAT(logged([this] { pass(20min); }),
              ElementsAre("tocsin stands still: no check has ended for 2 min: heartbeats stop"));
  EXPECT_LE(http_.requests.size(), before + 3);
  const auto stopped = http_.requests.size();
  EXPECT_THAT(logged([this] { work_for(3min, checks_); }),
              ElementsAre("tocsin works again: heartbeats go on"));
  EXPECT_GE(http_.requests.size(), stopped + 2);
}

TEST_F(HeartbeatsTest, StopsWhileNoDueDeliveryIsAttempted) {
  begin();
  deliveries_.pending = true;
  EXPECT_THAT(logged([this] { pass(10min); }),
              ElementsAre(HasSubstr("no attempt of a due delivery has ended")));
  EXPECT_LE(http_.requests.size(), 2);
  deliveries_.pending = false;
  pass(2min);
  EXPECT_GE(http_.requests.size(), 2);
}

TEST_F(HeartbeatsTest, StopsWhileTheStoreDoesNotAnswer) {
  store_answers_ = false;
  begin();
  EXPECT_THAT(logged([this] { pass(10min); }),
              ElementsAre(HasSubstr("the store has not answered")));
  EXPECT_LE(http_.requests.size(), 2);
}

TEST_F(HeartbeatsTest, GoesOnWhereNothingIsDue) {
  begin();
  pass(3h);
  EXPECT_THAT(http_.requests, SizeIs(3 * 60));
}

TEST_F(HeartbeatsTest, AUrlThatFailsIsLoggedOnceWithoutItsToken) {
  begin();
  http_.response = net::HttpResponse{.status = 404, .body = "no check 5d3a2b1c-8f7e-4d6c"};
  EXPECT_THAT(logged([this] { pass(5min); }),
              ElementsAre("heartbeat https://pulse.example: 404 Not Found: no check ***"));
  EXPECT_THAT(http_.requests, SizeIs(5)) << "it is asked for all the same";
  http_.response = net::HttpResponse{.status = 204};
  EXPECT_THAT(logged([this] { pass(1min); }),
              ElementsAre("heartbeat https://pulse.example: taken again"));
}

TEST_F(HeartbeatsTest, OthersHoldFromAReloadOn) {
  begin(10s);
  pass(25s);
  EXPECT_THAT(http_.requests, SizeIs(2));
  begin(10s);
  pass(5s);
  EXPECT_THAT(http_.requests, SizeIs(3)) << "the same go on";
  loop_.run_until_done(heartbeats_.set({}));
  pass(1h);
  EXPECT_THAT(http_.requests, SizeIs(3));
}

}  // namespace
}  // namespace tocsin::daemon
