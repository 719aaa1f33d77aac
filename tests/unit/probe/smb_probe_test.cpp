// What a probe observes of a host, and what that costs, against pretend hosts on real sockets.
#include "probe/smb/smb_probe.h"

#include <algorithm>

#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>

#include "kit/turns.h"
#include "logins/logins.h"
#include "net/event.h"
#include "pretend_host.h"

namespace tocsin::probe {
namespace {

using namespace std::chrono_literals;
using simulate::Action;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;
using enum ServiceState;

const std::string kEngine = "QlikSenseEngineService";
const std::string kProxy = "QlikSenseProxyService";

const ObservedService& find(const std::vector<ObservedService>& services, const std::string& name) {
  static const ObservedService none;
  const auto found = std::ranges::find(services, ServiceName(name), &ObservedService::name);
  EXPECT_NE(found, services.end()) << name;
  return found == services.end() ? none : *found;
}

/// Both ways to check bring the same observation.
class SmbProbeTest : public PretendHostTest, public testing::WithParamInterface<bool> {
 protected:
  SmbProbeTest() { options.most_single_queries = GetParam() ? 8 : 0; }
};
INSTANTIATE_TEST_SUITE_P(Ways, SmbProbeTest, testing::Values(true, false),
                         [](const auto& way) { return way.param ? "ByName" : "List"; });

TEST_P(SmbProbeTest, ObservesEveryWatchedServiceOnceUnderWhateverCase) {
  start();
  watch({"qliksenseengineservice", kProxy, "NoSuchService", "ALG"});
  const auto seen = check();
  ASSERT_TRUE(seen) << seen.error().what;
  EXPECT_EQ(seen->size(), 4);
  EXPECT_EQ(find(*seen, kEngine).status.state, running);
  EXPECT_EQ(find(*seen, "NoSuchService").status.state, missing);
  EXPECT_EQ(find(*seen, "NoSuchService").details, nullptr);
  EXPECT_EQ(find(*seen, "ALG").status.state, stopped);
  EXPECT_EQ(find(*seen, "ALG").status.exit_code, 1077U);
  ASSERT_NE(find(*seen, kProxy).details, nullptr);
  EXPECT_EQ(find(*seen, kProxy).details->display_name, "Qlik Sense Proxy Service");
  EXPECT_EQ(find(*seen, kProxy).details->start_mode, StartMode::automatic);
  EXPECT_EQ(find(*seen, kProxy).details->executable_path,
            R"(C:\Program Files\Qlik\Sense\Proxy\Proxy.exe)");
  EXPECT_THAT(find(*seen, kProxy).details->dependencies,
              UnorderedElementsAre("QlikSenseServiceDispatcher"));
  EXPECT_EQ(find(*seen, kProxy).details->type, 0x10U);
}

TEST_P(SmbProbeTest, FollowsAServiceThroughItsLife) {
  start();
  watch({kEngine});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
  const auto process = find(*check(), kEngine).status.process_id;
  happen(Action::restart, kEngine);
  EXPECT_NE(find(*check(), kEngine).status.process_id, process);
  happen(Action::crash, kEngine);
  const auto crashed = check();
  EXPECT_EQ(find(*crashed, kEngine).status.state, stopped);
  EXPECT_NE(find(*crashed, kEngine).status.exit_code, 0U);
  happen(Action::deny, kEngine);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, denied)));
  happen(Action::allow, kEngine);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, stopped)));
  happen(Action::uninstall, kEngine);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, missing)));
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, missing)));
  happen(Action::install, kEngine);
  happen(Action::start, kEngine);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
  EXPECT_EQ(relay->connections(), 1);
}

TEST_P(SmbProbeTest, AServiceMayBeStoppedRemovedAndCreatedBetweenTwoChecks) {
  start();
  watch({kEngine});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
  // As an installer does; it would be refused (1072) if a handle of ours kept the old one.
  happen(Action::stop, kEngine);
  happen(Action::uninstall, kEngine);
  happen(Action::install, kEngine);
  happen(Action::start, kEngine);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
}

TEST_P(SmbProbeTest, ARefusedLoginIsNotRepeatedAtEachCheck) {
  start();
  logins::Logins logins(
      {.executor = loop.executor(), .clock = clock, .random = kit::counting_random()});
  const auto use = [&](const char* password) {
    return &logins.gate(
        {"credential:x"},
        {.name = "the credential x", .user = R"(CORP\monitor)", .secret = Secret(password)});
  };
  options.gate = use("wrong");
  watch({kEngine});
  EXPECT_EQ(check().error().kind, ErrorKind::login_refused);
  EXPECT_EQ(relay->connections(), 1);
  EXPECT_THAT(check().error().what, HasSubstr("the credential x is not tried before"));
  EXPECT_EQ(relay->connections(), 1) << "nor is the host connected to";
  use("tocsin");
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
}

