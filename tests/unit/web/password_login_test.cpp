#include "web/password_login.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace tocsin::web {
namespace {

/// "name|password" of a header.
std::string parsed(std::string_view header) {
  const auto login = parse_basic(header);
  return login ? login->user + "|" + login->password.reveal() : "nothing";
}

std::string basic(std::string_view pair) { return "Basic " + to_base64(as_bytes(pair)); }

TEST(PasswordLogin, IsReadFromTheHeader) {
  EXPECT_EQ(parsed("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(parsed("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(parsed("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"), "Aladdin|open sesame");
  EXPECT_EQ(parsed(basic("a:b:c:")), "a|b:c:") << "only passwords have colons";
  EXPECT_EQ(parsed(basic("test:123\xC2\xA3")), "test|123\xC2\xA3") << "of RFC 7617, 2.1";
  EXPECT_EQ(parsed(basic(":")), "|");
  const std::string longest(3000, 'x');
  EXPECT_EQ(parsed(basic("a:" + longest)), "a|" + longest);
}

TEST(PasswordLogin, IsNothingElse) {
  for (const auto& wrong :
       {std::string(), std::string("Basic"), std::string("Basic "), std::string("Basic YQ=="),
        std::string("Basic a:b"), std::string("Basic !!!!"), std::string("Basic  YTpi"),
        std::string("Basic YTpi "), std::string("Basic YTpi YTpi"), std::string("Basic YTpj=="),
        std::string("Basicx YTpi"), std::string("Bearer YTpi"), basic("no colon"), basic("a:b\n"),
        basic(std::string_view("a:\0b", 4)), basic("a\x7F:b"), basic("a:\xE9")})
    EXPECT_EQ(parsed(wrong), "nothing") << wrong;
}

TEST(PasswordLogin, IsToldFromOtherSchemes) {
  EXPECT_TRUE(is_basic("Basic "));
  EXPECT_TRUE(is_basic("BASIC !"));
  EXPECT_FALSE(is_basic("Basic"));
  EXPECT_FALSE(is_basic("Bearer x"));
}

TEST(PasswordLogin, HasAPasswordThatCanBeSent) {
  EXPECT_TRUE(can_be_sent(Secret("p\xC3\xA4ss:w\xC3\xB6rd ")));
  EXPECT_FALSE(can_be_sent(Secret("a\tb")));
  EXPECT_FALSE(can_be_sent(Secret("\xE4")));
  EXPECT_FALSE(can_be_sent(Secret(std::string(5000, 'x'))));
}

}  // namespace
}  // namespace tocsin::web
