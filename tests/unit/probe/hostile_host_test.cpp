// Whatever a host sends, it costs one connection and one error that names the reason, and ends by
// the deadline.
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "kit/virtual_time.h"
#include "pretend_host.h"

namespace tocsin::probe {
namespace {

using simulate::Mischief;

/// A misbehaviour, and after how many right replies it begins: at the negotiation (0), in the login
/// (1, 2), with the keys there (3), in RPC (5), at the service (7, 8).
using Case = std::tuple<Mischief, std::uint32_t>;

class HostileHostTest : public PretendHostTest, public testing::WithParamInterface<Case> {
 protected:
  static bool keeps_us_waiting(Mischief mischief) {
    return mischief == Mischief::silent || mischief == Mischief::dribbling;
  }

  kit::VirtualTime time;
  std::shared_ptr<void> held = time.hold();  // the sockets are real
};

std::vector<Case> cases() {
  std::vector<Case> cases;
  for (auto mischief = Mischief::unsigned_replies; mischief <= Mischief::silent;
       mischief = static_cast<Mischief>(std::to_underlying(mischief) + 1)) {
    for (const std::uint32_t after : {0U, 1U, 2U, 3U, 5U, 7U, 8U}) {
      const bool nothing_to_replay = mischief == Mischief::replayed && after == 0;
      if (!nothing_to_replay) cases.emplace_back(mischief, after);
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Matrix, HostileHostTest, testing::ValuesIn(cases()), [](const auto& of) {
  return std::string(to_string(std::get<0>(of.param))) + "_after_" +
         std::to_string(std::get<1>(of.param));
});

TEST_P(HostileHostTest, CostsOneConnectionAndOneErrorThatNamesTheReason) {
  const auto [mischief, number] = GetParam();
  const bool waiting = keeps_us_waiting(mischief);
  start();
  watch({"QlikSenseEngineService"});
  happen(simulate::Behaviour{.mischief = mischief, .number = number});
  if (waiting) held.reset();
  const auto seen = check();
  held = time.hold();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, waiting ? ErrorKind::timed_out : ErrorKind::malformed)
      << seen.error().what;
  EXPECT_NE(seen.error().what, "");
  EXPECT_EQ(relay->connections(), 1);
  RecordProperty("reason", seen.error().what);

  happen(simulate::Behaviour{});
  EXPECT_EQ(states().size(), 1);
  EXPECT_EQ(relay->connections(), 2);
}

TEST_F(PretendHostTest, ACheckThatBreaksOffAnywhereForgetsNoService) {
  for (std::uint32_t replies = 5; replies < 24; replies++) {
    SCOPED_TRACE(replies);
    start();
    watch({"QlikSenseEngineService", "No1", "No2", "No3"});
    happen(simulate::Behaviour{.mischief = Mischief::unsigned_replies, .number = replies});
    (void)check();
    happen(simulate::Behaviour{});
    EXPECT_THAT(states(), testing::UnorderedElementsAre(
                              testing::Pair("QlikSenseEngineService", ServiceState::running),
                              testing::Pair("No1", ServiceState::missing),
                              testing::Pair("No2", ServiceState::missing),
                              testing::Pair("No3", ServiceState::missing)));
  }
}

}  // namespace
}  // namespace tocsin::probe
