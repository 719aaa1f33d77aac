#include "notify/status_stream.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tocsin::notify {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// Answers from a script, then Delivered for ever; remembers what it was given.
class FakeSink final : public StatusSink {
 public:
  const std::string& name() const override { return name_; }
  net::awaitable<Written> write(std::span<const StatusReport> reports,
                                net::Deadline /*deadline*/) override {
    std::vector<std::string> batch;
    for (const auto& report : reports) batch.push_back(report.host.text());
    writes.push_back(std::move(batch));
    times.push_back(net::MonotonicClock::now());
    if (held) co_await kit::wait_for_ever();
    Written written{.answer = Delivered{"fine"}};
    if (!answers.empty()) {
      written = std::move(answers.front());
      answers.pop_front();
    }
    co_return written;
  }
  net::awaitable<Answer> test(net::Deadline /*deadline*/) override { co_return Delivered{}; }
  Login login() const override { return login_; }

  std::vector<std::vector<std::string>> writes;
  std::vector<net::Deadline> times;
  std::deque<Written> answers;
  bool held = false;
  Login login_;

 private:
  std::string name_ = "Fake";
};

class Observed final : public StatusObserver {
 public:
  void written(const StatusSink& /*sink*/, std::size_t services,
               std::chrono::milliseconds /*took*/) override {
    events.push_back("written " + std::to_string(services));
  }
  void lost(const StatusSink& /*sink*/, std::size_t services, const std::string& why) override {
    events.push_back("lost " + std::to_string(services) + " " + why);
  }
  void failing(const StatusSink& /*sink*/, const std::string& why) override {
    events.push_back("failing " + why);
  }
  void recovered(const StatusSink& /*sink*/) override { events.emplace_back("recovered"); }
  std::vector<std::string> events;
};

StatusReport report_of(const std::string& host, std::size_t services) {
  return {.host = HostName(host), .services = std::vector<ServiceReport>(services)};
}

class StatusStreamTest : public testing::Test {
 protected:
  StatusStream make() {
    return {loop_.executor(), sink_, observed_,
            [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, std::uint8_t{255}); },
            options_};
  }

  /// Runs the stream for so long.
  void run(StatusStream& stream, seconds time = seconds(30)) {
    loop_.run_until_done([&]() -> net::awaitable<void> {
      net::TaskScope scope(loop_.executor());
      scope.spawn(stream.run());
      co_await time_.pass(time);
      scope.cancel();
      co_await scope.join();
    }());
  }

  kit::VirtualTime time_;
  net::Loop loop_;
  FakeSink sink_;
  Observed observed_;
  StatusStreamOptions options_{.most_waiting = 100, .most_in_batch = 10};
};

TEST_F(StatusStreamTest, WritesInBatchesInOrder) {
  auto stream = make();
  for (const char* host : {"a", "b", "c", "d"}) stream.add(report_of(host, 4));
  stream.add(report_of("empty", 0));
  stream.add(report_of("big", 50));
  run(stream);
  EXPECT_THAT(sink_.writes,
              ElementsAre(ElementsAre("a", "b"), ElementsAre("c", "d"), ElementsAre("big")));
  EXPECT_THAT(observed_.events, ElementsAre("written 8", "written 8", "written 50"));
}

TEST_F(StatusStreamTest, WritesTheSameAgainUntilItIsTaken) {
  sink_.answers = {{.answer = RetryAfter{.after = {}, .reason = "down"}},
                   {.answer = RetryAfter{.after = {}, .reason = "still down"}}};
  auto stream = make();
  stream.add(report_of("a", 1));
  run(stream);
  EXPECT_THAT(sink_.writes, ElementsAre(ElementsAre("a"), ElementsAre("a"), ElementsAre("a")));
  EXPECT_THAT(observed_.events, ElementsAre("failing down", "recovered", "written 1"));
}

TEST_F(StatusStreamTest, LosesTheOldestFirstAndCountsIt) {
  auto stream = make();
  for (int i = 0; i < 12; ++i) stream.add(report_of("h" + std::to_string(i), 10));
  EXPECT_THAT(observed_.events,
              ElementsAre("lost 10 too many are waiting", "lost 10 too many are waiting"));
  run(stream);
  ASSERT_EQ(sink_.writes.size(), 10U);
  EXPECT_THAT(sink_.writes.front(), ElementsAre("h2"));
}

TEST_F(StatusStreamTest, CountsWhatIsRefusedAndGoesOn) {
  sink_.answers = {{.answer = Rejected{"bad token"}},
                   {.answer = Delivered{"2 points were refused"}, .refused = 2}};
  auto stream = make();
  stream.add(report_of("a", 10));
  stream.add(report_of("b", 10));
  run(stream);
  EXPECT_THAT(observed_.events,
              ElementsAre("lost 10 bad token", "written 8", "lost 2 2 points were refused"));
}

TEST_F(StatusStreamTest, WritesWhatIsLeftAtTheEnd) {
  sink_.held = true;
  auto stream = make();
  stream.add(report_of("a", 10));
  stream.add(report_of("b", 10));
  run(stream);  // cut off in the first write
  sink_.held = false;
  loop_.run_until_done(stream.flush(net::within(seconds(5))));
  EXPECT_THAT(sink_.writes, ElementsAre(ElementsAre("a"), ElementsAre("a"), ElementsAre("b")));
  EXPECT_THAT(observed_.events, ElementsAre("written 10", "written 10"));
}

TEST_F(StatusStreamTest, WaitsLongerAndLongerUpToAMinute) {
  for (int i = 0; i < 9; i++)
    sink_.answers.push_back({.answer = RetryAfter{.after = {}, .reason = "down"}});
  auto stream = make();
  stream.add(report_of("a", 1));
  run(stream, seconds(60 * 5));
  std::vector<seconds> waits;
  for (std::size_t i = 1; i < sink_.times.size(); i++)
    waits.push_back(std::chrono::round<seconds>(sink_.times[i] - sink_.times[i - 1]));
  EXPECT_THAT(waits, ElementsAre(seconds(1), seconds(2), seconds(4), seconds(8), seconds(16),
                                 seconds(32), seconds(60), seconds(60), seconds(60)));
}

TEST_F(StatusStreamTest, WaitsAsLongAsTheDestinationAsks) {
  sink_.answers = {{.answer = RetryAfter{.after = seconds(60), .reason = "busy"}}};
  auto stream = make();
  stream.add(report_of("a", 1));
  run(stream, seconds(120));
  ASSERT_EQ(sink_.times.size(), 2U);
  EXPECT_EQ(sink_.times[1] - sink_.times[0], seconds(60));
}

TEST_F(StatusStreamTest, ARefusedLoginIsTriedAgainOnlyWhenItsGateOpens) {
  logins::Logins logins({.executor = loop_.executor(), .clock = time_, .random = {}});
  auto& gate = login_gate(logins, {.kind = "http", .server = "https://influx", .user = "writer"});
  sink_.login_ = {.gate = &gate};
  sink_.answers = {{.answer = LoginRefused{"401 Unauthorized"}}};
  auto stream = make();
  stream.add(report_of("a", 1));
  run(stream);
  EXPECT_THAT(sink_.writes, testing::SizeIs(1));
  EXPECT_THAT(observed_.events, ElementsAre("failing 401 Unauthorized"));
  logins.waive_pauses();
  run(stream);
  EXPECT_THAT(sink_.writes, testing::SizeIs(2));
  EXPECT_THAT(observed_.events, ElementsAre("failing 401 Unauthorized", "recovered", "written 1"));
}

}  // namespace
}  // namespace tocsin::notify
