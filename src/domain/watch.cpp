#include "domain/watch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/wildcard.h"

namespace tocsin {

Watchlist::Watchlist(std::vector<WatchedService> services) : entries_(std::move(services)) {
  for (std::size_t i = 0; i < entries_.size(); i++) {
    const auto& entry = entries_[i];
    if (has_wildcard(entry.pattern)) {
      Pattern pattern{i, fold_case(entry.pattern), {}};
      for (const auto& excluded : entry.exclude) pattern.exclude.push_back(fold_case(excluded));
      patterns_.push_back(std::move(pattern));
    } else if (ServiceName name(entry.pattern); exact_.emplace(name.key(), i).second) {
      exact_names_.push_back(std::move(name));
    }
  }
}

const WatchedService* Watchlist::find(const ServiceName& name) const {
  const auto matches = [&](const std::string& pattern) {
    return matches_wildcard(pattern, name.key());
  };
  const auto exact = exact_.find(name.key());
  const auto first = exact == exact_.end() ? entries_.size() : exact->second;
  for (const auto& pattern : patterns_) {
    if (pattern.entry > first) break;
    if (matches(pattern.text) && std::ranges::none_of(pattern.exclude, matches))
      return &entries_[pattern.entry];
  }
  return first < entries_.size() ? &entries_[first] : nullptr;
}

bool Watchlist::is_exact(const ServiceName& name) const { return exact_.contains(name.key()); }

}  // namespace tocsin
