#include "domain/shared_details.h"

#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace tocsin {
namespace {

class SharedDetails {
 public:
  std::shared_ptr<const ServiceDetails> share(ServiceDetails details) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = all_.find(&details); found != all_.end()) {
      if (auto known = found->second.lock()) return known;
      all_.erase(found);  // its last user is about to do so
    }
    auto fresh = std::make_unique<const ServiceDetails>(std::move(details));
    std::shared_ptr<const ServiceDetails> shared(
        fresh.release(), [this](const ServiceDetails* last) { remove(last); });
    all_.emplace(shared.get(), shared);
    return shared;
  }
  std::size_t size() {
    const std::scoped_lock lock(mutex_);
    return all_.size();
  }

  /// Never destroyed: details that are static outlive everything.
  static SharedDetails& instance() {
    static SharedDetails& all = *std::make_unique<SharedDetails>().release();
    return all;
  }

 private:
  void remove(const ServiceDetails* last) {
    const std::unique_ptr<const ServiceDetails> owned(last);
    const std::scoped_lock lock(mutex_);
    const auto found = all_.find(last);
    if (found != all_.end() && found->first == last) all_.erase(found);
  }

  struct Hash {
    std::size_t operator()(const ServiceDetails* details) const {
      return std::hash<std::string>{}(details->display_name);
    }
  };
  struct SaysTheSame {
    bool operator()(const ServiceDetails* a, const ServiceDetails* b) const { return *a == *b; }
  };

  std::mutex mutex_;
  std::unordered_map<const ServiceDetails*, std::weak_ptr<const ServiceDetails>, Hash, SaysTheSame>
      all_;
};

}  // namespace

std::shared_ptr<const ServiceDetails> share(ServiceDetails details) {
  return SharedDetails::instance().share(std::move(details));
}

std::size_t count_shared_details() { return SharedDetails::instance().size(); }

}  // namespace tocsin
