#include "domain/watch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/wildcard.h"

namespace tocsin {
namespace {

/// A service as patterns are compared with it. Patterns are folded.
class Subject {
 public:
  Subject(const ServiceName& name, const ServiceDetails* known) : name_(name), known_(known) {}

  [[nodiscard]] bool is_meant_by(const std::string& pattern, bool of_display_names) const {
    if (of_display_names) return is_displayed_as(pattern);
    if (matches_wildcard(pattern, name_.key())) return true;
    const bool may_be_per_user = known_ == nullptr || known_->type == 0 || is_per_user(*known_);
    return may_be_per_user && pattern.contains('_') && matches_wildcard(pattern, name_.key() + "_");
  }
  /// By either of its names.
  [[nodiscard]] bool is_called(const std::string& pattern) const {
    return matches_wildcard(pattern, name_.key()) || is_displayed_as(pattern);
  }
  [[nodiscard]] bool is_not_automatic() const {
    if (known_ == nullptr || known_->start_mode == StartMode::unknown) return false;
    return known_->start_mode != StartMode::automatic &&
           known_->start_mode != StartMode::automatic_delayed;
  }

 private:
  [[nodiscard]] bool is_displayed_as(const std::string& pattern) const {
    if (known_ == nullptr || known_->display_name.empty()) return false;
    if (display_name_.empty()) display_name_ = fold_case(known_->display_name);
    return matches_wildcard(pattern, display_name_);
  }

  const ServiceName& name_;
  const ServiceDetails* known_;
  mutable std::string display_name_;  ///< folded when it is first asked for
};

}  // namespace

bool is_one_name(const WatchedService& entry) {
  return !entry.pattern.empty() && !has_wildcard(entry.pattern);
}

Watchlist::Watchlist() {
  static const auto empty = std::make_shared<const Compiled>();
  compiled_ = empty;
}

Watchlist::Watchlist(std::vector<WatchedService> services) {
  auto compiled = std::make_shared<Compiled>();
  compiled->entries = std::move(services);
  for (std::size_t i = 0; i < compiled->entries.size(); i++) {
    const auto& entry = compiled->entries[i];
    const bool of_display_names = entry.pattern.empty() && !entry.display_name.empty();
    if (of_display_names || has_wildcard(entry.pattern)) {
      const auto& text = of_display_names ? entry.display_name : entry.pattern;
      Pattern pattern{i, fold_case(text), {}, of_display_names, entry.automatic_only};
      for (const auto& excluded : entry.exclude) pattern.exclude.push_back(fold_case(excluded));
      compiled->patterns.push_back(std::move(pattern));
    } else if (ServiceName name(entry.pattern); compiled->exact.emplace(name, i).second) {
      compiled->exact_names.push_back(std::move(name));
    }
  }
  compiled_ = std::move(compiled);
}

const WatchedService* Watchlist::find(const ServiceName& name, const ServiceDetails* known) const {
  const Subject subject(name, known);
  const auto& entries = compiled_->entries;
  const auto exact = compiled_->exact.find(name);
  const auto first = exact == compiled_->exact.end() ? entries.size() : exact->second;
  for (const auto& pattern : compiled_->patterns) {
    if (pattern.entry > first) break;
    if (pattern.automatic_only && subject.is_not_automatic()) continue;
    if (subject.is_meant_by(pattern.text, pattern.of_display_names) &&
        std::ranges::none_of(pattern.exclude,
                             [&](const auto& excluded) { return subject.is_called(excluded); }))
      return &entries[pattern.entry];
  }
  return first < entries.size() ? &entries[first] : nullptr;
}

const WatchedService* Watchlist::find_tracked(const ServiceName& name,
                                              const ServiceDetails* known) const {
  static const WatchedService undecided;
  const auto* entry = find(name, known);
  return entry == nullptr && known == nullptr && needs_details() ? &undecided : entry;
}

bool Watchlist::is_undecided(const ServiceName& name, const ServiceDetails* known) const {
  if (known != nullptr && known->start_mode != StartMode::unknown) return false;
  const auto* entry = is_exact(name) ? nullptr : find(name, known);
  return entry != nullptr && entry->automatic_only;
}

bool Watchlist::has_display_names() const {
  return std::ranges::any_of(compiled_->patterns, &Pattern::of_display_names);
}

bool Watchlist::needs_details() const {
  return std::ranges::any_of(compiled_->patterns, [](const Pattern& pattern) {
    return pattern.of_display_names || pattern.automatic_only;
  });
}

bool Watchlist::is_exact(const ServiceName& name) const { return compiled_->exact.contains(name); }

}  // namespace tocsin
