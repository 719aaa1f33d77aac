#include "config/destinations/heartbeat.h"

#include <optional>

#include "config/destinations/common_keys.h"
#include "config/file/yaml.h"
#include "config/section/section.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

constexpr DurationRange kEvery{std::chrono::seconds(10), std::chrono::hours(24)};

/// An account in it would need all the care that accounts of destinations have.
std::optional<std::string> check_url(const std::string& text) {
  if (auto mistake = check_http_url(text)) return mistake;
  const auto begin = text.find("://") + 3;
  const auto authority = text.substr(begin, text.find_first_of("/?#", begin) - begin);
  if (authority.contains('@')) return "must not hold a user and password";
  return std::nullopt;
}

void read_heartbeat(Section& entry, Heartbeat& heartbeat) {
  entry.text({.name = "url",
              .description = "URL to get, http or https.",
              .need = Need::required,
              .example = "https://hc-ping.com/${env:HEARTBEAT_ID}",
              .is_secret = true},
             heartbeat.url, check_url);
  entry.duration({.name = "every", .description = "Time between two requests.", .example = "1m"},
                 heartbeat.every, kEvery);
  entry.section({.name = "cert", .description = "Verification of an https receiver."},
                [&heartbeat](Section& inner) {
                  read_certificate(inner, heartbeat.ca_file, heartbeat.reject_unauthorized);
                });
}

}  // namespace

void read_heartbeats(Section& root, const HttpProxy& proxy, std::vector<Heartbeat>& heartbeats) {
  const auto* raw = root.raw("heartbeat");
  if (raw != nullptr && raw->type == YamlNode::Type::mapping) return;
  root.list(
      {.name = "heartbeat",
       .description = "URLs to request regularly. The service behind each raises an alarm when "
                      "the requests stop. Butler's section of this name is not used.",
       .is_section_of_butler = true},
      heartbeats, read_heartbeat);
  for (auto& heartbeat : heartbeats) heartbeat.proxy = proxy;
}

}  // namespace tocsin::config
