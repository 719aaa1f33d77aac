// How services are listened to, with a pretend feed.
#include "probe/scm/listener.h"

#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>

#include "unit/probe/scm/pretend_system.h"

namespace tocsin::probe::scm {
namespace {

using testing::Contains;
using testing::Not;
using enum ServiceState;

constexpr std::uint32_t kAny = 0x27F;  // all seven states, and the pending removal
constexpr std::uint32_t kAllButRunning = 0x277;
constexpr std::uint32_t kAllButStopped = 0x27E;
constexpr std::uint32_t kClientLagging = 1294;

std::string arm(const std::string& name, std::uint32_t mask) {
  return "arm " + name + " " + std::to_string(mask);
}

class ListenerTest : public testing::Test {
 protected:
  void listen_to(const std::vector<std::string>& names) {
    listener->listen_to({names.begin(), names.end()});
  }
  void fire(const std::string& name, std::uint32_t state, std::uint32_t process = 10) {
    Feed::Notification notification{.service = name};
    notification.status.current_state = state;
    notification.status.process_id = process;
    feed.fire(std::move(notification));
  }
  /// The next pushed change, or "check again"; fails after a minute without one.
  std::string next() {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, std::chrono::minutes(1), [this] { return !pushed.empty(); }))
      return "nothing";
    const auto word = std::move(pushed.front());
    pushed.pop_front();
    return word;
  }

  std::shared_ptr<PretendSystem> system = std::make_shared<PretendSystem>();
  PretendFeed& feed = *system->feed;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> pushed;
  std::unique_ptr<Listener> listener =
      std::make_unique<Listener>(system, "", [this](std::optional<ObservedService> service) {
        const std::lock_guard lock(mutex);
        pushed.push_back(service ? service->name.text() + " " +
                                       std::string(to_string(service->status.state))
                                 : "check again");
        changed.notify_all();
      });
};

TEST_F(ListenerTest, PushesAChangeAndAsksForTheNext) {
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw("open"));
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny)));
  fire("spooler", svcctl::kRunning);
  EXPECT_EQ(next(), "Spooler RUNNING");
  // Not for the state that it is in, which would be answered for ever.
  EXPECT_TRUE(feed.saw(arm("Spooler", kAllButRunning)));
  fire("Spooler", svcctl::kStopped, 0);
  EXPECT_EQ(next(), "Spooler STOPPED");
  EXPECT_TRUE(feed.saw(arm("Spooler", kAllButStopped)));
}

TEST_F(ListenerTest, NoticesThatServicesCameOrWent) {
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw("list"));
  feed.fire({});
  EXPECT_EQ(next(), "check again");
  EXPECT_TRUE(feed.saw("list", 2));
}

TEST_F(ListenerTest, LetsGoOfAServiceThatIsToBeRemoved) {
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny)));
  feed.fire({.service = "Spooler", .triggered = svcctl::kNotifyDeletePending});
  EXPECT_EQ(next(), "check again");
  EXPECT_TRUE(feed.saw("close Spooler"));
  // Somebody else keeps it open: it is still there, and is left alone.
  listen_to({"Spooler", "Other"});
  EXPECT_TRUE(feed.saw(arm("Other", kAny)));
  EXPECT_FALSE(feed.has(arm("Spooler", kAny), 2));
  // Gone, installed again, and found by a check.
  feed.fire({});
  EXPECT_EQ(next(), "check again");
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny), 2));
}

TEST_F(ListenerTest, KeepsNoStoppedServiceOpenWhereRemovalsAreNotReported) {
  feed.list_error = svcctl::kCallNotImplemented;
  listen_to({"Spooler", "Other"});
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny)));
  EXPECT_TRUE(feed.saw(arm("Other", kAny)));
  fire("Spooler", svcctl::kStopped, 0);
  EXPECT_EQ(next(), "Spooler STOPPED");
  fire("Other", svcctl::kRunning);
  EXPECT_EQ(next(), "Other RUNNING");
  listen_to({"Spooler", "Other"});
  EXPECT_TRUE(feed.saw("close Spooler"));
  EXPECT_TRUE(feed.saw(arm("Spooler", kAllButStopped), 2));
  EXPECT_FALSE(feed.has("close Other", 1));
  // Until it is gone, and then until it is back.
  {
    const std::lock_guard lock(feed.mutex);
    feed.arm_errors["Spooler"] = svcctl::kServiceDoesNotExist;
  }
  listen_to({"Spooler", "Other"});
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny), 2));
  listen_to({"Other"});
  EXPECT_TRUE(feed.saw("close Spooler", 4)) << "after the refusal, and as it is watched no more";
}

TEST_F(ListenerTest, KeepsNothingOpenThatItCannotListenTo) {
  feed.arm_errors["Spooler"] = svcctl::kServiceMarkedForDelete;  // before its removal was pushed
  feed.arm_errors["Odd"] = svcctl::kInvalidParameter;
  listen_to({"Spooler", "Odd"});
  EXPECT_TRUE(feed.saw("close Spooler"));
  EXPECT_TRUE(feed.saw("close Odd"));
  listen_to({"Spooler", "Odd"});
  EXPECT_TRUE(feed.saw(arm("Odd", kAny), 2));
  EXPECT_FALSE(feed.has(arm("Spooler", kAny), 2)) << "opened again, it would be kept again";
}

TEST_F(ListenerTest, BeginsAnewAfterItHasLagged) {
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny)));
  feed.fire({.service = "Spooler", .error = kClientLagging});
  EXPECT_EQ(next(), "check again");
  EXPECT_TRUE(feed.saw("shut"));
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw("open", 2));
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny), 2));
}

TEST_F(ListenerTest, TriesAgainWhereItCouldNotListen) {
  feed.arm_errors["Denied"] = svcctl::kAccessDenied;
  listen_to({"Spooler", "Denied"});
  EXPECT_TRUE(feed.saw(arm("Denied", kAny)));
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny)));
  listen_to({"Spooler", "Denied"});
  EXPECT_TRUE(feed.saw(arm("Denied", kAny), 2));
  const std::lock_guard lock(feed.mutex);
  EXPECT_EQ(std::ranges::count(feed.calls, arm("Spooler", kAny)), 1);
}

TEST_F(ListenerTest, LeavesWhatIsWatchedNoMore) {
  listen_to({"Spooler", "Other"});
  EXPECT_TRUE(feed.saw(arm("Other", kAny)));
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw("close Other"));
  fire("Other", svcctl::kStopped);  // was on its way
  fire("Spooler", svcctl::kStopped);
  EXPECT_EQ(next(), "Spooler STOPPED");
}

TEST_F(ListenerTest, OnlyACheckFindsWhatRunsWithoutAProcess) {
  system->machine->processes = {1, 2};
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny)));
  fire("Spooler", svcctl::kRunning, 10);
  EXPECT_EQ(next(), "check again");
  EXPECT_TRUE(feed.saw(arm("Spooler", kAllButRunning)));
}

TEST_F(ListenerTest, WhereNothingCanBePushedNothingBreaks) {
  feed.open_error = svcctl::kNotSupported;
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw("open"));
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw("open", 2));
  const std::lock_guard lock(feed.mutex);
  EXPECT_THAT(feed.calls, Not(Contains(arm("Spooler", kAny))));
}

TEST_F(ListenerTest, ClosesEverythingAtItsEnd) {
  listen_to({"Spooler"});
  EXPECT_TRUE(feed.saw(arm("Spooler", kAny)));
  listener.reset();
  EXPECT_TRUE(feed.saw("shut"));
}

}  // namespace
}  // namespace tocsin::probe::scm
