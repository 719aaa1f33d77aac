#include <gtest/gtest.h>

#include "kit/scratch.h"
#include "platform/accounts.h"
#include "platform/permissions.h"

namespace tocsin::platform {
namespace {

constexpr auto kTrustedInstaller = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";

TEST(Accounts, AServiceHasTheSidThatWindowsGivesIt) {
  for (const auto* name : {"TrustedInstaller", "trustedinstaller"}) {
    const auto sid = sid_of_service(name);
    ASSERT_TRUE(sid) << sid.error().what;
    EXPECT_EQ(*sid, kTrustedInstaller);
  }
}

TEST(Accounts, TheUserHasASid) {
  const auto sid = user_sid();
  ASSERT_TRUE(sid) << sid.error().what;
  EXPECT_TRUE(sid->starts_with("S-1-5-")) << *sid;
}

TEST(Accounts, ADirectoryIsGivenToAServiceWhetherItExistsOrNot) {
  const kit::ScratchDirectory scratch;
  const auto directory = scratch.path() / "data";
  for (int i = 0; i < 2; i++) {
    const auto given = give_directory(directory, kTrustedInstaller);
    ASSERT_TRUE(given) << given.error().what;
    EXPECT_TRUE(std::filesystem::is_directory(directory));
  }
}

TEST(Accounts, AWholeDriveIsGivenToNobody) {
  for (const auto* drive : {"C:\\", "C:/"}) {
    const auto given = give_directory(drive, kTrustedInstaller);
    ASSERT_FALSE(given) << drive;
    EXPECT_EQ(given.error().kind, ErrorKind::rejected) << given.error().what;
  }
}

}  // namespace
}  // namespace tocsin::platform
