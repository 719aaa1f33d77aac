// Details that a host does not answer: what that costs, and what is known without them.
#include <gmock/gmock.h>

#include "kit/virtual_time.h"
#include "pretend_host.h"

namespace tocsin::probe {
namespace {

using namespace std::chrono_literals;
using simulate::Action;
using testing::Pair;
using testing::UnorderedElementsAre;
using enum ServiceState;

/// A host that answers no more from some request on.
class SmbProbeHang : public PretendHostTest {
 protected:
  /// From the next connection on its so many first replies come.
  void answer_only(std::size_t replies) {
    happen(simulate::Behaviour{.mischief = simulate::Mischief::silent,
                               .number = static_cast<std::uint32_t>(replies)});
  }
  /// Meanwhile time passes.
  Result<KnownDetails> read_details_in_vain() {
    held.reset();
    auto read = read_details();
    held = time.hold();
    return read;
  }

  std::shared_ptr<const ServiceDetails> details() { return check()->front().details; }

  kit::VirtualTime time;
  std::shared_ptr<void> held = time.hold();  // the sockets are real
  const std::string kTriggered = "AppIDSvc";
};

TEST_F(SmbProbeHang, AQuestionThatHangsCostsASecondAndIsNotAskedForAnHour) {
  start();
  happen(Action::start, kTriggered);
  watch({kTriggered});
  relay->reset_counts();
  (void)check_states();
  answer_only(relay->requests() + 2);  // of its details: opened, and its configuration
  relay->cut();
  (void)check_states();
  const auto begun = net::MonotonicClock::now();
  auto read = read_details_in_vain();
  happen(simulate::Behaviour{});
  EXPECT_LT(net::MonotonicClock::now() - begun, 1100ms);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 1U) << "with what was answered";
  EXPECT_EQ(read->begin()->second->start_mode, StartMode::manual);
  EXPECT_FALSE(read->begin()->second->trigger_start);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kTriggered, running)));

  clock.advance(options.details.age);
  time.skip(59min);
  EXPECT_FALSE(details()->trigger_start) << "it was not asked";
  clock.advance(options.details.age);
  time.skip(1min);
  EXPECT_TRUE(details()->trigger_start);
}

/// How many questions about a service's details are answered: opened, its configuration, its
/// triggers, closed.
class SmbProbeQuestion : public SmbProbeHang, public testing::WithParamInterface<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Answered, SmbProbeQuestion, testing::Range<std::size_t>(0, 4));

TEST_P(SmbProbeQuestion, HasASecond) {
  start();
  watch({kTriggered});
  relay->reset_counts();
  (void)check_states();
  answer_only(relay->requests() + GetParam());
  relay->cut();
  (void)check_states();
  const auto begun = net::MonotonicClock::now();
  EXPECT_EQ(read_details_in_vain()->size(), GetParam() < 2 ? 0U : 1U);
  EXPECT_LT(net::MonotonicClock::now() - begun, 1100ms);
  happen(simulate::Behaviour{});
  EXPECT_TRUE(check_states());
}

TEST_F(SmbProbeHang, TheOtherServicesAreReadOverANewSession) {
  start();
  watch({kTriggered, "ALG"});
  relay->reset_counts();
  (void)check_states();
  answer_only(relay->requests() + 2);
  relay->cut();
  (void)check_states();
  const auto read = read_details_in_vain();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 2U);
  happen(simulate::Behaviour{});
  EXPECT_TRUE(check_states());
}

TEST_F(SmbProbeHang, ALostConnectionIsNoQuestionThatHangs) {
  start();
  watch({kTriggered});
  (void)check_states();
  relay->forget_connections();
  EXPECT_THAT(*read_details_in_vain(), testing::IsEmpty());
  happen(simulate::Reachability::down);
  EXPECT_FALSE(check_states());
  happen(simulate::Reachability::up);
  EXPECT_NE(details(), nullptr);
}

TEST_F(SmbProbeHang, ManyServicesAreAskedAtATimeAndAnswerTheSame) {
  start({.services = 60});
  watch({"*"});
  relay->reset_counts();
  (void)check_states();
  const auto before = relay->requests();
  const auto read = read_details();
  ASSERT_TRUE(read);
  const auto batched = relay->requests() - before;
  EXPECT_GE(read->size(), 50);
  EXPECT_GT(batched, 4 * read->size()) << "each call is written, and its reply read";
  for (const auto& [name, details] : *read) {
    const auto alone = loop.run_until_done(probe->read_details({name}, soon()));
    ASSERT_TRUE(alone);
    EXPECT_EQ(*alone->at(name), *details) << name.text();
  }
}

TEST_F(SmbProbeHang, TheListBringsTheDetailsOfAllServicesInABatch) {
  start({.services = 60});
  watch({kTriggered});
  const auto listed = loop.run_until_done(probe->list(soon()));
  ASSERT_TRUE(listed);
  EXPECT_GE(listed->size(), 60);
  for (const auto& service : *listed)
    EXPECT_NE(service.details->start_mode, StartMode::unknown) << service.name.text();
  EXPECT_GT(relay->requests(), 8 * listed->size()) << "each call is written, and its reply read";
}

TEST_F(SmbProbeHang, ABatchThatHangsCostsASecondAndKeepsWhatWasAnswered) {
  start();
  watch({"*"});
  relay->reset_counts();
  (void)check_states();
  answer_only(relay->requests() + 100);  // some services are open by then, and some done
  relay->cut();
  (void)check_states();
  const auto begun = net::MonotonicClock::now();
  const auto read = read_details_in_vain();
  EXPECT_LT(net::MonotonicClock::now() - begun, 1100ms);
  EXPECT_TRUE(read);
  happen(simulate::Behaviour{});
  EXPECT_TRUE(check_states());
}

}  // namespace
}  // namespace tocsin::probe
