#include "config/destinations/influx_db.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The sample, with an `influxDb` of these lines, which begins in line 17.
Loaded with_influx(const std::string& lines) {
  return parse_sample(
      sample_with({{10, "      webhook: {enable: true}\n      influxDb: {enable: true}"}}) +
      "  influxDb:\n" + lines);
}

InfluxDb influx_of(const std::string& lines) {
  const auto loaded = with_influx(lines);
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  return loaded.config ? loaded.config->get<InfluxDb>() : InfluxDb{};
}

std::vector<std::string> influx_mistakes_of(const std::string& lines) {
  return findings_of(with_influx(lines));
}

std::string v1_at(const std::string& address) { return "    dbName: d\n    " + address + "\n"; }

TEST(InfluxDb, IsReadInTheOldLayout) {
  const auto influx = influx_of(R"(    enable: true
    hostIP: 10.1.2.3
    hostPort: 8087
    auth: {enable: true, username: u, password: '${env:PASSWORD}'}
    dbName: butler
    instanceTag: PROD
    retentionPolicy: {name: 10d, duration: 10d}
    tag: {static: [{name: site, value: Berlin}, {name: floor, value: 3}]}
)");
  EXPECT_TRUE(influx.enabled);
  EXPECT_EQ(influx.version, InfluxVersion::v1);
  EXPECT_EQ(influx.url, "http://10.1.2.3:8087");
  EXPECT_EQ(influx.username, "u");
  EXPECT_EQ(influx.password.reveal(), "s3cret-in-the-environment");
  EXPECT_EQ(influx.database, "butler");
  EXPECT_EQ(influx.retention_policy, "10d");
  EXPECT_EQ(influx.retention, std::chrono::hours(240));
  ASSERT_EQ(influx.tags.size(), 3U);
  EXPECT_EQ(influx.tags[0].name + "=" + influx.tags[0].value, "site=Berlin");
  EXPECT_EQ(influx.tags[1].name + "=" + influx.tags[1].value, "floor=3");
  EXPECT_EQ(influx.tags[2].name + "=" + influx.tags[2].value, "butler_instance=PROD");
}

/// As Butler ships it: all versions are there, one counts.
constexpr auto kNewLayout = R"(    enable: true
    hostIP: influx
    hostPort: 8086
    maxBatchSize: 1000
    v1Config:
      auth: {enable: false, username: u, password: p}
      dbName: one
      retentionPolicy: {name: 10d, duration: INF}
    v2Config:
      org: my org
      bucket: two
      description: words
      token: '${env:PASSWORD}'
      retentionDuration: 36h
    v3Config:
      database: three
      token: '${env:PASSWORD}'
      retentionDuration: 2w
      writeTimeout: 2000
      queryTimeout: 3000
)";

TEST(InfluxDb, IsReadInTheNewLayout) {
  const auto of = [](const std::string& version) {
    const auto loaded = with_influx("    version: " + version + "\n" + kNewLayout);
    EXPECT_THAT(findings_of(loaded), Each(HasSubstr("not used by this version")));
    return loaded.config->get<InfluxDb>();
  };
  const auto one = of("1");
  EXPECT_EQ(one.database, "one");
  EXPECT_EQ(one.username, "");
  EXPECT_EQ(one.retention_policy, "10d");
  EXPECT_EQ(one.retention, std::chrono::seconds(0));
  const auto two = of("2");
  EXPECT_EQ(two.database, "two");
  EXPECT_EQ(two.organization, "my org");
  EXPECT_EQ(two.bucket_description, "words");
  EXPECT_EQ(two.token.reveal(), "s3cret-in-the-environment");
  EXPECT_EQ(two.retention, std::chrono::hours(36));
  EXPECT_EQ(two.retention_policy, "");
  const auto three = of("3");
  EXPECT_EQ(three.database, "three");
  EXPECT_EQ(three.token.reveal(), "s3cret-in-the-environment");
  EXPECT_EQ(three.retention, std::chrono::hours(24 * 14));
  EXPECT_EQ(three.write_limit, std::chrono::seconds(2));
  EXPECT_EQ(three.query_limit, std::chrono::seconds(3));
}

