// What a check makes of a service manager, with a pretend one.
#include "probe/scm/session.h"

#include <map>

#include <gmock/gmock.h>

#include "unit/probe/scm/pretend_system.h"

namespace tocsin::probe::scm {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;
using enum ServiceState;

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    machine.set("Spooler", svcctl::kRunning, 10);
    machine.set("MSSQL$A", svcctl::kRunning, 11);
    machine.set("Other", svcctl::kRunning, 12);
  }
  void watch(const std::vector<std::string>& patterns, std::string at = "") {
    std::vector<WatchedService> services;
    services.reserve(patterns.size());
    for (const auto& pattern : patterns) services.push_back({.pattern = pattern});
    watch(Watchlist(std::move(services)), std::move(at));
  }
  void watch(Watchlist watchlist, std::string at = "") {
    machine_name = std::move(at);
    session = std::make_unique<Session>(
        system, Session::Host{HostName("node"), machine_name, std::move(watchlist)},
        DetailsLimits{});
  }
  std::map<std::string, ServiceState> states() {
    std::map<std::string, ServiceState> states;
    const auto seen = session->check(now);
    EXPECT_TRUE(seen) << seen.error().what;
    if (!seen) return states;
    for (const auto& service : *seen)
      EXPECT_TRUE(states.emplace(service.name.text(), service.status.state).second);
    return states;
  }
  /// Reads the details that are due; answers of which services.
  std::vector<std::string> learn() {
    std::vector<std::string> sources;
    DetailsReader reader(system, machine_name);
    for (const auto& name : session->due_details(now)) {
      sources.push_back(session->source_of_details(name).text());
      auto read = reader.read(sources.back());
      session->learn(name, read ? std::optional(*std::move(read)) : std::nullopt, now);
    }
    return sources;
  }
  std::vector<std::string> calls_of_a_check() {
    machine.calls.clear();
    states();
    return machine.calls;
  }

  std::shared_ptr<PretendSystem> system = std::make_shared<PretendSystem>();
  PretendMachine& machine = *system->machine;
  std::string machine_name;
  std::unique_ptr<Session> session;
  Time now{std::chrono::hours(500'000)};
};

TEST_F(SessionTest, ObservesEachWatchedServiceOnce) {
  watch({"spooler", "MSSQL$*", "Nothing", "Spool*"});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Spooler", running), Pair("MSSQL$A", running),
                                             Pair("Nothing", missing)));
}

TEST_F(SessionTest, ACheckIsOneCallAndDetailsAreDueNowAndThen) {
  watch({"Spooler", "MSSQL$*"});
  EXPECT_THAT(calls_of_a_check(), ElementsAre("open", "list"));
  EXPECT_THAT(learn(), UnorderedElementsAre("Spooler", "MSSQL$A"));
  EXPECT_THAT(calls_of_a_check(), ElementsAre("list"));
  EXPECT_THAT(learn(), IsEmpty());
  now += DetailsLimits{}.age;
  EXPECT_THAT(learn(), UnorderedElementsAre("Spooler", "MSSQL$A"));
}

TEST_F(SessionTest, ReportsWhatTheManagerKnowsOfAService) {
  watch({"Spooler"});
  machine.services["Spooler"].configuration.dependencies = {"RpcSs"};
  machine.services["Spooler"].configuration.delayed = true;
  machine.services["Spooler"].configuration.trigger_start = true;
  machine.services["Spooler"].configuration.path = R"(C:\Windows\spoolsv.exe)";
  machine.services["Spooler"].configuration.type = 0xD0 | svcctl::kInteractiveProcess;
  states();
  learn();
  const auto seen = session->check(now);
  ASSERT_TRUE(seen);
  const auto details = seen->at(0).details;
  ASSERT_NE(details, nullptr);
  EXPECT_EQ(details->display_name, "Spooler display");
  EXPECT_EQ(details->start_mode, StartMode::automatic_delayed);
  EXPECT_EQ(details->executable_path, R"(C:\Windows\spoolsv.exe)");
  EXPECT_THAT(details->dependencies, ElementsAre("RpcSs"));
  EXPECT_TRUE(details->trigger_start);
  EXPECT_EQ(details->type, 0xD0U);
  EXPECT_TRUE(is_per_user(*details));
}

