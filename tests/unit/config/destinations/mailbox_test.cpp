#include "config/destinations/mailbox.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::config {
namespace {

TEST(MailboxText, IsUnderstood) {
  struct Row {
    std::string text;
    Mailbox mailbox;
  };
  for (const auto& [text, expected] : std::vector<Row>{
           {"ops@example.com", {"", "ops@example.com"}},
           {"  ops@example.com\t", {"", "ops@example.com"}},
           {"<ops@example.com>", {"", "ops@example.com"}},
           {"Operations <ops@example.com>", {"Operations", "ops@example.com"}},
           {"Operations<ops@example.com>", {"Operations", "ops@example.com"}},
           {"\"Ops, \\\"B\\\" (x) <y>\" <ops@example.com>",
            {"Ops, \"B\" (x) <y>", "ops@example.com"}},
           {"J\u00FCrgen \U0001F514 <j@example.com>", {"J\u00FCrgen \U0001F514", "j@example.com"}},
           {"Qlik Sense (no-reply) <qs-noreply@example.com>",
            {"Qlik Sense", "qs-noreply@example.com"}},
           {"ops@example.com (Operations)", {"Operations", "ops@example.com"}},
           {"(Operations) <ops@example.com>", {"Operations", "ops@example.com"}},
           {"root@localhost", {"", "root@localhost"}},
           {"a.b+c_d!#$%&'*/=?^`{|}~-@x-y.example", {"", "a.b+c_d!#$%&'*/=?^`{|}~-@x-y.example"}},
           {"x@[192.0.2.1]", {"", "x@[192.0.2.1]"}},
           {"x@[IPv6:2001:db8::1]", {"", "x@[IPv6:2001:db8::1]"}},
           {"x@xn--bcher-kva.example", {"", "x@xn--bcher-kva.example"}}}) {
    const auto parsed = parse_mailbox(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->name, expected.name) << text;
    EXPECT_EQ(parsed->address, expected.address) << text;
  }
}

TEST(MailboxText, IsRefused) {
  for (const std::string text : {"",
                                 "ops",
                                 "@example.com",
                                 "ops@",
                                 "a b@example.com",
                                 "a@b@example.com@",
                                 "a..b@example.com",
                                 ".a@example.com",
                                 "a@example..com",
                                 "a@-.",
                                 "a@b, c@d",
                                 "a@b; c@d",
                                 "A <a@b> B",
                                 "A <a@b",
                                 "A a@b>",
                                 "<a@b> <c@d>",
                                 "Doe, John <j@example.com>",
                                 "\"open <a@b>",
                                 "(open a@b",
                                 "a@b\r\nBcc: c@d",
                                 "a\r\n@b",
                                 "A <a@b\n>",
                                 "a@exa mple.com",
                                 "a@[1.2.3.4",
                                 "a@[]",
                                 "\"quoted name\"@example.com"}) {
    const auto parsed = parse_mailbox(text);
    EXPECT_FALSE(parsed) << text << " -> " << parsed->address;
  }
  EXPECT_FALSE(parse_mailbox(std::string(65, 'x') + "@example.com"));
  EXPECT_FALSE(parse_mailbox("x@" + std::string(260, 'x')));
}

TEST(MailboxText, BeyondAsciiIsRefusedWithWhatToDo) {
  EXPECT_THAT(parse_mailbox("ops@b\u00FCcher.example").error().what, testing::HasSubstr("xn--"));
  EXPECT_THAT(parse_mailbox("j\u00FCrgen@example.com").error().what,
              testing::HasSubstr("ASCII mailbox name"));
}

TEST(MailboxKey, TheCaseOfADomainDoesNotCount) {
  EXPECT_EQ(mailbox_key({"A", "Ops@Example.COM"}), mailbox_key({"B", "Ops@example.com"}));
  EXPECT_NE(mailbox_key({"", "ops@example.com"}), mailbox_key({"", "Ops@example.com"}));
}

}  // namespace
}  // namespace tocsin::config