TEST_P(SmbProbeTest, ASessionThatIsOpenOutlivesItsSuspectedAccount) {
  start();
  logins::Logins logins(
      {.executor = loop.executor(), .clock = clock, .random = kit::counting_random()});
  auto& gate = logins.gate(
      {"credential:x"},
      {.name = "the credential x", .user = R"(CORP\monitor)", .secret = Secret("tocsin")});
  options.gate = &gate;
  watch({kEngine});
  ASSERT_TRUE(check());
  gate.try_enter(HostName("other"))->refuse(logins::Blame::account, "locked out");
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
  EXPECT_EQ(relay->connections(), 1);
}

TEST_P(SmbProbeTest, ChecksAHostThatLacksTheNewerCalls) {
  start({.services = 20, .old = true});
  watch({kEngine, "ALG"});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running), Pair("ALG", stopped)));
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running), Pair("ALG", stopped)));
  EXPECT_NE(find(*check(), kEngine).details, nullptr);
  EXPECT_EQ(relay->connections(), 1);
}

TEST_P(SmbProbeTest, SpeaksEveryDialectEncryptedOrNot) {
  for (const auto dialect : {smb2::Dialect::smb2_1, smb2::Dialect::smb3_0, smb2::Dialect::smb3_0_2,
                             smb2::Dialect::smb3_1_1}) {
    for (const bool encryption : {true, false}) {
      start({.services = 20, .dialects = {dialect}, .encryption = encryption});
      watch({kEngine});
      EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
    }
  }
}

TEST_P(SmbProbeTest, LogsInAgainWhenTheSessionExpires) {
  start();
  // In the middle of replies too: the list takes several requests.
  happen(simulate::Behaviour{.mischief = simulate::Mischief::expiring, .number = 13});
  watch({kEngine, kProxy});
  for (int i = 0; i < 20; i++)
    EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running), Pair(kProxy, running)));
  EXPECT_EQ(relay->connections(), 1);
}

TEST_P(SmbProbeTest, ReconnectsWithinTheCheckWhenTheKeptConnectionWasClosed) {
  start();
  watch({kEngine});
  states();
  relay->cut();
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
  EXPECT_EQ(relay->connections(), 2);
}

TEST_P(SmbProbeTest, SaysHowACheckWentAboutIt) {
  using Session = CheckTrace::Session;
  start();
  watch({kEngine});
  states();
  auto trace = probe->last_check();
  EXPECT_EQ(trace.session, Session::opened);
  EXPECT_EQ(trace.connection, "SMB 3.1.1, encrypted, NTLM");
  EXPECT_EQ(trace.dropped, "");
  EXPECT_EQ(trace.listed.has_value(), !GetParam());
  EXPECT_EQ(trace.asked, GetParam() ? 2 : 0) << "and RpcSs, which tells of a boot";
  EXPECT_EQ(trace.details, 1);
  states();
  EXPECT_EQ(probe->last_check().session, Session::kept);
  EXPECT_EQ(probe->last_check().details, 0);
  relay->cut();
  states();
  trace = probe->last_check();
  EXPECT_EQ(trace.session, Session::opened);
  EXPECT_NE(trace.dropped, "");
}

TEST_P(SmbProbeTest, ReconnectsWithinTheCheckWhenTheKeptConnectionWasForgotten) {
  options.call_limit = 50ms;
  start();
  watch({kEngine});
  states();
  relay->forget_connections();
  EXPECT_TRUE(check());
  EXPECT_EQ(relay->connections(), 2);
}

TEST_P(SmbProbeTest, AHostThatIsDownCostsOneErrorACheckAndComesBack) {
  start();
  watch({kEngine});
  states();
  happen(simulate::Reachability::down);
  for (int i = 0; i < 2; i++) {
    const auto down = check();
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().kind, ErrorKind::unreachable);
  }
  happen(simulate::Reachability::up);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
}

TEST_P(SmbProbeTest, ACancelledCheckThrowsAndTheNextOneIsWhole) {
  start();
  watch({kEngine});
  states();
  relay->forget_connections();
  net::TaskScope scope(loop.executor());
  bool threw = false;
  scope.spawn([](Probe& of, bool& out) -> net::awaitable<void> {
    try {
      (void)co_await of.check(soon());
    } catch (const boost::system::system_error&) {
      out = true;
    }
  }(*probe, threw));
  loop.run_until_done(kit::let_others_run());
  scope.cancel();
  loop.run_until_done(scope.join());
  EXPECT_TRUE(threw);
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
}

