#include "domain/silence.h"

#include "base/wildcard.h"

namespace tocsin {

SilenceScope SilenceScope::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {HostName(text), {}};
  return {HostName(text.substr(0, slash)), ServiceName(text.substr(slash + 1))};
}

std::string SilenceScope::text() const {
  return service.empty() ? host.text() : host.text() + "/" + service.text();
}

bool SilenceScope::covers(const HostName& of, const ServiceName& name) const {
  if (!matches_wildcard(host.key(), of.key())) return false;
  if (service.empty()) return true;
  return !name.empty() && matches_wildcard(service.key(), name.key());
}

}  // namespace tocsin
