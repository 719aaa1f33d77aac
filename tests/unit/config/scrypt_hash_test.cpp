#include "config/scrypt_hash.h"

#include <gmock/gmock.h>

namespace tocsin::config {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Salt and hash of a right length.
const std::string kSaltAndHash =
    "$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

std::string mistake_of_hash(const std::string& text) {
  const auto parsed = ScryptHash::parse(text);
  return parsed ? "" : parsed.error();
}

TEST(ScryptHash, IsReadAsItIsWritten) {
  const auto text = "$scrypt$ln=14,r=16,p=2" + kSaltAndHash;
  const auto hash = ScryptHash::parse(text);
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->log2_cost, 14U);
  EXPECT_EQ(hash->block_size, 16U);
  EXPECT_EQ(hash->parallel, 2U);
  EXPECT_EQ(hash->salt, to_bytes(as_bytes("0123456789abcdef")));
  EXPECT_EQ(hash->hash, to_bytes(as_bytes("0123456789abcdef0123456789abcdef")));
  EXPECT_EQ(hash->to_text(), text);
}

TEST(ScryptHash, TakesNeitherTooLittleNorTooMuch) {
  for (const auto* right : {"ln=14,r=8,p=1", "ln=15,r=8,p=1", "ln=16,r=8,p=1", "ln=16,r=8,p=8",
                            "ln=11,r=64,p=1", "ln=17,r=4,p=1"})
    EXPECT_EQ(mistake_of_hash("$scrypt$" + std::string(right) + kSaltAndHash), "") << right;
  for (const auto* wrong :
       {"ln=13,r=8,p=1", "ln=17,r=8,p=1", "ln=16,r=9,p=1", "ln=15,r=8,p=9", "ln=1,r=8,p=1",
        "ln=63,r=8,p=1", "ln=64,r=1,p=1", "ln=4294967295,r=1,p=1", "ln=10,r=128,p=1",
        "ln=14,r=4294967295,p=1", "ln=14,r=8,p=4294967295"})
    EXPECT_THAT(mistake_of_hash("$scrypt$" + std::string(wrong) + kSaltAndHash),
                HasSubstr("must take 16 to 64 MB"))
        << wrong;
}

TEST(ScryptHash, IsNothingElse) {
  const auto good = "$scrypt$ln=15,r=8,p=1" + kSaltAndHash;
  ASSERT_EQ(mistake_of_hash(good), "");
  for (const auto& wrong : std::initializer_list<std::string>{
           "",
           "secret",
           "$2b$12$abcdefghijklmnopqrstuv",
           good.substr(1),
           " " + good,
           good + "$",
           good + "$x",
           "$scrypt$ln=15,r=8,p=1",
           "$scrypt$ln=15,r=8,p=1$",
           "$scrypt$ln=15,r=8,p=1$$",
           "$scrypt$r=8,ln=15,p=1" + kSaltAndHash,
           "$scrypt$ln=15,r=8" + kSaltAndHash,
           "$scrypt$ln=015,r=8,p=1" + kSaltAndHash,
           "$scrypt$ln=0,r=8,p=1" + kSaltAndHash,
           "$scrypt$ln=-15,r=8,p=1" + kSaltAndHash,
           "$scrypt$ln=15 ,r=8,p=1" + kSaltAndHash,
           "$scrypt$ln=15,r=8,p=" + kSaltAndHash,
           "$scrypt$ln=15,r=8,p=99999999999999999999" + kSaltAndHash,
           "$scrypt$ln=15,r=8,p=1$MDEy$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
           "$scrypt$ln=15,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1",
           "$scrypt$ln=15,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + std::string(100, 'A')})
    EXPECT_THAT(mistake_of_hash(wrong), HasSubstr("must be a hash such as")) << wrong;
}

TEST(ScryptHash, IsNotQuotedWhereItIsWrong) {
  EXPECT_THAT(mistake_of_hash("hunter2"), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace tocsin::config
