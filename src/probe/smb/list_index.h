// Where the watched services stand in a host's list of all services.
#pragma once

#include <cstddef>
#include <vector>

#include "base/names.h"
#include "domain/watch.h"
#include "wire/svcctl/client.h"

namespace tocsin::probe {

/// The names in a host's list hardly ever change, so they are converted and matched when they do:
/// otherwise a check of 250 services costs one hash over their bytes.
class ListIndex {
 public:
  struct Entry {
    std::size_t place;  ///< in the list
    ServiceName name;   ///< as the host spells it
  };

  /// Whether the names, or their order, differ from those of the last list.
  bool update(const svcctl::Enumeration& list, const Watchlist& watchlist);
  /// Each watched service that the list holds, once, in the list's order.
  [[nodiscard]] const std::vector<Entry>& watched() const { return watched_; }

 private:
  std::size_t fingerprint_ = 0;
  std::vector<Entry> watched_;
};

}  // namespace tocsin::probe