TEST(InfluxDb, IsAtAHostOrAUrl) {
  EXPECT_EQ(influx_of(v1_at("hostIP: influx")).url, "http://influx:8086");
  EXPECT_EQ(influx_of(v1_at("hostIP: fe80::1")).url, "http://[fe80::1]:8086");
  EXPECT_EQ(influx_of(v1_at("hostIP: https://influx.example")).url, "https://influx.example");
  EXPECT_EQ(influx_of(v1_at("hostIP: https://influx.example/\n    hostPort: 99")).url,
            "https://influx.example:99");
  EXPECT_EQ(influx_of(v1_at("hostIP: https://influx.example/db/\n    hostPort: 99")).url,
            "https://influx.example:99/db");
  EXPECT_EQ(influx_of(v1_at("hostIP: http://[::1]:99/db")).url, "http://[::1]:99/db");
  EXPECT_EQ(influx_of(v1_at("hostIP: 'http://[::1]'\n    hostPort: 9")).url, "http://[::1]:9");
  EXPECT_EQ(influx_of("    hostIP: i\n    version: 3\n    v3Config: {database: d}\n").url,
            "http://i:8181");
}

TEST(InfluxDb, SaysWhatIsMissing) {
  EXPECT_THAT(influx_mistakes_of("    dbName: d\n"),
              ElementsAre("16:3: error: the key `hostIP` is missing"));
  EXPECT_THAT(influx_mistakes_of("    hostIP: i\n"),
              ElementsAre("16:3: error: `dbName` is needed for version 1"));
  EXPECT_THAT(influx_mistakes_of("    hostIP: i\n    version: 2\n"),
              ElementsAre("16:3: error: `v2Config.org` is needed for version 2",
                          "16:3: error: `v2Config.bucket` is needed for version 2",
                          "16:3: error: `v2Config.token` is needed for version 2"));
  EXPECT_THAT(influx_mistakes_of("    hostIP: i\n    version: 3\n"),
              ElementsAre("16:3: error: `v3Config.database` is needed for version 3"));
  EXPECT_THAT(influx_mistakes_of("    hostIP: i\n    version: 4\n    dbName: d\n"),
              ElementsAre("18:14: error: `version` must be one of 1, 2, 3, but this is `4`"));
}

TEST(InfluxDb, SaysWhatCannotWork) {
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: a/b")),
              ElementsAre(HasSubstr("error: `hostIP` must be")));
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: https://u:p@a")),
              ElementsAre(AllOf(HasSubstr("without user"), HasSubstr("error"))));
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: https://a:1\n    hostPort: 2")),
              ElementsAre(HasSubstr("warning: `hostPort` is not used")));
  EXPECT_THAT(
      influx_mistakes_of(v1_at("hostIP: a\n    cert: {enable: true, rejectUnauthorized: false}")),
      testing::Contains(HasSubstr("warning: `cert` has no effect")));
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: a\n    auth: {enable: true}")),
              ElementsAre(HasSubstr("error: `auth` is enabled, so `username`")));
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: a\n    auth: {enable: true, username: 'a:b'}")),
              ElementsAre(HasSubstr("error: `username` must not contain a colon")));
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: a\n    auth: {enable: false, password: ''}")),
              ElementsAre(HasSubstr("warning: `password` must not be empty")));
  for (const auto* duration : {"10", "d", "10x", "-1d", "1d2", "''", "99999999999999999999d"})
    EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: a\n    retentionPolicy: {name: x, duration: " +
                                         std::string(duration) + "}")),
                ElementsAre(HasSubstr("error: `duration` must be a duration such as 10d")))
        << duration;
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: a\n    retentionPolicy: {duration: 59m}")),
              ElementsAre(HasSubstr("error: `duration` must be at least 1h")));
  EXPECT_THAT(influx_mistakes_of(v1_at("hostIP: a\n    v1Config: {dbName: b}")),
              ElementsAre(HasSubstr("warning: `dbName` is not used")));
}

TEST(InfluxDb, SaysWhichTagsCannotBe) {
  const auto mistakes = [](const std::string& tags) {
    return influx_mistakes_of(
        v1_at("hostIP: a\n    instanceTag: i\n    tag: {static: [" + tags + "]}"));
  };
  EXPECT_THAT(mistakes("{name: host, value: a}"),
              ElementsAre(HasSubstr("error: the tag `host` already has a meaning")));
  EXPECT_THAT(mistakes("{name: a, value: b}, {name: a, value: c}"),
              ElementsAre(HasSubstr("error: the tag `a` appears twice")));
  EXPECT_THAT(mistakes("{name: a, value: ''}"),
              ElementsAre(HasSubstr("warning: the tag `a` is left out")));
  EXPECT_THAT(mistakes("{name: butler_instance, value: a}"),
              ElementsAre(HasSubstr("error: `instanceTag` and `tag.static` both set")));
}

TEST(InfluxDb, IsATemplateWhileItIsSwitchedOff) {
  const auto loaded = parse_sample(std::string(kSample) + "  influxDb:\n    hostIP: ''\n");
  EXPECT_TRUE(loaded.config);
  EXPECT_FALSE(loaded.config->get<InfluxDb>().enabled);
}

}  // namespace
}  // namespace tocsin::config
