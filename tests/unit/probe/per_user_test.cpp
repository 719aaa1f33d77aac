#include "probe/per_user.h"

#include <array>

#include <gtest/gtest.h>

namespace tocsin::probe {
namespace {

using enum ServiceState;

TEST(PerUser, TheBaseNameIsWithoutTheLogon) {
  EXPECT_EQ(base_name("CDPUserSvc_3b2f1", 0xE0), "CDPUserSvc");
  EXPECT_EQ(base_name("My_Own_ABC", 0xD0), "My_Own");
  EXPECT_EQ(base_name("CDPUserSvc_3b2f1", 0x60), std::nullopt) << "by its type it is no copy";
  EXPECT_EQ(base_name("CDPUserSvc_", 0xE0), std::nullopt);
  EXPECT_EQ(base_name("CDPUserSvc_user", 0xE0), std::nullopt);
  EXPECT_EQ(base_name("_3b2f1", 0xE0), std::nullopt);
  EXPECT_EQ(base_name("CDPUserSvc", 0xE0), std::nullopt);
}

TEST(PerUser, TheDisplayNameLosesTheSameLogonOnly) {
  EXPECT_EQ(base_display_name("Clipboard User Service_3b2f1", "cbdhsvc_3b2f1"),
            "Clipboard User Service");
  EXPECT_EQ(base_display_name("Clipboard User Service_aa", "cbdhsvc_3b2f1"),
            "Clipboard User Service_aa");
  EXPECT_EQ(base_display_name("_3b2f1", "cbdhsvc_3b2f1"), "_3b2f1");
}

TEST(PerUser, RecognizesTemplatesAndGroups) {
  EXPECT_TRUE(is_template(0x60));
  EXPECT_FALSE(is_template(0xE0));
  EXPECT_FALSE(is_template(0x20));
  EXPECT_TRUE(is_group(ServiceName("CDPUserSvc"), {.type = 0xE0}));
  EXPECT_FALSE(is_group(ServiceName("CDPUserSvc_3b2f1"), {.type = 0xE0}));
  EXPECT_FALSE(is_group(ServiceName("Spooler"), {.type = 0x10}));
}

TEST(PerUser, RunsIfAnyCopyRuns) {
  const auto of = [](std::initializer_list<ServiceState> states) {
    std::vector<ServiceStatus> copies;
    for (const auto state : states) copies.push_back({.state = state, .process_id = 7});
    const auto status = status_of_copies(copies);
    EXPECT_EQ(status.process_id, 0U);
    return status.state;
  };
  EXPECT_EQ(of({stopped, running, stop_pending}), running);
  EXPECT_EQ(of({stopped, stopped}), stopped);
  EXPECT_EQ(of({stopped, start_pending}), start_pending);
  EXPECT_EQ(of({stop_pending, stopped}), stop_pending);
  EXPECT_EQ(of({unknown, stopped}), stopped);
}

}  // namespace
}  // namespace tocsin::probe
