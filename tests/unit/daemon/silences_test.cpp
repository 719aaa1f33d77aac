#include "daemon/silences.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "kit/time_zone_file.h"

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
  static std::string reason(const Silences& silences, const char* host, const char* service,
                            Time now) {
    const auto suppression = silences.find(HostName(host), ServiceName(service), now);
    return suppression ? suppression->reason : "";
  }

  Log log_{{.level = config::LogLevel::error}};
};

TEST_F(SilencesTest, MaintenanceSuppressesItsScopesWhileItsWindowIsOpen) {
  const Silences all({patch_night()}, log_);
  const auto* expected = "maintenance `patch night` until 2026-11-29T02:00Z: updates";
  EXPECT_EQ(reason(all, "SQL1", "", kSaturday + 22h), expected);
  EXPECT_EQ(reason(all, "sql1", "MSSQLSERVER", kSaturday + 23h), expected);
  EXPECT_EQ(reason(all, "web1", "w3svc", kSaturday + 23h), expected);
  EXPECT_EQ(reason(all, "web1", "", kSaturday + 23h), "");
  EXPECT_EQ(reason(all, "sql1", "", kSaturday + 26h), "");
  EXPECT_EQ(all.find(HostName("sql1"), {}, kSaturday + 23h)->until, kSaturday + 26h);
}

TEST_F(SilencesTest, MaintenanceFollowsTheClocksOfItsZone) {
  // The clocks go from 2:00 to 3:00 at 1:00 UTC, in the middle of it.
  constexpr Time kSunday = std::chrono::sys_days(2026y / 3 / 29);
  auto night = patch_night();
  const auto zone =
      TimeZone::parse("Europe/Stockholm", kit::time_zone_file(1h, "CET-1CEST,M3.5.0,M10.5.0/3"));
  night.window = {Schedule::parse("at 0:00 on sunday", zone.value()).value(), 3h};
  const Silences all({night}, log_);
  EXPECT_EQ(reason(all, "sql1", "", kSunday - 1h - 1s), "");
  EXPECT_EQ(reason(all, "sql1", "", kSunday - 1h),
            "maintenance `patch night` until 2026-03-29T02:00Z: updates");
  EXPECT_EQ(all.find(HostName("sql1"), {}, kSunday + 1h)->until, kSunday + 2h);
  EXPECT_EQ(reason(all, "sql1", "", kSunday + 2h), "");
}

TEST_F(SilencesTest, ASilenceSuppressesFromItsBeginUpToItsEnd) {
  Silences all({}, log_);
  all.set_silences({{.id = 1,
                     .scope = SilenceScope::parse("web1"),
                     .begin = kSaturday,
                     .end = kSaturday + 1h,
                     .reason = "new disk",
                     .author = "alice"}});
  EXPECT_EQ(reason(all, "web1", "W3SVC", kSaturday),
            "silenced by alice until 2026-11-28T01:00Z: new disk");
  EXPECT_EQ(reason(all, "web2", "W3SVC", kSaturday), "");
  EXPECT_EQ(reason(all, "web1", "W3SVC", kSaturday + 1h), "");
  all.set_silences({});
  EXPECT_EQ(reason(all, "web1", "W3SVC", kSaturday), "");
}

}  // namespace
}  // namespace tocsin::daemon
