#include "platform/access_rules.h"

#include <gtest/gtest.h>

namespace tocsin::platform {
namespace {

constexpr auto kEveryone = "S-1-1-0";
constexpr auto kUsers = "S-1-5-32-545";
constexpr auto kSystem = "S-1-5-18";
constexpr auto kAdministrators = "S-1-5-32-544";
constexpr auto kSomebody = "S-1-5-21-1-2-3-1001";
constexpr auto kService = "S-1-5-80-1-2-3-4-5";

constexpr std::uint32_t kFull = 0x001F'01FF;
constexpr std::uint32_t kRead = 0x0012'0089;
constexpr std::uint32_t kReadAndExecute = 0x0012'00A9;
constexpr std::uint32_t kAttributesOnly = 0x0000'0080;
constexpr std::uint32_t kWriteOnly = 0x0012'0116;

AccessEntry allow(std::string sid, std::uint32_t rights) {
  return {.allows = true, .rights = rights, .sid = std::move(sid)};
}
AccessEntry deny(std::string sid, std::uint32_t rights) {
  return {.allows = false, .rights = rights, .sid = std::move(sid)};
}

TEST(AccessRules, ADirectoryIsForSystemAdministratorsAndOneAccount) {
  EXPECT_EQ(private_directory_sddl(kService),
            "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;S-1-5-80-1-2-3-4-5)");
}

TEST(AccessRules, AFileOfOnesOwnIsNotReadableByOthers) {
  EXPECT_FALSE(lets_others_read(
      {allow(kSystem, kFull), allow(kAdministrators, kFull), allow(kSomebody, kFull)}));
  EXPECT_FALSE(lets_others_read({})) << "an empty list lets nobody in";
}

TEST(AccessRules, AFileInAPublicPlaceIs) {
  EXPECT_TRUE(lets_others_read({allow(kSystem, kFull), allow(kUsers, kReadAndExecute)}));
  EXPECT_TRUE(lets_others_read({allow(kEveryone, kRead)}));
  EXPECT_TRUE(lets_others_read({allow("S-1-5-11", kFull)})) << "authenticated users";
  EXPECT_TRUE(lets_others_read({allow(kUsers, 0x8000'0000)})) << "GENERIC_READ";
  EXPECT_TRUE(lets_others_read({allow(kUsers, 0x1000'0000)})) << "GENERIC_ALL";
}

TEST(AccessRules, SeeingThatItExistsOrWritingIsNotReading) {
  EXPECT_FALSE(lets_others_read({allow(kUsers, kAttributesOnly), allow(kEveryone, kWriteOnly)}));
}

TEST(AccessRules, WhatIsDeniedBeforeIsNotAllowed) {
  EXPECT_FALSE(lets_others_read({deny(kUsers, kRead), allow(kUsers, kRead)}));
  EXPECT_FALSE(lets_others_read({deny(kEveryone, kFull), allow(kUsers, kRead)}));
  EXPECT_TRUE(lets_others_read({deny(kUsers, kRead), allow(kEveryone, kRead)}));
  EXPECT_TRUE(lets_others_read({deny(kUsers, kWriteOnly), allow(kUsers, kRead)}));
  EXPECT_TRUE(lets_others_read({allow(kUsers, kRead), deny(kUsers, kRead)})) << "too late";
  EXPECT_TRUE(lets_others_read({deny(kSomebody, kRead), allow(kUsers, kRead)}));
}

TEST(AccessRules, WhoMayOwnADirectoryThatDataIsKeptIn) {
  for (const auto* owner : {kSystem, kAdministrators, kSomebody, kService}) {
    EXPECT_TRUE(is_trusted_owner(owner, kSomebody, kService)) << owner;
  }
  EXPECT_FALSE(is_trusted_owner("S-1-5-21-1-2-3-1002", kSomebody, kService));
  EXPECT_FALSE(is_trusted_owner("S-1-5-80-5-4-3-2-1", kSomebody, kService)) << "another service";
  EXPECT_FALSE(is_trusted_owner("", kSomebody, kService));
}

TEST(AccessRules, TheSidOfAServiceIsTheHashOfItsName) {
  // Windows' own installer, which every system shows: `sc showsid TrustedInstaller`.
  const auto hash = from_hex("b589fb381984c2cb5c6c236d5700776ec0026487");
  ASSERT_TRUE(hash);
  EXPECT_EQ(service_sid(*hash), "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
}

}  // namespace
}  // namespace tocsin::platform
