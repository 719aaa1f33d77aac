#include "config/destinations/influx_db_versions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::config {
namespace {

using std::chrono::seconds;

constexpr seconds kShortestRetention = std::chrono::hours(1);  // InfluxDB refuses less
constexpr Range kLimit{1, 5LL * 60 * 1000};

struct RetentionUnit {
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array kRetentionUnits = {RetentionUnit{"s", 1}, RetentionUnit{"m", 60},
                                        RetentionUnit{"h", 3600}, RetentionUnit{"d", 86'400},
                                        RetentionUnit{"w", 604'800}};

/// "10d", "1h30m", "INF": InfluxQL's durations from seconds up; 0 for ever.
std::optional<seconds> parse_retention(std::string_view text) {
  constexpr std::int64_t kMost = 100LL * 366 * 86'400;
  if (fold_case(text) == "INF" || text == "0") return seconds(0);
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    const auto* const unit = std::ranges::find_if(
        kRetentionUnits, [&](const RetentionUnit& one) { return text.starts_with(one.name); });
    if (parsed.ec != std::errc{} || number < 0 || number > kMost || unit == kRetentionUnits.end())
      return std::nullopt;
    total += number * unit->seconds;
    if (total > kMost) return std::nullopt;
    text.remove_prefix(unit->name.size());
  }
  return seconds(total);
}

std::optional<std::string> check_retention(const std::string& text) {
  const auto retention = parse_retention(text);
  if (!retention)
    return "must be a duration such as 10d, 36h or 1h30m (units s, m, h, d, w), or INF for ever";
  if (*retention > seconds(0) && *retention < kShortestRetention)
    return "must be at least 1h, or InfluxDB refuses it";
  return std::nullopt;
}

void read_retention(Section& section, std::string_view name, seconds& out) {
  std::string text;
  if (section.text({.name = name,
                    .description = "Retention of points in a database that tocsin creates: `10d`, "
                                   "`36h` or `INF`. An existing database stays unchanged.",
                    .example = "10d",
                    .otherwise = "for ever"},
                   text, check_retention))
    out = *parse_retention(text);
}

std::string instance;
};

void read_v1_auth(Section& section, InfluxV1& v1) {
  bool enabled = false;
  const auto place =
      section.boolean({.name = "enable",
                       .description = "Sends the user name and the password to the server.",
                       .example = "true"},
                      enabled);
  if (!enabled) section.switch_off();
  std::string username;
  const auto username_place = section.text(
      {.name = "username", .description = "User name.", .example = "tocsin"}, username);
  Secret password;
  section.secret({.name = "password",
                  .description = "Password; prefer a reference to the text itself.",
                  .example = "${env:INFLUX_PASSWORD}"},
                 password);
  if (!enabled) return;
  if (username.empty()) {
    section.error(*place, "`auth` is enabled, so `username` must not be empty");
  } else if (username.contains(':')) {
    section.error(*username_place,
                  "`username` must not hold a colon, which HTTP takes for the "
                  "beginning of the password");
  }
  v1.username = std::move(username);
  v1.password = std::move(password);
}

void read_token(Section& section, Secret& token) {
  section.secret({.name = "token",
                  .description = "API token that may write, and create the database or bucket; "
                                 "prefer a reference to the text itself.",
                  .example = "${env:INFLUX_TOKEN}"},
                 token);
}

};

/// Says what the section of the chosen version lacks.
void demand(Section& section, std::string_view version, std::string_view layout,
            std::initializer_list<std::pair<std::string_view, bool>> keys) {
  for (const auto& [key, there] : keys) {
    const auto* written = section.raw_path(std::string(layout).append(key));
    const bool is_written = written != nullptr && written->type != YamlNode::Type::null;
    if (!there && !is_written)  // with a mistake, which is said
      section.error(section.place(),
                    fmt::format("`{}{}` is needed for version {}", layout, key, version));
  }
}

}  // namespace

void read_keys(Section& section, InfluxV1& v1) {
  section.section({.name = "auth", .description = "Account on the server."},
                  [&v1](Section& inner) { read_v1_auth(inner, v1); });
  section.text({.name = "dbName",
                .description = "Name of the database; tocsin creates it where it is missing.",
                .example = "tocsin"},
               v1.database, must_not_be_empty);
  section.text({.name = "instanceTag",
                .writing = Writing::title,
                .description = "Value of the tag `butler_instance` in every point.",
                .example = "PROD"},
               v1.instance);
  section.section(
      {.name = "retentionPolicy", .description = "Retention of points."}, [&v1](Section& inner) {
        inner.text({.name = "name",
                    .description = "Name of the retention policy. A database that tocsin creates "
                                   "gets it as its default one. Points go to the default one where "
                                   "the database has none of this name.",
                    .example = "10d",
                    .otherwise = "the database's default one"},
                   v1.retention_policy);
        read_retention(inner, "duration", v1.retention);
      });
}

void read_keys(Section& section, InfluxV2& v2) {
  section.text({.name = "org", .description = "Name of the organization.", .example = "example"},
               v2.organization, must_not_be_empty);
  section.text({.name = "bucket",
                .description = "Name of the bucket; tocsin creates it where it is missing.",
                .example = "tocsin"},
               v2.bucket, must_not_be_empty);
  section.text({.name = "description",
                .writing = Writing::prose,
                .description = "Description of a bucket that tocsin creates.",
                .example = "Windows services"},
               v2.description);
  read_token(section, v2.token);
  read_retention(section, "retentionDuration", v2.retention);
}

std::chrono::milliseconds write_limit = InfluxDb{}.write_limit;
std::chrono::milliseconds query_limit = InfluxDb{}.query_limit;
}
;

