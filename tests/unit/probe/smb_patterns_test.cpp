// What a probe watches that was not named in full, against pretend hosts on real sockets.
#include <algorithm>

#include <gmock/gmock.h>

#include "pretend_host.h"

namespace tocsin::probe {
namespace {

using simulate::Action;
using testing::Contains;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;
using enum ServiceState;

class SmbProbeSelection : public PretendHostTest {
 protected:
  /// The states of what is watched by what the check knows.
  std::map<std::string, ServiceState> watched() {
    std::map<std::string, ServiceState> states;
    const auto seen = check();
    EXPECT_TRUE(seen) << seen.error().what;
    if (!seen) return states;
    for (const auto& service : *seen) {
      const auto* details = service.details.get();
      if (host.services.find(service.name, details) == nullptr ||
          host.services.is_undecided(service.name, details))
        continue;
      states.emplace(service.name.text(), service.status.state);
    }
    return states;
  }
  std::shared_ptr<const ServiceDetails> details(const std::string& name) {
    const auto seen = check();
    const auto found = std::ranges::find(*seen, ServiceName(name), &ObservedService::name);
    return found == seen->end() ? nullptr : found->details;
  }
};

TEST_F(SmbProbeSelection, FindsServicesByDisplayName) {
  start();
  watch(Watchlist({{.display_name = "qlik sense *", .exclude = {"* Database", "*Printing*"}},
                   {.display_name = "Application Layer Gateway Service"}}));
  EXPECT_THAT(watched(), UnorderedElementsAre(Pair("QlikSenseEngineService", running),
                                              Pair("QlikSenseProxyService", running),
                                              Pair("QlikSenseRepositoryService", running),
                                              Pair("QlikSenseSchedulerService", running),
                                              Pair("QlikSenseServiceDispatcher", running),
                                              Pair("ALG", stopped)));
  happen(Action::install, "Qlik Sense New");  // which is its display name too
  EXPECT_THAT(watched(), Contains(Pair("Qlik Sense New", stopped)));
  happen(Action::uninstall, "Qlik Sense New");
  EXPECT_THAT(watched(), Not(Contains(Key("Qlik Sense New"))));
}

TEST_F(SmbProbeSelection, FindsThoseAloneThatStartAutomatically) {
  start();
  watch(Watchlist({{.pattern = "A*", .automatic_only = true},
                   {.pattern = "CDP*", .automatic_only = true},
                   {.pattern = "Qlik*", .automatic_only = true}}));
  const auto found = watched();
  EXPECT_EQ(found.size(), 8) << "those of Qlik alone";
  EXPECT_THAT(found, Not(Contains(Key("ALG"))));
  EXPECT_EQ(watched(), found) << "brought once more: what is not watched after all";
  relay->reset_counts();
  EXPECT_EQ(check()->size(), 8);
  EXPECT_LE(relay->requests(), 2) << "the list alone: start modes are remembered";
  happen(Action::install, "QlikManual");
  EXPECT_THAT(watched(), Not(Contains(Key("QlikManual"))));
}

TEST_F(SmbProbeSelection, StartModesThatThereWasNoTimeForAreUndecided) {
  start();
  watch(Watchlist({{.pattern = "Qlik*", .automatic_only = true}}));
  const auto seen = check_states();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->size(), 8);
  for (const auto& service : *seen)
    EXPECT_TRUE(host.services.is_undecided(service.name, service.details.get()));
}

TEST_F(SmbProbeSelection, TheCopiesOfAPerUserServiceAreOne) {
  start({.services = 250});
  watch({"CDPUserSvc*"});
  EXPECT_THAT(watched(), UnorderedElementsAre(Pair("CDPUserSvc", running)));
  const auto known = details("CDPUserSvc");
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->display_name, "Connected Devices Platform User Service");
  EXPECT_EQ(known->start_mode, StartMode::automatic);
  EXPECT_TRUE(is_per_user(*known));
  watch({"CDPUserSvc_*"});
  EXPECT_THAT(watched(), UnorderedElementsAre(Pair("CDPUserSvc", running)));
}

TEST_F(SmbProbeSelection, WithoutACopyAPerUserServiceIsNotThere) {
  start({.services = 250});
  watch({"*"});
  std::vector<std::string> copies;
  const auto all = loop.run_until_done(probe->list(soon()));
  ASSERT_TRUE(all);
  for (const auto& service : *all)
    if (service.name.text().starts_with("CDPUserSvc_")) copies.push_back(service.name.text());
  ASSERT_FALSE(copies.empty());
  watch({"CDPUserSvc*"});
  EXPECT_THAT(watched(), UnorderedElementsAre(Pair("CDPUserSvc", running)));
  for (const auto& copy : copies) happen(Action::stop, copy);
  EXPECT_THAT(watched(), UnorderedElementsAre(Pair("CDPUserSvc", stopped)));
  for (const auto& copy : copies) happen(Action::uninstall, copy);
  EXPECT_THAT(watched(), IsEmpty());
  watch({copies.front()});
  EXPECT_THAT(watched(), UnorderedElementsAre(Pair(copies.front(), missing)));
  happen(Action::install, copies.front());
  EXPECT_THAT(watched(), UnorderedElementsAre(Pair(copies.front(), stopped)));
}

TEST_F(SmbProbeSelection, ReportsWhatIsStartedByEvents) {
  start({.services = 250});
  watch({"wuauserv", "Spooler"});
  EXPECT_TRUE(details("wuauserv")->trigger_start);
  EXPECT_FALSE(details("Spooler")->trigger_start);
  start({.services = 250, .old = true});
  watch({"wuauserv"});
  EXPECT_FALSE(details("wuauserv")->trigger_start);
}

TEST_F(SmbProbeSelection, AHostThatIsShuttingDownIsUnreachable) {
  for (const std::size_t single : {8U, 0U}) {
    options.most_single_queries = single;
    start();
    watch({"QlikSenseEngineService"});
    watched();
    happen(simulate::Reboot{.farewell = simulate::Farewell::told, .over = std::chrono::hours(1)});
    for (int i = 0; i < 2; i++) {  // over the kept connection, and over a new one
      const auto seen = check();
      ASSERT_FALSE(seen);
      EXPECT_EQ(seen.error().kind, ErrorKind::unreachable);
      EXPECT_EQ(seen.error().what, "the host is shutting down");
      EXPECT_EQ(seen.error().native, 1115U);
    }
  }
}

}  // namespace
}  // namespace tocsin::probe
