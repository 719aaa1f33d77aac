// Services that hosts share, and services that are found by patterns.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The sample with sets, and hosts instead of its own.
Loaded parse_sets(const std::string& sets, const std::string& hosts) {
  return parse_sample(sample_with(
      {{2, "  serviceMonitor:\n    serviceSets:\n" + sets}, {6, hosts}, {7, ""}, {8, ""}}));
}

std::vector<std::string> names_of(const Host& host) {
  std::vector<std::string> names;
  for (const auto& entry : host.services.entries())
    names.push_back(entry.set + ":" + entry.pattern + entry.display_name);
  return names;
}

constexpr auto kTwoSets = R"(      - name: qlik
        services: [{name: Engine}, {name: Proxy}]
      - name: base
        services: [{name: Spooler}, {name: ENGINE}])";

TEST(ServiceSets, ComeAfterTheHostsOwnServicesInTheirOrder) {
  const auto loaded = parse_sets(kTwoSets, R"(      - {host: a, sets: [base, qlik]}
      - {host: b, sets: [qlik], services: [{name: Mine}]})");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_THAT(names_of(loaded.config->hosts[0]),
              ElementsAre("base:Spooler", "base:ENGINE", "qlik:Proxy"));
  EXPECT_THAT(names_of(loaded.config->hosts[1]), ElementsAre(":Mine", "qlik:Engine", "qlik:Proxy"));
}

TEST(ServiceSets, AreOverriddenByTheHost) {
  const auto loaded = parse_sets(kTwoSets, R"(      - host: a
        sets: [qlik]
        services: [{name: engine, friendlyName: The engine}])");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& host = loaded.config->hosts.front();
  EXPECT_THAT(names_of(host), ElementsAre(":engine", "qlik:Proxy"));
  EXPECT_EQ(host.services.find(ServiceName("Engine"))->friendly_name, "The engine");
}

TEST(ServiceSets, ListsThatFollowOneAnotherAndSayTheSameAreOne) {
  const auto loaded =
      parse_sets(kTwoSets, R"(      - {host: a, services: [{name: Mine}, {name: Own}]}
      - {host: b, services: [{name: Mine}, {name: Own}]}
      - {host: c, services: [{name: Mine}]}
      - {host: d, services: [{name: Mine, friendlyName: M}]}
      - {host: e, services: [{name: Mine, friendlyName: M}], sets: [base]}
      - {host: f, services: [{name: Mine, friendlyName: M}], sets: [base]})");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& hosts = loaded.config->hosts;
  std::vector<bool> shares;
  for (std::size_t i = 1; i < hosts.size(); i++)
    shares.push_back(hosts[i].services.shares_with(hosts[i - 1].services));
  EXPECT_THAT(shares, ElementsAre(true, false, false, false, true));
}

TEST(ServiceSets, AreSharedByHostsThatAddNothing) {
  const auto loaded = parse_sets(kTwoSets, R"(      - {host: a, sets: [qlik, base]}
      - {host: b, sets: [qlik, base]}
      - {host: c, sets: [base, qlik]}
      - {host: d, sets: [qlik, base], policy: {severity: info}}
      - {host: e, sets: [qlik, base], policy: {severity: info}}
      - {host: f, sets: [qlik, base], services: [{name: Mine}]}
      - {host: 'g[1-2]', services: [{name: Mine}]})");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& hosts = loaded.config->hosts;
  EXPECT_TRUE(hosts[0].services.shares_with(hosts[1].services));
  EXPECT_FALSE(hosts[0].services.shares_with(hosts[2].services));
  EXPECT_FALSE(hosts[0].services.shares_with(hosts[3].services));
  EXPECT_TRUE(hosts[3].services.shares_with(hosts[4].services));
  EXPECT_FALSE(hosts[0].services.shares_with(hosts[5].services));
  EXPECT_TRUE(hosts[6].services.shares_with(hosts[7].services));
}

TEST(ServiceSets, ThatContradictAreReportedOnceWithBothLines) {
  const auto loaded = parse_sets(R"(      - name: qlik
        services: [{name: Engine}]
      - name: base
        services: [{name: ENGINE, policy: {severity: info}}])",
                                 R"(      - {host: a, sets: [qlik, base]}
      - {host: b, sets: [qlik, base]})");
  EXPECT_THAT(findings_of(loaded),
              ElementsAre("11:32: error: the sets `qlik` and `base` have contradicting rules for "
                          "the service `ENGINE`: in line 5 and in line 7"));
  EXPECT_FALSE(loaded.config);
}

