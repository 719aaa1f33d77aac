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
#include "config/destinations/influx_db_versions.h"
#include "config/section/addresses.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

constexpr std::uint16_t kPort = 8086;
constexpr std::uint16_t kPortOfVersion3 = 8181;

/// Names that InfluxDB keeps for itself, and those of the tags that every point has.
constexpr std::array<std::string_view, 8> kTakenTags = {
    "time", "_time",        "_field",       "_measurement",
    "host", "service_name", "display_name", "friendly_name"};

/// Whether the text is meant to be a URL and not the name of a host.
bool has_scheme(std::string_view text) { return text.contains("://"); }

std::optional<std::string> check_host_or_url(const std::string& text) {
  if (has_scheme(text)) {
    if (auto mistake = check_http_url(text)) return mistake;
    if (std::string_view(text).find_first_of("@?#") != std::string_view::npos)
      return "must be a URL without user, query and fragment; the keys beside it are for them";
    return std::nullopt;
  }
  if (text.empty()) return "must not be empty";
  if (std::ranges::any_of(text, [](unsigned char c) {
        return c <= ' ' || c == 0x7F || std::string_view("\"#%<>?@[\\]^`{|}/").contains(char(c));
      }))
    return "must be the name or address of a host, or a URL that begins with http:// or https://";
  return check_host(text, "hostPort");
}

bool has_port(std::string_view url) {
  auto authority = url.substr(url.find("://") + 3);
  authority = authority.substr(0, authority.find('/'));
  return authority.substr(std::min(authority.rfind(']'), authority.size())).contains(':') ||
         (!authority.contains('[') && authority.contains(':'));
}

/// "http://host:port" of what the keys `hostIP` and `hostPort` say.
std::string make_url(std::string host, std::optional<std::uint16_t> port, std::uint16_t fallback) {
  if (!has_scheme(host)) {
    if (host.contains(':')) host = "[" + host + "]";  // an IPv6 address
    return fmt::format("http://{}:{}", host, port.value_or(fallback));
  }
  while (host.ends_with('/')) host.pop_back();
  if (port && !has_port(host)) {
    const auto path = std::min(host.find('/', host.find("://") + 3), host.size());
    host.insert(path, fmt::format(":{}", *port));
  }
  return host;
}

void read_address(Section& section, const std::optional<Place>& version, InfluxDb& influx) {
  std::string host;
  const auto host_place = section.text(
      {.name = "hostIP",
       .description = "Name or address of the server; its URL where it speaks https or has a path.",
       .example = "https://influx.example.com",
       .otherwise = "required where InfluxDB is enabled",
       .differs = "Points wait in memory while the server is away; services of unreachable hosts "
                  "are UNKNOWN. Butler tries once, and writes nothing for those."},
      host, check_host_or_url);
  std::uint16_t port = 0;
  const auto port_place = section.port({.name = "hostPort",
                                        .description = "TCP port.",
                                        .example = "8086",
                                        .otherwise = "8086; 8181 for version 3; the port of a URL"},
                                       port);
  if (host_place && port_place && has_scheme(host) && has_port(host))
    section.warning(*port_place, "`hostPort` is not used: the URL in `hostIP` names a port");
  if (influx.enabled && !host_place && !section.has("hostIP"))
    section.error(version.value_or(section.place()), "the key `hostIP` is missing");
  if (!host_place) return;
  const auto fallback = influx.version == InfluxVersion::v3 ? kPortOfVersion3 : kPort;
  influx.url = make_url(host, port_place ? std::optional(port) : std::nullopt, fallback);
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
    entry.error(*place, fmt::format("the tag `{}` has a meaning already; choose another name",
                                    printable(tag.name)));
  } else if (std::ranges::find(names, tag.name) != names.end()) {
    entry.error(*place, fmt::format("the tag `{}` comes twice", printable(tag.name)));
  } else if (tag.value.empty()) {
    entry.warning(value_place.value_or(*place),
                  fmt::format("the tag `{}` is left out: InfluxDB knows no tags without a value",
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
       .description =
           "Version of InfluxDB. Its keys stand in `v1Config`, `v2Config` or `v3Config`. Those of "
           "version 1 may stand in `influxDb` itself, as in older files.",
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
  InfluxV1 v1;
  const auto new_layout = read_part("v1Config", "Keys of version 1.", InfluxVersion::v1,
                                    [&v1](Section& inner) { read_keys(inner, v1); });
  InfluxV1 old;
  read_keys(section, old);
  InfluxV2 v2;
  read_part("v2Config", "Keys of version 2.", InfluxVersion::v2,
            [&v2](Section& inner) { read_keys(inner, v2); });
  InfluxV3 v3;
  read_part("v3Config", "Keys of version 3.", InfluxVersion::v3,
            [&v3](Section& inner) { read_keys(inner, v3); });
  section.section({.name = "tag", .description = "Tags."},
                  [&](Section& inner) { read_tags(inner, influx_db.tags); });
  std::optional<Place> certificate;
  certificate = section.section(
      {.name = "cert", .description = "Verification of an https server."}, [&](Section& inner) {
        read_certificate(inner, influx_db.ca_file, influx_db.reject_unauthorized);
      });
  if (certificate && influx_db.url.starts_with("http://"))
    section.warning(*certificate,
                    "`cert` has no effect: `hostIP` is no URL that begins with https://");

  if (!influx_db.enabled) return;
  const bool has_own = influx_db.version == InfluxVersion::v1 && !v1.instance.empty();
  add_instance(section, has_own ? v1.instance : old.instance, influx_db.tags);
  switch (influx_db.version) {
    case InfluxVersion::v1:
      if (new_layout && section.raw("dbName") != nullptr)
        section.warning(section.raw("dbName")->place,
                        "`dbName` is not used: there is a `v1Config`, which counts");
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
