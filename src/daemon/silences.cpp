#include "daemon/silences.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::daemon {
namespace {

Suppression suppress(const std::string& what, const std::string& reason, Time until) {
  return {fmt::format("{} until {}{}{}", what, iso_minutes(until), reason.empty() ? "" : ": ",
                      printable(reason)),
          until};
}

/// Rows of `all` whose ids are not among `others`.
std::vector<Silence> without(const std::vector<Silence>& all, const std::vector<Silence>& others) {
  std::vector<Silence> rest;
  std::ranges::copy_if(all, std::back_inserter(rest), [&](const Silence& one) {
    return std::ranges::find(others, one.id, &Silence::id) == others.end();
  });
  return rest;
}

}  // namespace

Suppression suppression_of(const config::Maintenance& maintenance, Time until) {
  return suppress(fmt::format("maintenance `{}`", printable(maintenance.name)), maintenance.reason,
                  until);
}

Suppression suppression_of(const Silence& silence) {
  const auto by = silence.author.empty() ? "" : " by " + printable(silence.author);
  return suppress("silenced" + by, silence.reason, silence.end);
}

std::optional<Suppression> Silences::find(const HostName& host, const ServiceName& service,
                                          Time now) const {
  for (const auto& silence : silences_)
    if (silence.is_active(now) && silence.scope.covers(host, service))
      return suppression_of(silence);
  for (const auto& maintenance : maintenance_) {
    const auto covers = [&](const SilenceScope& scope) { return scope.covers(host, service); };
    if (std::ranges::none_of(maintenance.scopes, covers)) continue;
    if (const auto until = maintenance.window.open_until(now))
      return suppression_of(maintenance, *until);
  }
  return std::nullopt;
}

void Silences::set_silences(std::vector<Silence> silences) {
  if (silences == silences_) return;
  for (const auto& begun : without(silences, silences_))
    log_.notice("{}: {}", printable(begun.scope.text()), suppression_of(begun).reason);
  for (const auto& ended : without(silences_, silences))
    log_.notice("{}: the silence has ended", printable(ended.scope.text()));
  silences_ = std::move(silences);
}

}  // namespace tocsin::daemon
