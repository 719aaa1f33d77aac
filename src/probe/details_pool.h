// Details that many services have alike, in memory once: a fleet has few different ones.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "domain/service.h"

namespace tocsin::probe {

/// For any thread. Keeps nothing alive.
class DetailsPool {
 public:
  /// These, or equal ones that somebody has.
  [[nodiscard]] std::shared_ptr<const ServiceDetails> share(ServiceDetails details);

 private:
  std::mutex mutex_;
  std::unordered_multimap<std::size_t, std::weak_ptr<const ServiceDetails>> known_;  ///< by hash
  std::size_t tidy_at_ = 64;  ///< so many leave room for what nobody has any more
};

}  // namespace tocsin::probe
