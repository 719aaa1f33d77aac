#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "kit/scratch.h"
#include "platform/time_zones.h"

namespace tocsin::platform {
namespace {

class OwnTimeZone : public testing::Test {
 protected:
  std::string with(const std::optional<std::string>& variable = {}) {
    return own_time_zone(variable, scratch_.path());
  }
  void link(const std::string& target) {
    std::filesystem::create_symlink(target, scratch_.path() / "localtime");
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(scratch_.path() / name, std::ios::binary) << text;
  }

 private:
  kit::ScratchDirectory scratch_;
};

TEST_F(OwnTimeZone, IsThatOfTheLink) {
  link("../usr/share/zoneinfo/Europe/Stockholm");
  EXPECT_EQ(with(), "Europe/Stockholm");
}

TEST_F(OwnTimeZone, IsThatOfTheLinkToAVariant) {
  link("/usr/share/zoneinfo/posix/Asia/Kolkata");
  EXPECT_EQ(with(), "Asia/Kolkata");
}

TEST_F(OwnTimeZone, IsThatOfTheVariableBeforeAll) {
  link("/usr/share/zoneinfo/Europe/Stockholm");
  EXPECT_EQ(with("America/New_York"), "America/New_York");
  EXPECT_EQ(with(":America/New_York"), "America/New_York");
  EXPECT_EQ(with("/usr/share/zoneinfo/Asia/Tokyo"), "Asia/Tokyo");
  EXPECT_EQ(with(""), "UTC");
}

TEST_F(OwnTimeZone, OfARuleHasNoName) {
  link("/usr/share/zoneinfo/Europe/Stockholm");
  EXPECT_EQ(with("CET-1CEST,M3.5.0,M10.5.0/3"), "");
  EXPECT_EQ(with("/etc/passwd"), "");
}

TEST_F(OwnTimeZone, IsUtcWhereNothingIsSet) { EXPECT_EQ(with(), "UTC"); }

TEST_F(OwnTimeZone, OfACopyIsTheNamedOneIfTheFileIsItsOwn) {
  write("localtime", load_time_zone("Europe/Stockholm").value());
  EXPECT_EQ(with(), "");
  write("timezone", "Europe/Stockholm\n");
  EXPECT_EQ(with(), "Europe/Stockholm");
  write("timezone", "Asia/Tokyo\n");
  EXPECT_EQ(with(), "") << "it was left behind";
}

TEST_F(OwnTimeZone, IsNoOtherFile) {
  link("/etc/passwd");
  EXPECT_EQ(with(), "");
}

}  // namespace
}  // namespace tocsin::platform