TEST_P(SmbProbeTest, LogsOffAndMayBeUsedAgain) {
  start();
  watch({kEngine});
  states();
  relay->reset_counts();
  loop.run_until_done(probe->close(soon()));
  EXPECT_EQ(relay->requests(), 2);  // tree disconnect, logoff
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
  EXPECT_EQ(relay->connections(), 1);
}

TEST_P(SmbProbeTest, ReadsDetailsOnceInSixHoursAndAfterEachChange) {
  start({.services = 8});
  watch({kEngine});
  states();
  const auto usual = requests_of_a_check();
  happen(Action::restart, kEngine);
  EXPECT_GT(requests_of_a_check(), usual);
  EXPECT_EQ(requests_of_a_check(), usual);
  int reads = 0;
  for (int i = 0; i < 10; i++) {
    clock.advance(options.details.age / 10);
    reads += requests_of_a_check() > usual ? 1 : 0;
  }
  EXPECT_EQ(reads, 1);
}

TEST_P(SmbProbeTest, SharesDetailsThatHaveNotChanged) {
  start();
  watch({kEngine});
  const auto first = find(*check(), kEngine).details;
  happen(Action::restart, kEngine);
  EXPECT_EQ(find(*check(), kEngine).details, first);
}

TEST_P(SmbProbeTest, ACheckReadsNoDetailsAndBringsThoseThatAreKnown) {
  start();
  watch({kEngine});
  EXPECT_EQ(find(*check_states(), kEngine).details, nullptr);
  EXPECT_THAT(probe->due_details(), testing::ElementsAre(ServiceName(kEngine)));
  EXPECT_TRUE(read_details());
  EXPECT_THAT(probe->due_details(), testing::IsEmpty());
  EXPECT_NE(find(*check_states(), kEngine).details, nullptr);
}

TEST_P(SmbProbeTest, BeginsNoDetailsForWhichThereMayBeNoTime) {
  start();
  watch({kEngine, kProxy});
  (void)check_states();
  EXPECT_THAT(*read_details(net::within(options.details.question - 1ms)), testing::IsEmpty());
  EXPECT_THAT(probe->due_details(), testing::SizeIs(2));
}

TEST_P(SmbProbeTest, SaysWhatTheAccountLacks) {
  start();
  watch({kEngine});
  happen(simulate::ManagerAccess::denied);
  const auto seen = check();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::denied);
  EXPECT_EQ(seen.error().native, 5U);
  EXPECT_THAT(seen.error().what, HasSubstr("sc.exe sdset scmanager"));
  EXPECT_EQ(relay->connections(), 1);
}

/// The process of RpcSs that the check has observed; 0: none.
std::uint32_t rpc_process(const Probe& probe) {
  return probe.boot_signs().process(BootService::rpc_ss);
}

TEST_P(SmbProbeTest, TheProcessesOfTheSystemTellOfABoot) {
  start({.services = 250});
  watch({kEngine, kProxy});
  states();
  const auto before = probe->boot_signs();
  EXPECT_NE(rpc_process(*probe), 0U);
  EXPECT_EQ(before.process(BootService::lsm) != 0, !GetParam()) << "the list has all of them";
  happen(Action::restart, kEngine);
  happen(Action::restart, kProxy);
  states();
  EXPECT_EQ(has_booted(before, probe->boot_signs()), false);
  relay->cut();  // an absence
  states();
  EXPECT_EQ(has_booted(before, probe->boot_signs()), false);
  happen(Action::restart, "RpcSs");  // as only a boot can
  relay->cut();
  states();
  EXPECT_EQ(has_booted(before, probe->boot_signs()), true);
}

using SmbProbeErrors = PretendHostTest;

TEST_F(SmbProbeErrors, AWrongPasswordAndAnUnknownUserAreRefusedAndNotRepeated) {
  start();
  for (const auto& [password, user] : {std::pair{"Passw0rd", "monitor"}, {"tocsin", "somebody"}}) {
    set_password(password, user);
    watch({kEngine});
    relay->reset_counts();
    const auto seen = check();
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().kind, ErrorKind::login_refused);
    EXPECT_THAT(seen.error().what, HasSubstr("logon failure"));
    EXPECT_THAT(seen.error().what, Not(HasSubstr(password)));
    EXPECT_EQ(relay->connections(), 1);
  }
}

TEST_F(SmbProbeErrors, WithoutCredentialsNothingIsSent) {
  start();
  host.credentials = nullptr;
  watch({kEngine});
  const auto seen = check();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::denied);
  EXPECT_EQ(relay->connections(), 0);
}

TEST_F(SmbProbeErrors, AHostWithoutACommonDialectIsUnsupported) {
  start({.services = 20, .dialects = {}});
  watch({kEngine});
  const auto seen = check();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::unsupported);
}

using SmbProbeCost = PretendHostTest;

