#include "probe/details_cache.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "domain/shared_details.h"
#include "probe/scm_terms.h"
#include "wire/svcctl/terms.h"

namespace tocsin::probe {
namespace {

constexpr std::uint32_t kPerUserBits = svcctl::kUserService | svcctl::kUserServiceInstance;

}  // namespace

void DetailsCache::introduce(const ServiceName& name, const ServiceDetails& listed) {
  auto& entry = entries_[name];
  if (entry.details && entry.details->display_name == listed.display_name && entry.listed) return;
  auto details = entry.details ? *entry.details : listed;
  details.display_name = listed.display_name;
  details.type |= listed.type & kPerUserBits;
  entry.details = share(std::move(details));
  entry.listed = true;
  entry.asked = {};
}

const ServiceDetails* DetailsCache::find(const ServiceName& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second.details.get();
}

void DetailsCache::observe(std::span<const ObservedService> services) {
  for (const auto& [name, status, details] : services) {
    auto& entry = entries_[name];
    if (entry.status.state != status.state || entry.status.process_id != status.process_id)
      entry.asked = {};
    entry.status = status;
  }
  if (entries_.size() == services.size()) return;
  std::unordered_set<ServiceName> names;
  for (const auto& service : services) names.insert(service.name);
  std::erase_if(entries_, [&](const auto& entry) { return !names.contains(entry.first); });
}

std::vector<ServiceName> DetailsCache::due(Time now) const {
  std::vector<std::pair<Time, const ServiceName*>> waiting;
  for (const auto& [name, entry] : entries_) {
    // A clock set back makes everything too old.
    const bool old = now < entry.asked || now - entry.asked >= age_;
    if (old && is_there(entry.status)) waiting.emplace_back(entry.asked, &name);
  }
  std::ranges::sort(waiting, {}, &std::pair<Time, const ServiceName*>::first);
  std::vector<ServiceName> names;
  names.reserve(waiting.size());
  for (const auto& [asked, name] : waiting) names.push_back(*name);
  return names;
}

std::shared_ptr<const ServiceDetails> DetailsCache::answer(const ServiceName& name,
                                                           std::optional<ServiceDetails> details,
                                                           Time now) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  auto& entry = found->second;
  entry.asked = now;
  if (details && entry.listed) {
    details->display_name = entry.details->display_name;
    details->type |= entry.details->type & kPerUserBits;
  }
  if (details && (!entry.details || *details != *entry.details))
    entry.details = share(*std::move(details));
  return entry.details;
}

void DetailsCache::attach(std::span<ObservedService> services) const {
  for (auto& service : services) {
    const auto found = entries_.find(service.name);
    if (found != entries_.end()) service.details = found->second.details;
  }
}

}  // namespace tocsin::probe
