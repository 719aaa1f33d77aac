#include "config/monitored/host.h"

namespace tocsin::config {

Source default_source(const Environment& environment) {
  return environment.has_service_manager ? Source::scm : Source::smb;
}

bool is_asked_alike(Host a, const Host& b) {
  a.name = b.name;
  a.frequency = b.frequency;
  a.check_every_nth = b.check_every_nth;
  a.services = b.services;
  a.policy = b.policy;
  a.control = b.control;
  return a == b;
}

std::vector<std::string_view> differing_keys(const Host& a, const Host& b) {
  std::vector<std::string_view> keys;
  if (a.name.text() != b.name.text()) keys.emplace_back("host");
  if (a.address != b.address) keys.emplace_back("address");
  if (a.server_name != b.server_name) keys.emplace_back("serverName");
  if (a.port != b.port) keys.emplace_back("port");
  if (a.source != b.source) keys.emplace_back("source");
  if (a.push != b.push) keys.emplace_back("push");
  if (a.credentials != b.credentials || a.not_asked != b.not_asked)
    keys.emplace_back("credentials");
  if (a.frequency != b.frequency) keys.emplace_back("frequency");
  if (a.check_every_nth != b.check_every_nth) keys.emplace_back("checkEveryNth");
  if (a.services != b.services) keys.emplace_back("services");
  if (a.policy != b.policy) keys.emplace_back("hostPolicy");
  if (a.control != b.control) keys.emplace_back("control");
  return keys;
}

bool is_same(const Host& a, const Host& b) { return a == b && a.name.text() == b.name.text(); }

}  // namespace tocsin::config
