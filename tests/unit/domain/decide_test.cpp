#include "domain/decide.h"

#include <array>
#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;

constexpr Time kStart{Duration{1'700'000'000'000}};

struct Check {
  Duration after;  ///< the check before
  ServiceStatus seen;
};

/// The checks of one service, and the transition that the last of them must bring.
struct Row {
  const char* name;
  std::vector<Check> checks;
  std::string expected;  ///< "kind FROM TO reason"; empty: nothing
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

std::string describe(const std::optional<Transition>& transition) {
  if (!transition) return {};
  std::string text(to_string(transition->kind));
  text.append(" ").append(to_string(transition->from));
  text.append(" ").append(to_string(transition->to));
  if (!transition->reason.empty()) text.append(" ").append(transition->reason);
  return text;
}

constexpr std::uint32_t kProcess = 100;

Check check(ServiceState state, Duration after = 1s) {
  return {after, {.state = state, .process_id = state == running ? kProcess : 0}};
}
Check process(std::uint32_t id) { return {1s, {.state = running, .process_id = id}}; }
Check ended(std::uint32_t exit_code, std::uint32_t service_exit_code = 0) {
  return {1s, {.state = stopped, .exit_code = exit_code, .service_exit_code = service_exit_code}};
}
Check pending(ServiceState state, Duration after, std::uint32_t checkpoint = 0,
              Duration wait_hint = 0ms) {
  return {after, {.state = state, .checkpoint = checkpoint, .wait_hint = wait_hint}};
}

class DecideTest : public ::testing::TestWithParam<Row> {};

TEST_P(DecideTest, Tells) {
  std::optional<TrackedService> tracked;
  std::optional<Transition> transition;
  Time now = kStart;
  for (const auto& [after, seen] : GetParam().checks) {
    now += after;
    auto decision = decide(tracked ? &*tracked : nullptr, seen, Policy{}, now);
    tracked = decision.next;
    transition = decision.transition;
    EXPECT_EQ(tracked->seen.state, seen.state);
    EXPECT_FALSE(is_pending(tracked->settled));
    EXPECT_NE(tracked->settled, denied);
  }
  EXPECT_EQ(describe(transition), GetParam().expected);
}

std::string row_name(const ::testing::TestParamInfo<Row>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Settled, DecideTest,
    ::testing::Values(
        Row{"FirstSight", {check(running)}, ""}, Row{"FirstSightStopped", {ended(5)}, ""},
        Row{"FirstSightMissing", {check(missing)}, ""},
        Row{"FirstSightDenied", {check(denied)}, ""},
        Row{"FirstSightUnknown", {check(unknown)}, ""},
        Row{"SeenAfterUnknownIsFirstSight", {check(unknown), check(stopped)}, ""},
        Row{"Same", {check(running), check(running)}, ""},
        Row{"Stopped", {check(running), check(stopped)}, "stopped RUNNING STOPPED"},
        Row{"Started", {check(stopped), check(running)}, "started STOPPED RUNNING"},
        Row{"Paused", {check(running), check(paused)}, "paused RUNNING PAUSED"},
        Row{"Continued", {check(paused), check(running)}, "started PAUSED RUNNING"},
        Row{"ToldOnce", {check(running), check(stopped), check(stopped)}, ""},
        Row{"StoppedInGoodOrder", {check(running), ended(0)}, "stopped RUNNING STOPPED"},
        Row{"StoppedNeverStarted", {check(running), ended(1077)}, "stopped RUNNING STOPPED"},
        Row{"StoppedInError",
            {check(running), ended(1067)},
            "stopped RUNNING STOPPED exit code 1067"},
        Row{"StoppedInErrorOfItsOwn",
            {check(running), ended(1066, 42)},
            "stopped RUNNING STOPPED service-specific exit code 42"},
        Row{"Vanished", {check(running), check(missing)}, "vanished RUNNING MISSING"},
        Row{"VanishedOnce", {check(running), check(missing), check(missing)}, ""},
        Row{"AppearedRunning",
            {check(missing), check(running)},
            "started MISSING RUNNING was missing"},
        Row{"AppearedStopped",
            {check(missing), check(stopped)},
            "stopped MISSING STOPPED was missing"},
        Row{"AppearedPaused", {check(missing), check(paused)}, "paused MISSING PAUSED was missing"},
        Row{"AppearedInError",
            {check(missing), ended(2)},
            "stopped MISSING STOPPED was missing, exit code 2"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Restarted, DecideTest,
    ::testing::Values(
        Row{"OtherProcess", {process(10), process(11)}, "restarted RUNNING RUNNING"},
        Row{"ToldOnce", {process(10), process(11), process(11)}, ""},
        Row{"NotTold", {process(0), process(11)}, ""},
        Row{"NotToldAnyMore", {process(10), process(0)}, ""},
        Row{"NotToldBetween", {process(10), process(0), process(11)}, "restarted RUNNING RUNNING"},
        Row{"WhileUnknown",
            {process(10), check(unknown), process(11)},
            "restarted RUNNING RUNNING"},
        Row{"WhileDenied", {process(10), check(denied), process(11)}, "restarted RUNNING RUNNING"},
        Row{"ThroughPending",
            {process(10), check(stop_pending), check(start_pending), process(11)},
            "restarted RUNNING RUNNING"},
        Row{"SeenStopped", {process(10), check(stopped), process(11)}, "started STOPPED RUNNING"},
        Row{"ForgottenWhenStopped", {process(10), check(stopped), process(0), process(12)}, ""},
        Row{"StopFirstSeenPending",
            {Check{0s, {.state = stop_pending, .process_id = 10}}, process(11)},
            "restarted RUNNING RUNNING"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Unseen, DecideTest,
    ::testing::Values(
        Row{"Unknown", {check(running), check(unknown)}, ""},
        Row{"SameAfterUnknown", {check(running), check(unknown), check(running)}, ""},
        Row{"ChangedWhileUnknown",
            {check(running), check(unknown), check(stopped)},
            "stopped RUNNING STOPPED"},
        Row{"Denied", {check(running), check(denied)}, "denied RUNNING DENIED"},
        Row{"DeniedOnce", {check(running), check(denied), check(denied)}, ""},
        Row{"DeniedOnceThroughUnknown",
            {check(running), check(denied), check(unknown), check(denied)},
            ""},
        Row{"DeniedOnceThroughPending",
            {check(running), check(denied), check(stop_pending), check(denied)},
            ""},
        Row{"DeniedAgain",
            {check(running), check(denied), check(running), check(denied)},
            "denied RUNNING DENIED"},
        Row{"Visible", {check(running), check(denied), check(running)}, "visible DENIED RUNNING"},
        Row{"VisibleOnce", {check(running), check(denied), check(running), check(running)}, ""},
        Row{"VisibleThroughPending",
            {check(running), check(denied), check(stop_pending), check(running)},
            "visible DENIED RUNNING"},
        Row{"ChangedWhileDenied",
            {check(running), check(denied), check(stopped)},
            "stopped RUNNING STOPPED"},
        Row{"VanishedWhileDenied",
            {check(running), check(denied), check(missing)},
            "vanished RUNNING MISSING"},
        Row{"MissingAsBeforeTheDenial",
            {check(missing), check(denied), check(missing)},
            "visible DENIED MISSING"},
        Row{"VisibleForTheFirstTime", {check(denied), check(stopped)}, "visible DENIED STOPPED"},
        Row{"DeniedAtFirstAndStill", {check(denied), check(denied)}, ""}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Pending, DecideTest,
    ::testing::Values(
        Row{"NoTransition", {check(running), check(stop_pending)}, ""},
        Row{"Settles",
            {check(running), check(stop_pending), check(stopped)},
            "stopped RUNNING STOPPED"},
        Row{"SettlesAsBefore", {check(running), check(stop_pending), check(running)}, ""},
        Row{"FirstSeenStarting", {check(start_pending), check(running)}, "started STOPPED RUNNING"},
        Row{"FirstSeenStartingInVain", {check(start_pending), check(stopped)}, ""},
        Row{"FirstSeenStopping", {check(stop_pending), check(stopped)}, "stopped RUNNING STOPPED"},
        Row{"FirstSeenPausing", {check(pause_pending), check(paused)}, "paused RUNNING PAUSED"},
        Row{"FirstSeenContinuing",
            {check(continue_pending), check(running)},
            "started PAUSED RUNNING"},
        Row{"Patience", {check(running), check(stop_pending), pending(stop_pending, 30s)}, ""},
        Row{"Stuck",
            {check(running), check(stop_pending), pending(stop_pending, 30'001ms)},
            "stuck RUNNING STOP_PENDING no progress for 30 s"},
        Row{"StuckFromTheFirstSight",
            {check(start_pending), pending(start_pending, 31s)},
            "stuck STOPPED START_PENDING no progress for 31 s"},
        Row{"LongWaitHint",
            {check(stopped), pending(start_pending, 1s, 0, 120s),
             pending(start_pending, 120s, 0, 120s)},
            ""},
        Row{"LongWaitHintPassed",
            {check(stopped), pending(start_pending, 1s, 0, 120s),
             pending(start_pending, 121s, 0, 120s)},
            "stuck STOPPED START_PENDING no progress for 121 s"},
        Row{"EndlessWaitHint",
            {check(stopped), pending(start_pending, 1s, 0, 0xFFFF'FFFFms),
             pending(start_pending, 1h, 0, 0xFFFF'FFFFms)},
            ""},
        Row{"EndlessWaitHintIsBelievedForAnHour",
            {check(stopped), pending(start_pending, 1s, 0, 0xFFFF'FFFFms),
             pending(start_pending, 3601s, 0, 0xFFFF'FFFFms)},
            "stuck STOPPED START_PENDING no progress for 3601 s"},
        Row{"ShortWaitHintIsNoRule",
            {check(stopped), pending(start_pending, 1s, 0, 2s), pending(start_pending, 29s, 0, 2s)},
            ""},
        Row{"CheckpointIsProgress",
            {check(stopped), pending(start_pending, 1s, 1), pending(start_pending, 29s, 2),
             pending(start_pending, 29s, 2)},
            ""},
        Row{"OtherStateIsProgress",
            {check(running), pending(stop_pending, 1s), pending(start_pending, 29s),
             pending(start_pending, 29s)},
            ""},
        Row{"NotSeenMayBeProgress",
            {check(running), pending(stop_pending, 1s), check(unknown, 600s),
             pending(stop_pending, 1s)},
            ""},
        Row{"StuckOnce",
            {check(running), check(stop_pending), pending(stop_pending, 31s),
             pending(stop_pending, 1s)},
            ""},
        Row{"StuckOnceInSpiteOfProgress",
            {check(running), check(stop_pending), pending(stop_pending, 31s),
             pending(stop_pending, 1s, 1), pending(stop_pending, 31s, 1)},
            ""},
        Row{"StuckOnceThroughUnknown",
            {check(running), check(stop_pending), pending(stop_pending, 31s), check(unknown),
             pending(stop_pending, 1s), pending(stop_pending, 31s)},
            ""},
        Row{"StuckAgainInTheNextSpell",
            {check(running), check(stop_pending), pending(stop_pending, 31s), check(stopped),
             check(start_pending), pending(start_pending, 31s)},
            "stuck STOPPED START_PENDING no progress for 31 s"},
        Row{"StuckThenStopped",
            {check(running), check(stop_pending), pending(stop_pending, 31s), check(stopped)},
            "stopped RUNNING STOPPED"},
        Row{"StuckThenRunningAsBefore",
            {check(running), check(stop_pending), pending(stop_pending, 31s), check(running)},
            "started RUNNING RUNNING no longer stuck"},
        Row{"StuckThenStoppedAsBefore",
            {check(stopped), check(start_pending), pending(start_pending, 31s), ended(1053)},
            "stopped STOPPED STOPPED no longer stuck, exit code 1053"},
        Row{"StuckThenPausedAsBefore",
            {check(paused), check(continue_pending), pending(continue_pending, 31s), check(paused)},
            "paused PAUSED PAUSED no longer stuck"},
        Row{"StuckThenAnotherProcess",
            {process(10), check(stop_pending), pending(stop_pending, 31s), process(11)},
            "restarted RUNNING RUNNING no longer stuck"},
        Row{"StuckThenVanished",
            {check(running), check(stop_pending), pending(stop_pending, 31s), check(missing)},
            "vanished RUNNING MISSING"},
        Row{"HugeWaitHint",
            {check(running), check(stop_pending), pending(stop_pending, 31s, 0, 4'294'967'295ms)},
            ""}),
    row_name);

TEST(Decide, EveryPairOfStates) {
  constexpr std::array kStates{stopped,          start_pending, stop_pending, running,
                               continue_pending, pause_pending, paused,       missing,
                               denied,           unknown};
  // Rows: first sight; columns: the second check; both in the order above. r started, s stopped, p
  // paused, v vanished, d denied, n visible.
  constexpr std::array<std::string_view, kStates.size()> kTold{
      "...r..pvd.",  // STOPPED
      "...r..pvd.",  // START_PENDING: was stopped
      "s.....pvd.",  // STOP_PENDING: was running
      "s.....pvd.",  // RUNNING
      "s..r...vd.",  // CONTINUE_PENDING: was paused
      "s.....pvd.",  // PAUSE_PENDING: was running
      "s..r...vd.",  // PAUSED
      "s..r..p.d.",  // MISSING
      "n..n..nn..",  // DENIED
      "........d.",  // UNKNOWN
  };
  const auto letter = [](const std::optional<Transition>& transition) {
    using enum TransitionKind;
    if (!transition) return '.';
    switch (transition->kind) {
      case started:
        return 'r';
      case TransitionKind::stopped:
        return 's';
      case TransitionKind::paused:
        return 'p';
      case vanished:
        return 'v';
      case TransitionKind::denied:
        return 'd';
      case visible:
        return 'n';
      default:
        return '!';
    }
  };
  for (std::size_t row = 0; row < kStates.size(); row++) {
    std::string notified;
    const auto before = decide(nullptr, check(kStates.at(row)).seen, Policy{}, kStart).next;
    for (const auto state : kStates) {
      const auto [next, transition] = decide(&before, check(state).seen, Policy{}, kStart + 1s);
      notified += letter(transition);
      EXPECT_EQ(next.since, state == kStates.at(row) ? kStart : kStart + 1s);
      if (transition) {
        EXPECT_EQ(transition->to, state);
      }
    }
    EXPECT_EQ(notified, kTold.at(row)) << to_string(kStates.at(row));
  }
}

/// The transition of the last of these states, where a bad state at first sight is an alert.
std::string told_at_first_sight(const std::vector<ServiceState>& states, Duration each = 1s) {
  std::optional<TrackedService> tracked;
  std::optional<Transition> transition;
  Time now = kStart;
  for (const auto state : states) {
    now += each;
    auto decision =
        decide(tracked ? &*tracked : nullptr, {.state = state}, Policy{}, now, AtFirstSight::alert);
    tracked = decision.next;
    transition = decision.transition;
  }
  return describe(transition);
}

TEST(Decide, ABadStateAtFirstSightComesFromUnknown) {
  EXPECT_EQ(told_at_first_sight({running}), "");
  EXPECT_EQ(told_at_first_sight({stopped}), "stopped UNKNOWN STOPPED");
  EXPECT_EQ(told_at_first_sight({paused}), "paused UNKNOWN PAUSED");
  EXPECT_EQ(told_at_first_sight({missing}), "vanished UNKNOWN MISSING is not installed");
  EXPECT_EQ(told_at_first_sight({denied}), "denied UNKNOWN DENIED");
  EXPECT_EQ(told_at_first_sight({unknown}), "");
  EXPECT_EQ(told_at_first_sight({unknown, stopped}), "stopped UNKNOWN STOPPED");
  EXPECT_EQ(told_at_first_sight({stopped, stopped}), "");
}

TEST(Decide, APendingServiceIsFirstSeenWhenItSettlesOrIsStuck) {
  EXPECT_EQ(told_at_first_sight({start_pending}), "");
  EXPECT_EQ(told_at_first_sight({start_pending, running}), "");
  EXPECT_EQ(told_at_first_sight({start_pending, stopped}), "stopped UNKNOWN STOPPED");
  EXPECT_EQ(told_at_first_sight({stop_pending, stopped}), "stopped UNKNOWN STOPPED");
  EXPECT_EQ(told_at_first_sight({stop_pending, running}), "");
  EXPECT_EQ(told_at_first_sight({start_pending, start_pending}, 31s),
            "stuck UNKNOWN START_PENDING no progress for 31 s");
  EXPECT_EQ(told_at_first_sight({start_pending, start_pending, running}, 31s),
            "started UNKNOWN RUNNING no longer stuck");
}

TEST(Decide, UnknownChangesNothingButStateAndSince) {
  const auto before = decide(nullptr, process(10).seen, Policy{}, kStart).next;
  auto expected = before;
  expected.seen.state = unknown;
  expected.since = kStart + 5s;
  EXPECT_EQ(decide(&before, {}, Policy{}, kStart + 5s).next, expected);
}

TEST(Decide, SaysSinceWhenItWasWhatItWas) {
  TrackedService tracked = decide(nullptr, process(10).seen, Policy{}, kStart).next;
  const auto changed_since = [&](const ServiceStatus& seen, Duration at) {
    auto [next, transition] = decide(&tracked, seen, Policy{}, kStart + at);
    tracked = next;
    return transition ? std::optional(transition->from_since - kStart) : std::nullopt;
  };
  EXPECT_EQ(changed_since(check(unknown).seen, 1s), std::nullopt);
  EXPECT_EQ(changed_since(process(10).seen, 2s), std::nullopt);
  EXPECT_EQ(changed_since(process(11).seen, 3s), 0s) << "restarted";
  EXPECT_EQ(changed_since(check(stop_pending).seen, 4s), std::nullopt);
  EXPECT_EQ(changed_since(check(stop_pending).seen, 40s), 3s) << "stuck";
  EXPECT_EQ(changed_since(process(11).seen, 41s), 3s) << "no longer stuck";
  EXPECT_EQ(changed_since(check(stopped).seen, 42s), 3s) << "stopped";
  EXPECT_EQ(changed_since(check(denied).seen, 43s), 42s) << "denied";
  EXPECT_EQ(changed_since(check(stopped).seen, 44s), 43s) << "visible";
}

}  // namespace
}  // namespace tocsin
