#include "probe/absent_services.h"

#include <algorithm>
#include <iterator>

#include "probe/per_user.h"
#include "probe/scm_terms.h"

namespace tocsin::probe {
namespace {

/// The per-user services that are known by their base names.
Names groups_of(const DetailsCache& details) {
  Names groups;
  for (const auto& name : details.services())
    if (const auto* known = details.find(name); known != nullptr && is_group(name, *known))
      groups.insert(name);
  return groups;
}

}  // namespace

void AbsentServices::find(std::span<const ObservedService> listed, const Names& seen,
                          const Watchlist& watchlist, const DetailsCache& details) {
  absent_.clear();
  Names covered;
  for (const auto& service : listed) covered.insert(service.name);
  for (const auto& name : watchlist.exact_names())
    if (covered.insert(name).second) absent_.push_back({.name = name, .by_pattern = false});
  std::vector<ServiceName> gone;
  std::ranges::copy_if(seen, std::back_inserter(gone),
                       [&](const ServiceName& name) { return !covered.contains(name); });
  if (!gone.empty()) {
    const auto groups = groups_of(details);
    for (const auto& name : gone)  // of a group no copies: nobody is logged on
      if (!groups.contains(name)) absent_.push_back({.name = name, .by_pattern = true});
  }
  std::ranges::sort(absent_, {}, &Absent::name);
}

std::vector<ServiceName> AbsentServices::due(Time now) const {
  std::vector<ServiceName> names;
  for (const auto& absent : absent_) {
    // A clock set back makes everything too old.
    const bool old = now < absent.asked || now - absent.asked >= age_;
    if (old || is_there(absent.status)) names.push_back(absent.name);
  }
  return names;
}

void AbsentServices::answer(const ServiceName& name, const ServiceStatus& status, Time now) {
  const auto found = std::ranges::lower_bound(absent_, name, {}, &Absent::name);
  if (found == absent_.end() || found->name != name) return;
  found->status = status;
  found->asked = now;
}

void AbsentServices::add_to(std::vector<ObservedService>& services) {
  std::erase_if(absent_, [](const Absent& absent) {
    return absent.by_pattern && absent.status.state == ServiceState::missing;
  });
  for (const auto& absent : absent_)
    services.push_back({.name = absent.name, .status = absent.status, .details = {}});
}

}  // namespace tocsin::probe
