#include "probe/details_pool.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace tocsin::probe {
namespace {

std::size_t hash_of(const ServiceDetails& details) {
  const std::hash<std::string> hash;
  return hash(details.display_name) * 31 + hash(details.executable_path);
}

}  // namespace

std::shared_ptr<const ServiceDetails> DetailsPool::share(ServiceDetails details) {
  const auto hash = hash_of(details);
  const std::scoped_lock lock(mutex_);
  const auto [begin, end] = known_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (auto known = at->second.lock(); known && *known == details) return known;
  }
  auto added = std::make_shared<const ServiceDetails>(std::move(details));
  known_.emplace(hash, added);
  if (known_.size() >= tidy_at_) {
    std::erase_if(known_, [](const auto& one) { return one.second.expired(); });
    tidy_at_ = std::max<std::size_t>(64, 2 * known_.size());
  }
  return added;
}

}  // namespace tocsin::probe
