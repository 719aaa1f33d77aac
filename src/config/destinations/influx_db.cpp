#include "config/destinations/influx_db.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/destinations/common_keys.h"
#include "config/destinations/influx_values.h"

namespace tocsin::config {
namespace {

using std::chrono::seconds;

constexpr std::uint16_t kPort = 8086;
constexpr std::uint16_t kPortOfVersion3 = 8181;
constexpr Range kLimit{1, 5LL * 60 * 1000};

/// Names that InfluxDB keeps for itself, and those of the tags that every point has.
constexpr std::array<std::string_view, 8> kTakenTags = {
    "time", "_time",        "_field",       "_measurement",
    "host", "service_name", "display_name", "friendly_name"};

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

void read_address(Section& section, const std::optional<Place>& version, InfluxDb& influx) {
  std::string host;
  const auto host_place = section.text(
      {.name = "hostIP",
       .description = "Name or address of the server, or its URL for https or a path.",
       .example = "https://influx.example.com",
       .otherwise = "required if InfluxDB is enabled",
       .differs = "Points wait in memory while the server is away; services of unreachable hosts "
                  "are UNKNOWN. Butler tries once and writes nothing for these."},
      host, check_host_or_url);
  std::uint16_t port = 0;
  const auto port_place =
      section.port({.name = "hostPort",
                    .description = "TCP port.",
                    .example = "8086",
                    .otherwise = "the port of the URL, else 8086 (8181 for version 3)"},
                   port);
  if (host_place && port_place && has_scheme(host) && has_port(host))
    section.warning(*port_place, "`hostPort` is not used: the URL in `hostIP` names a port");
  if (influx.enabled && !host_place && !section.has("hostIP"))
    section.error(version.value_or(section.place()), "the key `hostIP` is missing");
  if (!host_place) return;
  const auto fallback = influx.version == InfluxVersion::v3 ? kPortOfVersion3 : kPort;
  influx.url = make_url(host, port_place ? std::optional(port) : std::nullopt, fallback);
}

/// What version 1 needs. Butler has these keys in two places.
struct V1 {
  std::string username;
  Secret password;
  std::string database;
  std::string retention_policy;
  seconds retention{};
  std::string instance;
};

void read_v1_auth(Section& section, V1& v1) {
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
  section.secret(
      {.name = "password", .description = kPasswordInWords, .example = "${env:INFLUX_PASSWORD}"},
      password);
  if (!enabled) return;
  if (username.empty()) {
    section.error(*place, "`auth` is enabled, so `username` must not be empty");
  } else if (username.contains(':')) {
    section.error(
        *username_place,
        "`username` must not contain a colon: HTTP reads what follows it as the password");
  }
  v1.username = std::move(username);
  v1.password = std::move(password);
}

void read_v1(Section& section, V1& v1) {
  section.section({.name = "auth", .description = "Account on the server."},
                  [&v1](Section& inner) { read_v1_auth(inner, v1); });
  section.text({.name = "dbName",
                .description = "Name of the database. tocsin creates it if it is missing.",
                .example = "tocsin"},
               v1.database, must_not_be_empty);
  section.text({.name = "instanceTag",
                .writing = Writing::title,
                .description = "Value of the tag `butler_instance` in every point.",
                .example = "PROD"},
               v1.instance);
  section.section(
      {.name = "retentionPolicy", .description = "Retention of points."}, [&v1](Section& inner) {
        inner.text(
            {.name = "name",
             .description =
                 "Name of the retention policy. A database that tocsin creates gets it as its "
                 "default. Points go to the default one if an existing database lacks it.",
             .example = "10d",
             .otherwise = "the database's default one"},
            v1.retention_policy);
        read_retention(inner, "duration", v1.retention);
      });
}

void read_token(Section& section, Secret& token) {
  section.secret({.name = "token",
                  .description = "API token that may write and create the database or bucket. "
                                 "Prefer a reference to plain text.",
                  .example = "${env:INFLUX_TOKEN}"},
                 token);
}

struct V2 {
  std::string organization;
  std::string bucket;
  std::string description;
  Secret token;
  seconds retention{};
};

void read_v2(Section& section, V2& v2) {
  section.text({.name = "org", .description = "Name of the organization.", .example = "example"},
               v2.organization, must_not_be_empty);
  section.text({.name = "bucket",
                .description = "Name of the bucket. tocsin creates it if it is missing.",
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

struct V3 {
  std::string database;
  Secret token;
  seconds retention{};
  std::chrono::milliseconds write_limit = InfluxDb{}.write_limit;
  std::chrono::milliseconds query_limit = InfluxDb{}.query_limit;
};

void read_v3(Section& section, V3& v3) {
  section.text({.name = "database",
                .description = "Name of the database. tocsin creates it if it is missing.",
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

void read_tag(Section& entry, InfluxTag& tag, std::vector<std::string>& names) {
  const auto place = entry.text({.name = "name",
                                 .description = "Name of the tag.",
                                 .need = Need::required,
                                 .example = "site"},
                                tag.name, must_not_be_empty);
  const auto value_place = entry.text({.name = "value",
                                       .writing = Writing::prose,
                                       .description = "Value of the tag in every point.",
                                       .example = "Berlin"},
                                      tag.value);
  if (!place) return;
  if (std::ranges::find(kTakenTags, tag.name) != kTakenTags.end()) {
    entry.error(*place, fmt::format("the tag `{}` already has a meaning; choose another name",
                                    printable(tag.name)));
  } else if (std::ranges::find(names, tag.name) != names.end()) {
    entry.error(*place, fmt::format("the tag `{}` appears twice", printable(tag.name)));
  } else if (tag.value.empty()) {
    entry.warning(value_place.value_or(*place),
                  fmt::format("the tag `{}` is left out: InfluxDB has no tags without a value",
                              printable(tag.name)));
  }
  names.push_back(tag.name);
}

void read_tags(Section& section, std::vector<InfluxTag>& tags) {
  std::vector<std::string> names;
  section.list({.name = "static", .description = "Tags of every point."}, tags,
               [&names](Section& entry, InfluxTag& tag) { read_tag(entry, tag, names); });
  std::erase_if(tags, [](const InfluxTag& tag) { return tag.value.empty(); });
}

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

void take(Section& section, V1 v1, bool old_layout, InfluxDb& influx) {
  demand(section, "1", old_layout ? "" : "v1Config.", {{"dbName", !v1.database.empty()}});
  influx.username = std::move(v1.username);
  influx.password = std::move(v1.password);
  influx.database = std::move(v1.database);
  influx.retention_policy = std::move(v1.retention_policy);
  influx.retention = v1.retention;
}

void take(Section& section, V2 v2, InfluxDb& influx) {
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

void take(Section& section, V3 v3, InfluxDb& influx) {
  demand(section, "3", "v3Config.", {{"database", !v3.database.empty()}});
  influx.database = std::move(v3.database);
  influx.token = std::move(v3.token);
  influx.retention = v3.retention;
  influx.write_limit = v3.write_limit;
  influx.query_limit = v3.query_limit;
}

void add_instance(Section& section, std::string instance, std::vector<InfluxTag>& tags) {
  constexpr auto kName = "butler_instance";
  if (instance.empty()) return;
  if (std::ranges::find(tags, kName, &InfluxTag::name) != tags.end()) {
    section.error(section.place(),
                  "`instanceTag` and `tag.static` both set the tag `butler_instance`");
  } else {
    tags.push_back({kName, std::move(instance)});
  }
}

}  // namespace

void read_settings(Section& section, bool wanted, InfluxDb& influx_db) {
  section.share_with_butler(Shared::features);
  influx_db.enabled = read_enable(section, wanted);
  const auto version = section.choice(
      {.name = "version",
       .description = "Version of InfluxDB. Its keys are in `v1Config`, `v2Config` or `v3Config`. "
                      "Older files have those of version 1 in `influxDb` itself.",
       .example = "2"},
      influx_db.version);
  read_address(section, version, influx_db);
  const auto read_part = [&](std::string_view name, std::string_view description,
                             InfluxVersion which, auto read) {
    return section.section({.name = name, .description = description}, [&](Section& inner) {
      if (influx_db.version != which) inner.switch_off();
      read(inner);
    });
  };
  V1 v1;
  const auto new_layout = read_part("v1Config", "Keys of version 1.", InfluxVersion::v1,
                                    [&v1](Section& inner) { read_v1(inner, v1); });
  V1 old;
  read_v1(section, old);
  V2 v2;
  read_part("v2Config", "Keys of version 2.", InfluxVersion::v2,
            [&v2](Section& inner) { read_v2(inner, v2); });
  V3 v3;
  read_part("v3Config", "Keys of version 3.", InfluxVersion::v3,
            [&v3](Section& inner) { read_v3(inner, v3); });
  section.section({.name = "tag", .description = "Tags."},
                  [&](Section& inner) { read_tags(inner, influx_db.tags); });
  std::optional<Place> certificate;
  certificate = section.section(
      {.name = "cert", .description = "Verification of an https server."}, [&](Section& inner) {
        read_certificate(inner, influx_db.ca_file, influx_db.reject_unauthorized);
      });
  if (certificate && influx_db.url.starts_with("http://"))
    section.warning(*certificate, "`cert` has no effect: `hostIP` does not begin with https://");

  if (!influx_db.enabled) return;
  const bool has_own = influx_db.version == InfluxVersion::v1 && !v1.instance.empty();
  add_instance(section, has_own ? v1.instance : old.instance, influx_db.tags);
  switch (influx_db.version) {
    case InfluxVersion::v1:
      if (new_layout && section.raw("dbName") != nullptr)
        section.warning(section.raw("dbName")->place,
                        "`dbName` is not used: `v1Config` takes precedence");
      take(section, new_layout ? std::move(v1) : std::move(old), !new_layout, influx_db);
      break;
    case InfluxVersion::v2:
      take(section, std::move(v2), influx_db);
      break;
    case InfluxVersion::v3:
      take(section, std::move(v3), influx_db);
      break;
  }
}

}  // namespace tocsin::config
