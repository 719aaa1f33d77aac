#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "config/monitored/hosts_and_clusters.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The sample with three hosts, and this as its one entry of `clusters`, on line 4.
Loaded parse_cluster(const std::string& entry) {
  return parse_sample(sample_with(
      {{2, "  serviceMonitor:\n    clusters:\n      - " + entry}, {6, "      - host: sql[1-3]"}}));
}

std::vector<std::string> mistakes_of(const std::string& entry) {
  return findings_of(parse_cluster(entry));
}

TEST(Clusters, AreGroupsOfHostsThatWatchTheService) {
  const auto loaded = parse_cluster(
      "{name: SQL pair, hosts: ['sql[1-2]'], services: [mssqlserver], running: Exactly ONE}");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  ASSERT_EQ(loaded.config->clusters.size(), 1);
  const auto& cluster = loaded.config->clusters[0];
  EXPECT_EQ(cluster.name.text(), "SQL pair");
  EXPECT_THAT(cluster.hosts, ElementsAre(HostName("sql1"), HostName("sql2")));
  EXPECT_EQ(cluster.rule, (ClusterRule{1, 1}));
  const auto& policy = cluster.services.entries().at(0).policy;
  EXPECT_EQ(policy.grace, (Grace{1, std::chrono::seconds(60)}));

  const auto& hosts = loaded.config->hosts;
  const auto* member = hosts[1].services.find(ServiceName("MSSQLSERVER"));
  ASSERT_NE(member, nullptr) << "it is watched, though no host names it";
  EXPECT_EQ(member->cluster, "SQL pair");
  EXPECT_EQ(member->policy.expected, Expected::any);
  EXPECT_EQ(hosts[2].services.find(ServiceName("MSSQLSERVER")), nullptr);
  EXPECT_EQ(hosts[1].services.find(ServiceName("Spooler"))->cluster, "");
}

TEST(Clusters, HaveRulesOfTheirOwn) {
  const auto loaded = parse_cluster(
      "{name: farm, hosts: [sql1, sql2, sql3], services: [Spooler], running: at least 2, "
      "policy: {grace: {time: 5m}, severity: warning}}");
  ASSERT_THAT(findings_of(loaded), IsEmpty());
  const auto& cluster = loaded.config->clusters.at(0);
  EXPECT_EQ(cluster.rule, (ClusterRule{.least = 2}));
  const auto& policy = cluster.services.entries().at(0).policy;
  EXPECT_EQ(policy.grace.time, std::chrono::minutes(5));
  EXPECT_EQ(policy.severity, AlertSeverity::warning);
}

TEST(Clusters, MayBeNamedWhereHostsAre) {
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1], services: [S], running: exactly one}\n"
                          "    maintenance: [{name: m, of: [p], begins: at 2:00, for: 1h}]\n"
                          "    routes: [{match: {host: [p]}, to: [webhook]}]"),
              IsEmpty());
}

TEST(Clusters, AreAmongTheNamesThatMayHaveBeenMeant) {
  const std::vector<Host> hosts{{.name = HostName("sql1")}};
  const std::vector<Cluster> clusters{{.name = HostName("SQL pair")}};
  const HostsAndClusters known{hosts, clusters};
  EXPECT_EQ(no_such_host(known, HostName("sql pear")),
            "no host or cluster is called `sql pear`; did you mean `SQL pair`?");
  EXPECT_EQ(no_such_host(known, HostName("elsewhere")), "no host or cluster is called `elsewhere`");
}

TEST(Clusters, ReportTheirMistakes) {
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1, sq2], services: [S], running: exactly one}"),
              ElementsAre("4:33: error: `hosts`: no host of `monitor` is called `sq2`; did you "
                          "mean `sql2`?"));
  EXPECT_THAT(mistakes_of("{name: SQL1, hosts: [sql1], services: [S], running: exactly one}"),
              ElementsAre("4:16: error: `name`: a host is called `SQL1` too"));
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1, SQL1], services: [S], running: exactly one}"),
              ElementsAre("4:33: error: `hosts`: `SQL1` appears twice"));
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1], services: ['S*'], running: exactly one}"),
              ElementsAre("4:45: error: `services`: `S*` is not the key name of one service"));
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1], services: [S], running: somewhere}"),
              ElementsAre("4:58: error: `running` must be `exactly one`, or `at least` a number"));
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1], services: [S], running: at least 0}"),
              ElementsAre("4:58: error: `running` must be `exactly one`, or `at least` a number"));
  EXPECT_THAT(mistakes_of("{name: p, hosts: ['sql[1-2]'], services: [S], running: at least 3}"),
              ElementsAre("4:64: error: `running`: `at least 3` is impossible with 2 hosts"));
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1], services: [S], running: exactly one}\n"
                          "      - {name: q, hosts: [sql1], services: [s], running: exactly one}"),
              ElementsAre("5:45: error: `services`: `s` of `sql1` already belongs to a cluster"));
  EXPECT_THAT(mistakes_of("{name: p, hosts: [sql1], services: [S], running: exactly one}\n"
                          "      - {name: P, hosts: [sql2], services: [S], running: exactly one}"),
              ElementsAre("5:16: error: the cluster `P` appears twice, first in line 4"));
}

}  // namespace
}  // namespace tocsin::config
