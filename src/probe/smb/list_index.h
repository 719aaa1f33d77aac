// Where the watched services stand in a host's list of all services.
#pragma once

#include <cstddef>

#include "domain/watch.h"
#include "probe/selection.h"
#include "wire/svcctl/client.h"

namespace tocsin::probe {

/// The names in a host's list hardly ever change, so they are converted and matched when they do:
/// otherwise a check of 250 services costs one hash over their bytes.
class ListIndex {
 public:
  /// Whether the names (where the watchlist asks for display names, those too), or their order,
  /// differ from those of the last list. `also` as in select().
  bool update(const svcctl::Enumeration& list, const Watchlist& watchlist, const Names& also = {});
  /// In the list's order. Its details are of the last change, until taken.
  [[nodiscard]] const Selection& selection() const { return selection_; }
  /// A number that differs when the status of anything in the selection does; never 0. For the list
  /// that update() was called with.
  [[nodiscard]] std::size_t fingerprint_of_states(const svcctl::Enumeration& list) const;
  [[nodiscard]] std::vector<std::pair<ServiceName, ServiceDetails>> take_details();

 private:
  std::size_t fingerprint_ = 0;
  Selection selection_;
};

}  // namespace tocsin::probe
