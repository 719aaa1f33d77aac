#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The sample with its one maintenance entry, which begins on line 4.
Loaded parse_maintenance(const std::string& entry) {
  return parse_sample(sample_with({{2, "  serviceMonitor:\n    maintenance:\n      - " + entry}}));
}

TEST(Maintenance, IsAWindowForSomeHosts) {
  const auto loaded = parse_maintenance(
      "{name: patches, of: [node*/Spooler], begins: at 9:00, timeZone: Test/Late, for: 2h}");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  ASSERT_EQ(loaded.config->maintenance.size(), 1);
  const auto& maintenance = loaded.config->maintenance[0];
  EXPECT_EQ(maintenance.scopes.at(0).text(), "node*/Spooler");
  const Time day = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  EXPECT_EQ(maintenance.window.open_until(day + std::chrono::hours(11)),
            day + std::chrono::hours(13));
}

TEST(Maintenance, IsOfEverythingWhereItDoesNotSay) {
  const auto loaded = parse_maintenance("{name: night, begins: at 2:00, for: 30m}");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_EQ(loaded.config->maintenance.at(0).scopes.at(0).text(), "*");
}

TEST(Maintenance, ReportsItsMistakes) {
  EXPECT_THAT(findings_of(parse_maintenance("{name: night, begins: at 25:00, for: 30m}")),
              ElementsAre("4:34: error: `begins`: expected an hour from 0 to 23"));
  EXPECT_THAT(findings_of(parse_maintenance("{name: night, begins: at 2:00, for: 40d}")),
              ElementsAre("4:45: error: `for` must be from 1m to 31d, but this is `40d`"));
  EXPECT_THAT(findings_of(parse_maintenance("{name: night, of: [sql1], begins: at 2:00, for: 1h}")),
              ElementsAre("4:28: warning: `of`: no host of `monitor` is called `sql1`"));
  EXPECT_THAT(
      findings_of(parse_maintenance("{name: night, of: [node1/], begins: at 2:00, for: 1h}")),
      ElementsAre("4:28: error: `of`: `node1/` is neither `HOST` nor `HOST/SERVICE`"));
  EXPECT_THAT(findings_of(parse_maintenance("{name: a, begins: at 2:00, for: 1h}\n"
                                            "      - {name: A, begins: at 3:00, for: 1h}")),
              ElementsAre("5:16: error: the maintenance `A` appears twice, first in line 4"));
}

}  // namespace
}  // namespace tocsin::config
