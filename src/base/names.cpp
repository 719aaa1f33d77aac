#include "base/names.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/text.h"

namespace tocsin {

struct InternedName::Entry {
  explicit Entry(std::string_view of)
      : text(of), folded(fold_case(of)), hash(std::hash<std::string>{}(folded)) {
    if (folded == text) folded = {};
  }

  [[nodiscard]] const std::string& key() const { return folded.empty() ? text : folded; }

  std::string text;
  std::string folded;  ///< empty: as the text
  std::size_t hash;    ///< of the key
  std::atomic<std::size_t> users = 0;
};

/// All entries, by their texts. What has users is in it: the first and the last one are counted
/// under the lock, all others without it.
class InternedName::Pool {
 public:
  Entry* find_or_add(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    auto found = entries_.find(text);
    if (found == entries_.end()) {
      auto entry = std::make_unique<Entry>(text);
      const std::string_view own = entry->text;
      found = entries_.emplace(own, std::move(entry)).first;
    }
    found->second->users.fetch_add(1, std::memory_order_relaxed);
    return found->second.get();
  }
  void leave(Entry& entry) {
    auto users = entry.users.load(std::memory_order_relaxed);
    while (users > 1) {
      if (entry.users.compare_exchange_weak(users, users - 1, std::memory_order_release)) return;
    }
    const std::scoped_lock lock(mutex_);
    if (entry.users.fetch_sub(1, std::memory_order_acq_rel) == 1)
      entries_.erase(entries_.find(entry.text));
  }
  std::size_t size() {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
  }

  /// Never destroyed: names that are static outlive everything.
  static Pool& instance() {
    static Pool& pool = *std::make_unique<Pool>().release();
    return pool;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> entries_;
};

InternedName::InternedName(std::string_view text)
    : entry_(text.empty() ? nullptr : Pool::instance().find_or_add(text)) {}

InternedName::InternedName(const InternedName& other) noexcept : entry_(other.entry_) {
  if (entry_ != nullptr) entry_->users.fetch_add(1, std::memory_order_relaxed);
}

void InternedName::leave() { Pool::instance().leave(*entry_); }

const std::string& InternedName::text() const {
  static const std::string none;
  return entry_ == nullptr ? none : entry_->text;
}

const std::string& InternedName::key() const { return entry_ == nullptr ? text() : entry_->key(); }

std::size_t InternedName::hash() const { return entry_ == nullptr ? 0 : entry_->hash; }

bool InternedName::has_key_of(const InternedName& other) const {
  return hash() == other.hash() && key() == other.key();
}

std::strong_ordering InternedName::compare_keys(const InternedName& other) const {
  return key() <=> other.key();
}

std::size_t InternedName::count() { return Pool::instance().size(); }

}  // namespace tocsin