TEST_F(SessionTest, WhatTheListLeavesOutIsAskedByName) {
  machine.services["Spooler"].listed = false;
  machine.services["MSSQL$A"].listed = false;
  machine.services["MSSQL$A"].error = svcctl::kAccessDenied;
  watch({"Spooler", "MSSQL$A"});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Spooler", running), Pair("MSSQL$A", denied)));
}

TEST_F(SessionTest, OneServicesErrorIsItsOwn) {
  watch({"Spooler", "MSSQL$A"});
  machine.services["Spooler"].status.current_state = 99;
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Spooler", unknown), Pair("MSSQL$A", running)));
  machine.services["Spooler"].listed = false;
  machine.services["Spooler"].error = svcctl::kServiceMarkedForDelete;
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Spooler", missing), Pair("MSSQL$A", running)));
}

TEST_F(SessionTest, WhatAPatternFoundAndIsGoneIsNotReported) {
  watch({"MSSQL$*"});
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("MSSQL$A", running)));
  machine.services.erase("MSSQL$A");
  EXPECT_THAT(states(), IsEmpty());
  machine.calls.clear();
  EXPECT_THAT(calls_of_a_check(), ElementsAre("list"));
}

TEST_F(SessionTest, WhatAPatternFoundAndIsDeniedNowIsNotGone) {
  watch({"MSSQL$*"});
  states();
  machine.services["MSSQL$A"].listed = false;
  machine.services["MSSQL$A"].error = svcctl::kAccessDenied;
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("MSSQL$A", denied)));
}

TEST_F(SessionTest, FindsServicesByDisplayNameAndReportsOnceOneThatHasAnother) {
  watch(Watchlist({{.display_name = "mssql*", .automatic_only = true}}));
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("MSSQL$A", running)));
  learn();
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("MSSQL$A", running)));
  now += DetailsLimits{}.age;
  machine.services["MSSQL$A"].configuration.start_type = svcctl::kDemandStart;
  learn();
  const auto changed = session->check(now);
  ASSERT_EQ(changed->size(), 1U) << "so that it does not seem to have vanished";
  EXPECT_EQ(changed->at(0).details->start_mode, StartMode::manual);
  EXPECT_THAT(states(), IsEmpty());
}

TEST_F(SessionTest, TheCopiesOfAPerUserServiceAreOneWhileThereAreAny) {
  machine.set("Clip_1a", svcctl::kStopped);
  machine.set("Clip_2b", svcctl::kRunning, 13);
  for (const auto* copy : {"Clip_1a", "Clip_2b"}) {
    machine.services[copy].status.service_type = 0xE0;
    machine.services[copy].configuration.type = 0xE0;
  }
  watch({"Clip*"});
  states();
  EXPECT_THAT(learn(), ElementsAre("Clip_1a"));
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Clip", running)));
  machine.services.erase("Clip_2b");
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Clip", stopped)));
  machine.services.erase("Clip_1a");
  EXPECT_THAT(states(), IsEmpty());
}

TEST_F(SessionTest, AHostThatIsShuttingDownIsUnreachable) {
  const auto is_unreachable = [&](std::string at) {
    watch({"Spooler"}, std::move(at));
    const auto seen = session->check(now);
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().kind, ErrorKind::unreachable);
    EXPECT_EQ(seen.error().what, "the host is shutting down");
    EXPECT_EQ(seen.error().native, 1115U);
  };
  machine.list_error = svcctl::kShutdownInProgress;
  is_unreachable("node9");
  machine.list_error = 0;
  machine.open_error = svcctl::kShutdownInProgress;
  is_unreachable("");
}