TEST_F(SmbProbeCost, AServiceThatIsAskedByNameCostsThreeRequests) {
  start();
  watch({kEngine, kProxy, "QlikLoggingService"});
  states();
  EXPECT_EQ(requests_of_a_check(), 3 * 3) << "opened, asked and closed";
}

TEST_F(SmbProbeCost, ThePatternsCostOneCallBecauseTheSizeOfTheListIsKnown) {
  start({.services = 8});  // whose list fits into one fragment
  watch({"Qlik*"});
  EXPECT_EQ(states().size(), 8);
  EXPECT_EQ(requests_of_a_check(), 1);
  // The size outlives the connection.
  constexpr std::size_t kLogin = 7;
  relay->cut();
  EXPECT_EQ(requests_of_a_check(), kLogin + 1);
}

TEST_F(SmbProbeCost, AMissingServiceIsAskedForAgainOnlyWhenTheListChangesOrRarely) {
  start({.services = 8});
  watch({"Qlik*", "NoSuchService"});
  EXPECT_THAT(states(), Contains(Pair("NoSuchService", missing)));
  EXPECT_EQ(requests_of_a_check(), 1);
  happen(Action::install, "Another");
  EXPECT_EQ(requests_of_a_check(), 2);
  EXPECT_EQ(requests_of_a_check(), 1);
  clock.advance(options.absent_age);
  EXPECT_GT(requests_of_a_check(), 1);
  EXPECT_EQ(requests_of_a_check(), 1);
  happen(Action::install, "NoSuchService");
  EXPECT_THAT(states(), Contains(Pair("NoSuchService", stopped)));
}

TEST_F(SmbProbeCost, OnlyAChangedProcessIsFollowedByTheQuestionForABoot) {
  start({.services = 250});
  watch({kEngine, kProxy});
  states();
  EXPECT_NE(rpc_process(*probe), 0U);
  states();
  EXPECT_EQ(probe->last_check().asked, 2);
  EXPECT_EQ(rpc_process(*probe), 0U);
  happen(Action::crash, kEngine);
  states();
  EXPECT_EQ(probe->last_check().asked, 3);
  EXPECT_NE(rpc_process(*probe), 0U);
  watch({kEngine, "rpcss"});
  for (int i = 0; i < 2; i++) {
    states();
    EXPECT_EQ(probe->last_check().asked, 2) << "it is watched itself";
    EXPECT_NE(rpc_process(*probe), 0U);
  }
}

TEST_F(SmbProbeErrors, AHostWithoutSuchServicesTellsOfNoBoot) {
  start({.services = 20});
  watch({kEngine});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(kEngine, running)));
  EXPECT_EQ(probe->boot_signs(), BootSigns{});
}

using SmbProbePatterns = PretendHostTest;

TEST_F(SmbProbePatterns, FindsServicesThatComeAndForgetsThoseThatGo) {
  start({.services = 8});
  watch({"Qlik*"});
  EXPECT_EQ(states().size(), 8);
  happen(Action::install, "QlikNew");
  EXPECT_THAT(states(), Contains(Pair("QlikNew", stopped)));
  happen(Action::uninstall, "QlikNew");
  EXPECT_THAT(states(), Not(Contains(Key("QlikNew"))));
  EXPECT_EQ(requests_of_a_check(), 1);
}

TEST_F(SmbProbePatterns, AServiceThatIsHiddenFromTheListIsDeniedNotGone) {
  start();
  watch({"Qlik*"});
  states();
  happen(Action::deny, kEngine);
  EXPECT_THAT(states(), Contains(Pair(kEngine, denied)));
  EXPECT_THAT(states(), Contains(Pair(kEngine, denied)));
  happen(Action::allow, kEngine);
  EXPECT_THAT(states(), Contains(Pair(kEngine, running)));
}

TEST_F(SmbProbePatterns, NamesBeyondAsciiAndWithSignsAreOrdinary) {
  start();
  const std::string odd = "Dienst$ & (Müller) #ß";
  happen(Action::install, odd);
  watch({odd, "DIENST$ & (MÜ*"});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair(odd, stopped)));
}

using SmbProbeList = PretendHostTest;

TEST_F(SmbProbeList, NamesAllServicesWithTheirDetails) {
  start({.services = 300});
  watch({kEngine});
  const auto seen = loop.run_until_done(probe->list(soon()));
  ASSERT_TRUE(seen) << seen.error().what;
  EXPECT_EQ(seen->size(), 300);
  for (const auto& service : *seen) {
    ASSERT_NE(service.details, nullptr) << service.name.text();
    EXPECT_NE(service.details->start_mode, StartMode::unknown) << service.name.text();
  }
  EXPECT_EQ(find(*seen, "CDPSvc").details->start_mode, StartMode::automatic_delayed);
}

}  // namespace
}  // namespace tocsin::probe
