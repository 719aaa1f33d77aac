// What was seen of a service over time, as rows that can be drawn. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "domain/service.h"

namespace tocsin {

/// What was seen from then on, up to the next one of its row; no state: nothing is known.
struct Seen {
  Time at{};
  std::optional<ServiceState> state;

  friend bool operator==(const Seen&, const Seen&) = default;
};

/// The row as it is known through another one, of its host or of tocsin itself: nothing where that
/// knows nothing, and unknown where that is unknown. Rows are sorted by time; neighbours that are
/// alike become one.
[[nodiscard]] std::vector<Seen> seen_through(std::span<const Seen> through,
                                             std::span<const Seen> row);

/// At most `points` (2 or more) for a row that ends at `to`: neighbours that begin close together
/// become one, of the worst state of them, so that no outage is lost however short it was. A state
/// is worse than none.
[[nodiscard]] std::vector<Seen> thin(std::span<const Seen> row, Time to, std::size_t points);

}  // namespace tocsin
