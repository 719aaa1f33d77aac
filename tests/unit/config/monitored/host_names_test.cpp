#include "config/monitored/host_names.h"

#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> expand(const std::string& text) {
  return expand_host_names(text, kMostHosts).value_or(std::vector<std::string>{"none"});
}

TEST(HostNames, StandForThemselvesWithoutRanges) {
  EXPECT_THAT(expand("qs-1"), ElementsAre("qs-1"));
}

TEST(HostNames, CountTheirRanges) {
  EXPECT_THAT(expand("qs[1-3]"), ElementsAre("qs1", "qs2", "qs3"));
  EXPECT_THAT(expand("qs[08-10].corp"), ElementsAre("qs08.corp", "qs09.corp", "qs10.corp"));
  EXPECT_THAT(expand("[9-11]"), ElementsAre("9", "10", "11"));
  EXPECT_THAT(expand("a[1-2,7]"), ElementsAre("a1", "a2", "a7"));
  EXPECT_THAT(expand("a[007]"), ElementsAre("a007"));
  EXPECT_THAT(expand("a[0-1]"), ElementsAre("a0", "a1"));
  EXPECT_THAT(expand("r[1-2]-n[1-2]"), ElementsAre("r1-n1", "r1-n2", "r2-n1", "r2-n2"));
  EXPECT_EQ(expand("h[1-100000]").size(), 100'000U);
}

TEST(HostNames, MistakesNameTheColumn) {
  const std::string number = "expected a number, as in `[1-4]`, `[01-20]` or `[1-4,7]`";
  const std::string open = "a `[` without a `]` after it";
  const std::string too_many = "more than 100000 hosts, the limit for a configuration";
  const std::vector<std::tuple<std::string, std::size_t, std::string>> table = {
      {"a[", 1, open},
      {"a[1", 1, open},
      {"a[1-", 1, open},
      {"a[1,", 1, open},
      {"a]", 1, "a `]` without a `[` before it"},
      {"a[]", 2, number},
      {"a[b-c]", 2, number},
      {"a[1-]", 4, number},
      {"a[1,,2]", 4, number},
      {"a[-1]", 2, number},
      {"a[1-2-3]", 5, "expected `-`, `,` or `]`"},
      {"a[4-1]", 2, "the range ends with 1, before it begins with 4"},
      {"a[01-5]", 5, "both ends of a range with leading zeros must have the same length"},
      {"a[01-100]", 5, "both ends of a range with leading zeros must have the same length"},
      {"a[1-05]", 4, "both ends of a range with leading zeros must have the same length"},
      {"a[1234567890]", 2, "expected a number of at most 9 digits"},
      {"a[1-100001]", 1, too_many},
      {"a[0-999999999]", 1, too_many},
      {"a[1-1000][1-101]", 9, too_many},
  };
  for (const auto& [text, column, expected] : table) {
    const auto names = expand_host_names(text, kMostHosts);
    ASSERT_FALSE(names) << text;
    EXPECT_EQ(names.error().column, column) << text;
    EXPECT_EQ(names.error().text, expected) << text;
  }
}

/// The sample with another host.
Loaded parse_host(const std::string& host) {
  return parse_sample(sample_with({{6, "      - " + host}}));
}

std::vector<std::string> hosts_of(const Loaded& loaded) {
  std::vector<std::string> hosts;
  for (const auto& host : loaded.config.value_or(Config{}).hosts)
    hosts.push_back(host.name.text() + "=" + host.address);
  return hosts;
}

TEST(Hosts, OfOneEntryHaveTheirOwnNamesAndAddresses) {
  EXPECT_THAT(hosts_of(parse_host("host: qs[1-2]")), ElementsAre("qs1=qs1", "qs2=qs2"));
  EXPECT_THAT(hosts_of(parse_host("hosts: [a, 'b[1-2]']\n        address: '{host}.corp.local'")),
              ElementsAre("a=a.corp.local", "b1=b1.corp.local", "b2=b2.corp.local"));
  EXPECT_THAT(hosts_of(parse_host("host: qs[3-3]\n        address: 10.1.2.3")),
              ElementsAre("qs3=10.1.2.3"));
}

TEST(Hosts, MistakesAreReportedWithLineAndColumn) {
  const auto findings = [](const std::string& host) { return findings_of(parse_host(host)); };
  EXPECT_THAT(findings("host: qs[4-1]"),
              ElementsAre("6:18: error: `host`: the range ends with 1, before it begins with 4"));
  EXPECT_THAT(findings("hosts: [a, 'b[x]']"),
              ElementsAre("6:23: error: `hosts`: expected a number, as in `[1-4]`, `[01-20]` or "
                          "`[1-4,7]`"));
  EXPECT_THAT(findings("hosts: [a b]"),
              ElementsAre("6:17: error: `hosts` must be a host name or an address, without spaces "
                          "and slashes"));
  EXPECT_THAT(findings("{host: a, hosts: [b], services: [{name: x}]}\n      - host: c"),
              ElementsAre("6:19: error: an entry has either `host` or `hosts`; remove one"));
  EXPECT_THAT(findings("hosts: []"),
              ElementsAre("6:16: error: `hosts` must have at least one entry"));
  EXPECT_THAT(findings("hosts: ['a[1-3]', A2]"),
              ElementsAre("6:27: error: the host `A2` appears twice, first in line 6"));
  EXPECT_THAT(findings("host: a[1-3]\n        address: 10.1.2.3"),
              ElementsAre("7:18: error: one `address` for 3 hosts: write `{host}` where their "
                          "names stand in it, or leave `address` out"));
  EXPECT_THAT(findings("host: a\n        address: '{host}.{domain}'"),
              ElementsAre("7:26: error: `address`: only `{host}` can stand in braces"));
  EXPECT_THAT(
      findings("hosts: ['a[1-60000]', 'b[1-40001]', 'c[1-40001]']"),
      ElementsAre("6:33: error: `hosts`: more than 100000 hosts, the limit for a configuration"));
  std::string address;
  for (int i = 0; i < 40; i++) address += "{host}";
  EXPECT_THAT(findings("host: node1234\n        address: '" + address + "'"),
              ElementsAre("7:18: error: `address` of `node1234` must not be longer than 255 "
                          "characters"));
}

TEST(HostNames, AreCompressedToWhatExpandsToThem) {
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> rows = {
      {{}, {}},
      {{"a", "b"}, {"a", "b"}},
      {{"n1", "n2"}, {"n1", "n2"}},
      {{"n1", "n2", "n3"}, {"n[1-3]"}},
      {{"n1.x", "n2.x", "n3.y"}, {"n1.x", "n2.x", "n3.y"}},
      {{"a", "n8.x", "n9.x", "n10.x", "n11.x", "b"}, {"a", "n[8-11].x", "b"}},
      {{"n08", "n09", "n10"}, {"n[08-10]"}},
      {{"n98", "n99", "n100"}, {"n[98-100]"}},
      {{"n098", "n099", "n0100"}, {"n098", "n099", "n0100"}},
      {{"n3", "n2", "n1"}, {"n3", "n2", "n1"}},
      {{"10.1.2.3", "10.1.2.4", "10.1.2.5"}, {"10.1.2.[3-5]"}},
      {{"n[1-2]", "n3", "n4", "n5"}, {"n[1-2]", "n[3-5]"}},
      {{"n1234567890", "n1234567891", "n1234567892"},
       {"n1234567890", "n1234567891", "n1234567892"}}};
  for (const auto& [names, compressed] : rows) EXPECT_EQ(compress_host_names(names), compressed);
}

TEST(HostNames, ExpandAgainToTheSame) {
  std::vector<std::string> names;
  names.reserve(600);
  for (int i = 0; i < 200; i++) {
    names.push_back("n" + std::to_string(i * i % 7 + i / 3) + ".x");
    names.push_back("padded0" + std::to_string(i % 12));
    names.push_back("m" + std::to_string(i));
  }
  std::vector<std::string> expanded;
  for (const auto& text : compress_host_names(names)) {
    const auto some = expand_host_names(text, kMostHosts);
    ASSERT_TRUE(some) << text;
    expanded.insert(expanded.end(), some->begin(), some->end());
  }
  EXPECT_EQ(expanded, names);
}

}  // namespace
}  // namespace tocsin::config
