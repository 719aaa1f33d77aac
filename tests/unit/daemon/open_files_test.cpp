#include "daemon/open_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::daemon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(OpenFiles, AShareIsKeptForWhatIsNoHost) {
  EXPECT_EQ(connector_limits(1024).connections, 783);
  EXPECT_EQ(connector_limits(1024).lookups, 32);
  EXPECT_EQ(connector_limits(64).connections, 28);
  EXPECT_EQ(connector_limits(1).connections, 1) << "never none";
  EXPECT_GT(connector_limits(65'536).connections, 64'000);
}

TEST(OpenFiles, ALimitBelowTheNumberOfHostsIsSaidWithTheNumberNeeded) {
  EXPECT_THAT(lack_of_files(783, 1024), IsEmpty());
  EXPECT_THAT(lack_of_files(1500, 1024),
              AllOf(HasSubstr("1024 open files"), HasSubstr("783 hosts"), HasSubstr("1500 are"),
                    HasSubstr("raise it to 1792")));
  EXPECT_GE(connector_limits(1792).connections, 1500);
  EXPECT_THAT(lack_of_files(100'000, std::nullopt), IsEmpty());
}

}  // namespace
}  // namespace tocsin::daemon
