#include "domain/action.h"

#include "base/wildcard.h"

namespace tocsin {
namespace {

/// Either may be the pattern.
bool may_mean(const auto& one, const auto& other) {
  return matches_wildcard(one.key(), other.key()) || matches_wildcard(other.key(), one.key());
}

}  // namespace

bool Action::concerns(const SilenceScope& which) const {
  if (!which.host.empty() && !may_mean(which.host, scope.host)) return false;
  if (which.service.empty()) return true;
  // What was done to a host was done to its services.
  return !scope.host.empty() && (scope.service.empty() || may_mean(which.service, scope.service));
}

}  // namespace tocsin
