#include "domain/watch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/wildcard.h"

namespace tocsin {

Watchlist::Watchlist() {
  static const auto empty = std::make_shared<const Compiled>();
  compiled_ = empty;
}

Watchlist::Watchlist(std::vector<WatchedService> services) {
  auto compiled = std::make_shared<Compiled>();
  compiled->entries = std::move(services);
  for (std::size_t i = 0; i < compiled->entries.size(); i++) {
    const auto& entry = compiled->entries[i];
    if (entry.pattern.empty()) continue;  // a pattern for display names
    if (has_wildcard(entry.pattern)) {
      Pattern pattern{i, fold_case(entry.pattern), {}};
      for (const auto& excluded : entry.exclude) pattern.exclude.push_back(fold_case(excluded));
      compiled->patterns.push_back(std::move(pattern));
    } else if (ServiceName name(entry.pattern); compiled->exact.emplace(name.key(), i).second) {
      compiled->exact_names.push_back(std::move(name));
    }
  }
  compiled_ = std::move(compiled);
}

const WatchedService* Watchlist::find(const ServiceName& name) const {
  const auto matches = [&](const std::string& pattern) {
    return matches_wildcard(pattern, name.key());
  };
  const auto& entries = compiled_->entries;
  const auto exact = compiled_->exact.find(name.key());
  const auto first = exact == compiled_->exact.end() ? entries.size() : exact->second;
  for (const auto& pattern : compiled_->patterns) {
    if (pattern.entry > first) break;
    if (matches(pattern.text) && std::ranges::none_of(pattern.exclude, matches))
      return &entries[pattern.entry];
  }
  return first < entries.size() ? &entries[first] : nullptr;
}

bool Watchlist::is_exact(const ServiceName& name) const {
  return compiled_->exact.contains(name.key());
}

}  // namespace tocsin