TEST_F(SessionTest, TheSystemTellsOfItsBoot) {
  machine.set("RpcSs", svcctl::kRunning, 904);
  machine.set("SAMSS", svcctl::kRunning, 700);
  const auto signs = [&](std::string at) {
    watch({"Spooler"}, std::move(at));
    states();
    return session->boot_signs();
  };
  EXPECT_EQ(signs("").booted_at, now - std::chrono::hours(1)) << "by the uptime";
  EXPECT_EQ(signs("").process(BootService::rpc_ss), 904U);
  EXPECT_EQ(signs("node9").process(BootService::sam_ss), 700U);
  EXPECT_EQ(signs("node9").process(BootService::lsm), 0U);
  EXPECT_EQ(signs("node9").booted_at, Time{}) << "its uptime is not ours";
}

TEST_F(SessionTest, AProcessThatDiedIsAServiceThatStopped) {
  watch({"Spooler", "MSSQL$A"});
  machine.processes = {10};
  const auto seen = session->check(now);
  ASSERT_TRUE(seen);
  for (const auto& service : *seen) {
    const bool lives = service.name.text() == "Spooler";
    EXPECT_EQ(service.status.state, lives ? running : stopped);
    EXPECT_EQ(service.status.exit_code, lives ? 0U : 1067U);
  }
}

TEST_F(SessionTest, AProcessThatEndedSinceTheListIsNoCrash) {
  watch({"Spooler"});
  machine.processes = {1};
  machine.before_processes = [this] { machine.set("Spooler", svcctl::kStopped); };
  const auto stopped_meanwhile = session->check(now);
  ASSERT_TRUE(stopped_meanwhile);
  EXPECT_EQ(stopped_meanwhile->at(0).status.state, stopped);
  EXPECT_EQ(stopped_meanwhile->at(0).status.exit_code, 0U);

  machine.set("Spooler", svcctl::kRunning, 10);
  machine.before_processes = [this] { machine.set("Spooler", svcctl::kRunning, 11); };
  const auto restarted_meanwhile = session->check(now);
  ASSERT_TRUE(restarted_meanwhile);
  EXPECT_EQ(restarted_meanwhile->at(0).status.process_id, 11U);
}

TEST_F(SessionTest, OfAnotherMachineTheProcessesAreNotOurs) {
  watch({"Spooler"}, "node7");
  machine.processes = {1};
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Spooler", running)));
  EXPECT_THAT(system->opened, ElementsAre("node7"));
}

TEST_F(SessionTest, AManagerThatWentBadIsOpenedOnceMore) {
  watch({"Spooler"});
  states();
  machine.list_error = svcctl::kRpcServerUnavailable;
  machine.calls.clear();
  const auto seen = session->check(now);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(machine.calls, ElementsAre("list", "open", "list"));
  machine.list_error = 0;
  EXPECT_THAT(states(), UnorderedElementsAre(Pair("Spooler", running)));
}

TEST_F(SessionTest, AnAccountWithoutRightsIsDeniedAndNothingIsStopped) {
  watch({"Spooler"});
  machine.open_error = svcctl::kAccessDenied;
  const auto seen = session->check(now);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::denied);
}

TEST_F(SessionTest, AConnectionThatBreaksWhileOneIsAskedByNameBringsNothing) {
  watch({"Spooler"});
  machine.services["Spooler"].listed = false;
  machine.services["Spooler"].error = svcctl::kRpcServerUnavailable;
  const auto seen = session->check(now);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::unreachable);
}

TEST_F(SessionTest, ListsEverythingWithDetails) {
  watch({"Spooler"});
  machine.services["Other"].error = svcctl::kAccessDenied;
  const auto all = session->list();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  for (const auto& service : *all)
    EXPECT_EQ(service.details->display_name, service.name.text() + " display");
}

TEST(MachineOf, OwnNamesAreThisMachine) {
  const std::vector<std::string> own{"NODE1", "node1.corp.example"};
  for (const auto* name :
       {"localhost", "LOCALHOST", ".", "127.0.0.1", "::1", "node1", "Node1.Corp.Example"})
    EXPECT_EQ(machine_of(name, own), "") << name;
  for (const auto* name : {"node2", "node1.other.example", "10.0.0.1"})
    EXPECT_EQ(machine_of(name, own), name);
}

}  // namespace
}  // namespace tocsin::probe::scm