void read_keys(Section& section, InfluxV3& v3) {
  section.text({.name = "database",
                .description = "Name of the database; tocsin creates it where it is missing.",
                .example = "tocsin"},
               v3.database, must_not_be_empty);
  std::string description;  // of the database, for whoever reads the file: InfluxDB 3 keeps none
  section.text({.name = "description",
                .writing = Writing::prose,
                .description = "Description of the database, for people who read the file.",
                .example = "Windows services"},
               description);
  read_token(section, v3.token);
  read_retention(section, "retentionDuration", v3.retention);
  section.milliseconds(
      {.name = "writeTimeout", .description = "Time limit of one write.", .example = "10000"},
      v3.write_limit, kLimit);
  section.milliseconds({.name = "queryTimeout",
                        .description = "Time limit of creating the database.",
                        .example = "10000"},
                       v3.query_limit, kLimit);
}

void take(Section& section, InfluxV1 v1, bool old_layout, InfluxDb& influx) {
  demand(section, "1", old_layout ? "" : "v1Config.", {{"dbName", !v1.database.empty()}});
  influx.username = std::move(v1.username);
  influx.password = std::move(v1.password);
  influx.database = std::move(v1.database);
  influx.retention_policy = std::move(v1.retention_policy);
  influx.retention = v1.retention;
}

void take(Section& section, InfluxV2 v2, InfluxDb& influx) {
  demand(section, "2", "v2Config.",
         {{"org", !v2.organization.empty()},
          {"bucket", !v2.bucket.empty()},
          {"token", !v2.token.empty()}});
  influx.organization = std::move(v2.organization);
  influx.database = std::move(v2.bucket);
  influx.bucket_description = std::move(v2.description);
  influx.token = std::move(v2.token);
  influx.retention = v2.retention;
}

void take(Section& section, InfluxV3 v3, InfluxDb& influx) {
  demand(section, "3", "v3Config.", {{"database", !v3.database.empty()}});
  influx.database = std::move(v3.database);
  influx.token = std::move(v3.token);
  influx.retention = v3.retention;
  influx.write_limit = v3.write_limit;
  influx.query_limit = v3.query_limit;
}

}  // namespace tocsin::config
