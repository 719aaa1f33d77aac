#include "domain/known_services.h"

#include <algorithm>
#include <utility>

namespace tocsin {

const KnownService* KnownServices::find(const ServiceName& name) const {
  const auto at = std::ranges::lower_bound(services_, name, {}, &KnownService::name);
  return at != services_.end() && at->name == name ? &*at : nullptr;
}

KnownService* KnownServices::find(const ServiceName& name) {
  return const_cast<KnownService*>(std::as_const(*this).find(name));
}

KnownService& KnownServices::operator[](const ServiceName& name) {
  if (services_.empty() || services_.back().name < name)
    return services_.emplace_back(KnownService{.name = name, .tracked = {}, .details = {}});
  const auto at = std::ranges::lower_bound(services_, name, {}, &KnownService::name);
  if (at->name == name) return *at;
  return *services_.insert(at, KnownService{.name = name, .tracked = {}, .details = {}});
}

void KnownServices::add(const std::vector<ServiceName>& names) {
  if (names.empty()) return;
  services_.reserve(services_.size() + names.size());
  for (const auto& name : names) services_.push_back({.name = name, .tracked = {}, .details = {}});
  std::ranges::sort(services_, {}, &KnownService::name);
}

void KnownServices::erase(const std::vector<ServiceName>& names) {
  if (names.empty()) return;
  std::erase_if(services_, [&names](const KnownService& known) {
    return std::ranges::binary_search(names, known.name);
  });
}

}  // namespace tocsin
