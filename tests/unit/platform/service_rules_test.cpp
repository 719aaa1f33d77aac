#include "platform/service_rules.h"

#include <gtest/gtest.h>

namespace tocsin::platform {
namespace {

TEST(ServiceRules, NamesThatWindowsTakes) {
  for (const auto* name : {"tocsin", "tocsin (test)", "Wächter", "a.b-c_d"}) {
    EXPECT_TRUE(is_service_name(name)) << name;
  }
  EXPECT_TRUE(is_service_name(std::string(256, 'a')));
  EXPECT_FALSE(is_service_name(std::string(257, 'a')));
  for (const auto* name : {"", "a/b", "a\\b", "a\nb", "\xff"}) {
    EXPECT_FALSE(is_service_name(name)) << name;
  }
}

TEST(ServiceRules, OnlyAccountsOfPeopleHavePasswords) {
  for (const auto* account :
       {"NT SERVICE\\tocsin", "nt service\\tocsin", "LocalSystem", ".\\LocalSystem",
        "NT AUTHORITY\\LocalService", "NT AUTHORITY\\NetworkService", "CORP\\managed$"}) {
    EXPECT_FALSE(has_password(account)) << account;
  }
  for (const auto* account : {"CORP\\svc-tocsin", ".\\tocsin", "svc@corp.example"}) {
    EXPECT_TRUE(has_password(account)) << account;
  }
}

TEST(ServiceRules, AManagedAccountNeedsNoPasswordButTheRight) {
  EXPECT_TRUE(needs_logon_right("CORP\\managed$"));
  EXPECT_TRUE(needs_logon_right("CORP\\svc-tocsin"));
  EXPECT_FALSE(needs_logon_right(virtual_account("tocsin")));
  EXPECT_FALSE(needs_logon_right("NT AUTHORITY\\LocalService"));
}

TEST(ServiceRules, AnotherProgramsServiceIsNotOurs) {
  EXPECT_TRUE(runs_tocsin({"C:\\tocsin.exe", "service", "run", "-c", "C:\\t.yaml"}));
  EXPECT_FALSE(runs_tocsin({"C:\\Windows\\System32\\spoolsv.exe"}));
  EXPECT_FALSE(runs_tocsin({"C:\\Windows\\system32\\svchost.exe", "-k", "netsvcs", "-p"}));
  EXPECT_FALSE(runs_tocsin({}));
}

TEST(ServiceRules, ControlsAreAcceptedOnlyWhileItRuns) {
  EXPECT_EQ(running().accepted, 0x105U) << "stop, shutdown, pre-shutdown";
  EXPECT_EQ(running().state, 4U);
  for (const auto& status : {starting(1), stopping(), stopped(0)}) EXPECT_EQ(status.accepted, 0U);
}

TEST(ServiceRules, EveryStepOfTheStartIsASignOfLife) {
  EXPECT_EQ(starting(1).state, 2U);
  EXPECT_EQ(starting(2).checkpoint, 2U);
  EXPECT_GT(starting(1).wait_hint, 0U);
  EXPECT_GT(stopping().wait_hint, 5'000U) << "longer than the daemon may take";
}

TEST(ServiceRules, AnExitCodeIsAFailureOfTheService) {
  EXPECT_EQ(stopped(0).exit_code, 0U);
  EXPECT_EQ(stopped(2).state, 1U);
  EXPECT_EQ(stopped(2).exit_code, 1066U);  // ERROR_SERVICE_SPECIFIC_ERROR
  EXPECT_EQ(stopped(2).specific_exit_code, 2U);
}

}  // namespace
}  // namespace tocsin::platform
