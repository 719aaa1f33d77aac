#include "simulate/script.h"

#include <gtest/gtest.h>

namespace tocsin::simulate {
namespace {

using std::chrono_literals::operator""ms;

TEST(Script, ReadsWhatHappensInTheOrderOfTime) {
  const auto script = parse_script(R"(
# a morning
1m     down    qs-node*
2.5s   stop    qs-node1   Qlik Sense #1
100ms  behave  qs-node3   silent:5
2.5s   deny    qs-node2
)");
  ASSERT_TRUE(script) << script.error().what;
  ASSERT_EQ(script->size(), 4U);
  EXPECT_EQ((*script)[0].at, 100ms);
  const auto& behaviour = std::get<Behaviour>((*script)[0].what);
  EXPECT_EQ(behaviour.mischief, Mischief::silent);
  EXPECT_EQ(behaviour.number, 5U);
  EXPECT_EQ((*script)[1].at, 2500ms);
  const auto& stop = std::get<ServiceEvent>((*script)[1].what);
  EXPECT_EQ(stop.action, Action::stop);
  EXPECT_EQ(stop.service, ServiceName("qlik sense #1"));
  EXPECT_EQ(std::get<ManagerAccess>((*script)[2].what), ManagerAccess::denied);
  EXPECT_EQ(std::get<Reachability>((*script)[3].what), Reachability::down);
  EXPECT_EQ((*script)[3].host, "qs-node*");
}

TEST(Script, SaysWhatIsWrongInWhichLine) {
  for (const auto* line : {"stop node Spooler",
                           "2x stop node Spooler",
                           "-1s stop node Spooler",
                           "nans stop node Spooler",
                           "1s",
                           "1s stop",
                           "1s stop node",
                           "1s explode node Spooler",
                           "1s behave node rudely",
                           "1s behave node silent:x",
                           "1s down node Spooler",
                           "1s reboot",
                           "1s reboot node soon",
                           "1s failover node",
                           "1s failover node other",
                           "1s flap node",
                           "1s flap node 3",
                           "1s flap node Spooler",
                           "1s flap node Spooler x 1s",
                           "1s password node",
                           "1s refuse-logons node locked",
                           "1s refuse-logons node 0x0",
                           "1s refuse-logons node 0x",
                           "1s refuse-logons node 0xC00000340",
                           "1s accept-logons node 0xC0000234",
                           "1s disconnect node now",
                           "1s push node",
                           "1s push node sometimes"}) {
    const auto script = parse_script("\n" + std::string(line) + "\n");
    ASSERT_FALSE(script) << line;
    EXPECT_EQ(script.error().kind, ErrorKind::invalid_config);
    EXPECT_TRUE(script.error().what.starts_with("line 2: ")) << script.error().what;
  }
}

TEST(Script, LongerEventsHaveUsualTimes) {
  EXPECT_EQ(std::get<Reboot>(parse_event("reboot a")->what).over, std::chrono::seconds(60));
  EXPECT_EQ(std::get<Reboot>(parse_event("reboot-quietly a")->what).farewell, Farewell::quiet);
  const auto flap = std::get<Flap>(parse_event("flap a Qlik 2 7")->what);
  EXPECT_EQ(flap.service, ServiceName("Qlik 2"));
  EXPECT_EQ(flap.count, 7U);
  EXPECT_EQ(flap.every, std::chrono::seconds(1));
  EXPECT_EQ(std::get<LogonRefusal>(parse_event("refuse-logons a")->what).status, 0xC000006D);
}

TEST(Script, DescribesEventsAsTheyAreWritten) {
  for (const auto* text :
       {"stop qs-node1 Qlik Sense #1", "deny qs-node2", "allow *", "down a", "up a",
        "behave a silent:5", "reboot a 1m", "reboot-quietly a 90s", "failover a b Qlik Sense #1",
        "flap a Qlik Sense #1 3 250ms", "password * correct horse", "refuse-logons a 0xC0000234",
        "accept-logons a", "disconnect *", "push a none", "behave a push-lies:3"}) {
    const auto event = parse_event(text);
    ASSERT_TRUE(event) << text;
    EXPECT_EQ(describe(*event), text);
  }
}

}  // namespace
}  // namespace tocsin::simulate