TEST(ServiceSets, MistakesAreReportedWithLineAndColumn) {
  const auto findings = [](const std::string& sets, const std::string& hosts) {
    return findings_of(parse_sets(sets, hosts));
  };
  EXPECT_THAT(findings(kTwoSets, "      - {host: a, sets: [qilk]}"),
              ElementsAre("11:26: error: there is no service set `qilk`; did you mean `qlik`?"));
  EXPECT_THAT(findings(kTwoSets, "      - {host: a, sets: [other]}"),
              ElementsAre("11:26: error: there is no service set `other`"));
  EXPECT_THAT(findings(kTwoSets, "      - {host: a, sets: [qlik, qlik]}"),
              ElementsAre("11:32: error: the service set `qlik` appears twice on this host"));
  EXPECT_THAT(findings(kTwoSets, "      - {host: a}"),
              ElementsAre("11:9: error: the host needs `services` or `sets`"));
  EXPECT_THAT(findings(kTwoSets, "      - {host: a, sets: []}"),
              ElementsAre("11:25: error: `sets` must have at least one entry"));
  EXPECT_THAT(findings(kTwoSets, "      - {host: a, sets: qlik}"),
              ElementsAre("11:25: error: `sets` must be a list, but this is text"));
  EXPECT_THAT(findings("      - {name: qlik, services: [{name: A}]}\n"
                       "      - {name: qlik, services: [{name: B}]}",
                       "      - {host: a, sets: [qlik]}"),
              ElementsAre("5:16: error: the service set `qlik` appears twice, first in line 4"));
  EXPECT_THAT(findings("      - {services: [{name: A}]}", "      - {host: a, sets: [qlik]}"),
              ElementsAre("4:9: error: the key `name` is missing",
                          "8:26: error: there is no service set `qlik`"));
  EXPECT_THAT(
      findings("      - {name: qlik, services: [{name: A}, {name: a}]}",
               "      - {host: a, sets: [qlik]}"),
      ElementsAre("4:51: error: the service `a` appears twice in this set, first in line 4"));
  EXPECT_THAT(findings("      - {name: qlik}", "      - {host: a, sets: [qlik]}"),
              ElementsAre("4:9: error: the key `services` is missing"));
}

TEST(ServiceSets, OfHostsThatShareNothingAreBounded) {
  std::string set = "      - name: many\n        services:\n";
  for (int i = 0; i < 1000; i++) set += "          - name: s" + std::to_string(i) + "\n";
  std::string hosts;
  for (int i = 0; i < 502; i++)
    hosts += "      - {host: h" + std::to_string(i) +
             ", sets: [many], policy: {bootGrace: " + std::to_string(i) + "}}\n";
  EXPECT_THAT(findings_of(parse_sets(set, hosts)),
              ElementsAre("1510:9: error: the hosts up to here have more than 500000 services with "
                          "rules of their own; hosts with the same sets and policy share them"));
}

std::vector<std::string> findings_of_service(const std::string& service) {
  return findings_with({{8, "          - " + service}});
}

TEST(Services, AreFoundByDisplayNamesToo) {
  const auto loaded = parse_sample(
      sample_with({{8,
                    "          - {displayName: 'Qlik Sense *', startMode: automatic}\n"
                    "          - {name: 'QlikSense*', startMode: Automatic, exclude: [x]}"}}));
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& services = loaded.config->hosts.front().services;
  EXPECT_EQ(services.entries()[0].display_name, "Qlik Sense *");
  EXPECT_EQ(services.entries()[0].pattern, "");
  EXPECT_TRUE(services.entries()[0].automatic_only);
  EXPECT_TRUE(services.entries()[1].automatic_only);
  EXPECT_THAT(services.exact_names(), IsEmpty());
}

TEST(Services, MistakesAreReportedWithLineAndColumn) {
  EXPECT_THAT(findings_of_service("friendlyName: x"),
              ElementsAre("8:13: error: the key `name` is missing"));
  EXPECT_THAT(findings_of_service("{name: a, displayName: b}"),
              ElementsAre("8:36: error: a service has either `name` or `displayName`; remove one"));
  EXPECT_THAT(findings_of_service("displayName: ''"),
              ElementsAre("8:26: error: `displayName` must not be empty"));
  EXPECT_THAT(
      findings_of_service("displayName: a\n          - displayName: A"),
      ElementsAre("9:26: error: the display name `A` appears twice on this host, first in line 8"));
  EXPECT_THAT(
      findings_of_service("{name: a, startMode: automatic}"),
      ElementsAre("8:34: error: `startMode` needs a pattern, but `name` has no `*` or `?`"));
  EXPECT_THAT(findings_of_service("{name: a*, startMode: manual}"),
              ElementsAre("8:35: error: `startMode` must be one of automatic, but this is "
                          "`manual`"));
}

}  // namespace
}  // namespace tocsin::config
