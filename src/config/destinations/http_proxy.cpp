#include "config/destinations/http_proxy.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "config/section/section.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kNoProxy = "none";

std::optional<std::string> check_proxy(const std::string& text) {
  if (text == kNoProxy) return std::nullopt;
  if (auto mistake = check_http_url(text)) return *mistake + ", or be `none`";
  const auto authority = text.find("://") + 3;
  const auto path = text.find_first_of("/?#", authority);
  if (path == std::string::npos || text.substr(path) == "/") return std::nullopt;
  return "must end after the host and port";
}

std::optional<std::string> check_bypass(const std::string& host) {
  if (host.empty()) return "must not be empty";
  if (host.find_first_of(" \t\r\n,") != std::string::npos || host.contains("://"))
    return "must be a host name, a domain, an address or a network such as `10.0.0.0/8`";
  if (host.contains('*') && host != "*")
    return "must name a domain without `*`: `example.com` covers all hosts in it";
  return std::nullopt;
}

/// `otherwise` is where the keys come from that are not there.
void read_proxy_keys(Section& section, std::string_view whose, std::string_view otherwise,
                     HttpProxy& proxy) {
  const auto description = "URL of the HTTP proxy for " + std::string(whose) +
                           ", with user and password if it requires them. `none`: no proxy.";
  std::string url;
  const auto place = section.text({.name = "proxy",
                                   .description = description,
                                   .example = "http://proxy.example.com:3128",
                                   .otherwise = otherwise,
                                   .is_secret = true},
                                  url, check_proxy);
  if (place) proxy.url = url == kNoProxy ? "" : url;
  std::vector<PlacedText> hosts;
  const auto bypass_place = section.placed_texts(
      {.name = "noProxy",
       .description = "Hosts, domains and networks to reach without the proxy. `*`: all.",
       .example = "[localhost, example.com, 10.0.0.0/8]",
       .otherwise = otherwise},
      hosts);
  if (!bypass_place) return;
  proxy.bypass = "";
  for (const auto& [text, where, offset] : hosts) {
    if (const auto mistake = check_bypass(text)) section.error(where, "`noProxy` " + *mistake);
    if (!proxy.bypass->empty()) *proxy.bypass += ',';
    *proxy.bypass += text;
  }
}

}  // namespace

void read_proxy(Section& section, HttpProxy& proxy) {
  read_proxy_keys(section, "all destinations over HTTP", "the environment's variables", proxy);
}

void read_own_proxy(Section& section, HttpProxy& proxy) {
  read_proxy_keys(section, "this destination", "as for all destinations", proxy);
}

}  // namespace tocsin::config
