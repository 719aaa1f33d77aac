#include "daemon/silences.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "unit/daemon/rooms.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Time kSaturday = std::chrono::sys_days(2026y / 11 / 28);

config::Maintenance patch_night() {
  return {.name = "patch night",
          .scopes = {SilenceScope::parse("sql*"), SilenceScope::parse("web1/W3SVC")},
          .window = {Schedule::parse("at 22:00 on saturday").value(), 4h},
          .reason = "updates"};
}

class SilencesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  store::Silences silences() { return store::Silences::open(folder_).value(); }
  std::string why(const Silences& silences, const char* host, const char* service, Time now) {
    const auto hold = silences.find(HostName(host), ServiceName(service), now);
    return hold ? hold->why : "";
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / make_uuid(kSaturday, platform::system_random());
  Result<store::Store> store_ = store::Store::open(folder_);
  ManualClock clock_{kSaturday + 22h};
  Log log_{{.level = config::LogLevel::error}};
};

TEST_F(SilencesTest, MaintenanceHoldsForItsScopesWhileItsWindowIsOpen) {
  const Silences all(silences(), {patch_night()}, clock_, log_);
  const auto* expected = "maintenance `patch night` until 2026-11-29T02:00Z: updates";
  EXPECT_EQ(why(all, "SQL1", "", kSaturday + 22h), expected);
  EXPECT_EQ(why(all, "sql1", "MSSQLSERVER", kSaturday + 23h), expected);
  EXPECT_EQ(why(all, "web1", "w3svc", kSaturday + 23h), expected);
  EXPECT_EQ(why(all, "web1", "", kSaturday + 23h), "");
  EXPECT_EQ(why(all, "sql1", "", kSaturday + 26h), "");
  EXPECT_EQ(all.find(HostName("sql1"), {}, kSaturday + 23h)->until, kSaturday + 26h);
}

TEST_F(SilencesTest, WhatPeopleAskForHoldsOnceItIsRead) {
  Silences all(silences(), {}, clock_, log_);
  const auto id = silences().add({.scope = SilenceScope::parse("web1"),
                                  .begin = clock_.now(),
                                  .end = clock_.now() + 1h,
                                  .reason = "new disk",
                                  .author = "alice"});
  EXPECT_EQ(why(all, "web1", "W3SVC", clock_.now()), "");
  ASSERT_TRUE(all.read());
  EXPECT_EQ(why(all, "web1", "W3SVC", clock_.now()),
            "silenced by alice until 2026-11-28T23:00Z: new disk");
  ASSERT_TRUE(silences().end(id.value(), clock_.now()));
  ASSERT_TRUE(all.read());
  EXPECT_EQ(why(all, "web1", "W3SVC", clock_.now()), "");
}

}  // namespace
}  // namespace tocsin::daemon
