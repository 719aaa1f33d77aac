// Names and addresses of hosts that cannot work, and what is said about them.
#include "config/section/addresses.h"

#include <string>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string mistake_in(const std::string& host) { return check_host(host).value_or(""); }

TEST(Addresses, ThatWork) {
  for (const auto* host :
       {"server1", "server1.corp.example", "server1.corp.example.", "10.1.2.3", "0.0.0.0", "::1",
        "fe80::1%eth0", "[::1]", "10.example", "1and1", "größe"})
    EXPECT_EQ(mistake_in(host), "") << host;
}

TEST(Addresses, ThatCannotWork) {
  EXPECT_EQ(mistake_in("server1:445"), "must not have a port: write `port: 445` beside it");
  EXPECT_EQ(check_host("broker:1883", "brokerPort"),
            "must not have a port: write `brokerPort: 1883` beside it");
  EXPECT_EQ(mistake_in("server1:"), "must not have a `:`, unless it is an IPv6 address");
  EXPECT_EQ(mistake_in("[::1]:445"), "must be an IPv6 address without a port");
  EXPECT_EQ(mistake_in("."), "must be a name or an address, not a dot");
  EXPECT_EQ(mistake_in(".corp"), "must not begin with a dot or have two in a row");
  EXPECT_EQ(mistake_in("a..b"), "must not begin with a dot or have two in a row");
  EXPECT_EQ(mistake_in("010.1.2.3"),
            "must not have leading zeros, which make a number octal: write `10.1.2.3`");
  EXPECT_EQ(mistake_in("10.001.2.000"),
            "must not have leading zeros, which make a number octal: write `10.1.2.0`");
  EXPECT_EQ(mistake_in("10.1.2"), "must be a name, or an address of four numbers from 0 to 255");
  EXPECT_EQ(mistake_in("10.1.2.256"),
            "must be a name, or an address of four numbers from 0 to 255");
  EXPECT_EQ(mistake_in("99999999999999999999"),
            "must be a name, or an address of four numbers from 0 to 255");
  EXPECT_THAT(mistake_in("sql*"),
              testing::StartsWith("must not contain `*` or `?`: list the hosts"));
}

TEST(Addresses, OfHosts) {
  EXPECT_THAT(findings_with({{6, "      - host: server1:445"}}),
              ElementsAre("6:15: error: `host` must not have a port: write `port: 445` beside it"));
  EXPECT_THAT(findings_with({{6, "      - host: ."}}),
              ElementsAre("6:15: error: `host` of `.` must be a name or an address: `.` is this "
                          "machine with `source: scm` only"));
  EXPECT_THAT(findings_with({{6, "      - host: 010.1.2.3"}}),
              ElementsAre("6:15: error: `host` of `010.1.2.3` must not have leading zeros, which "
                          "make a number octal: write `10.1.2.3`"));
  EXPECT_THAT(
      findings_with({{6, "      - hosts: [a, 'b:445']"}}),
      ElementsAre("6:20: error: `hosts` must not have a port: write `port: 445` beside it"));
  EXPECT_THAT(
      findings_with({{6, "      - host: node1\n        address: node1:445"}}),
      ElementsAre("7:18: error: `address` must not have a port: write `port: 445` beside it"));
}

TEST(Addresses, MayBePutTogetherFromNumbers) {
  EXPECT_THAT(findings_with({{6, "      - host: '[7-9]'\n        address: 10.1.2.{host}"}}),
              IsEmpty());
}

TEST(Addresses, InUrls) {
  EXPECT_THAT(findings_with({{14, "        - webhookURL: http://010.1.2.3/hook"}}),
              ElementsAre("14:23: error: `webhookURL` has a host that must not have leading zeros, "
                          "which make a number octal: write `10.1.2.3`"));
}

}  // namespace
}  // namespace tocsin::config
