#include "platform/time_zones.h"

#include <gtest/gtest.h>

namespace tocsin::platform {
namespace {

TEST(TimeZones, AreThoseOfTheMachine) {
  const auto stockholm = load_time_zone("Europe/Stockholm");
  ASSERT_TRUE(stockholm) << stockholm.error().what;
  EXPECT_TRUE(stockholm->starts_with("TZif"));
  EXPECT_TRUE(load_time_zone("Etc/GMT+5"));
}

TEST(TimeZones, AreNoOtherFiles) {
  for (const auto* name :
       {"", "/etc/passwd", "../../../etc/passwd", "Europe/../UTC", "Europe", "Europe/",
        "Europe//Stockholm", "tzdata.zi", "Europe/Atlantis", "zone.tab"})
    EXPECT_FALSE(load_time_zone(name)) << name;
  EXPECT_EQ(load_time_zone("Europe/Atlantis").error().what,
            "there is no time zone `Europe/Atlantis`");
}

}  // namespace
}  // namespace tocsin::platform
