#include "domain/timeline.h"

#include <algorithm>
#include <iterator>

namespace tocsin {
namespace {

using SeenState = std::optional<ServiceState>;

void append(std::vector<Seen>& row, Time at, SeenState state) {
  if (row.empty() || row.back().state != state) row.push_back({at, state});
}

SeenState through(SeenState outer, SeenState state) {
  if (!outer || !state) return std::nullopt;
  return outer == ServiceState::unknown ? outer : state;
}

SeenState worse_of(SeenState a, SeenState b) { return a && b ? worse(*a, *b) : a ? a : b; }

}  // namespace

std::vector<Seen> seen_through(std::span<const Seen> through_row, std::span<const Seen> row) {
  std::vector<Seen> seen;
  SeenState outer;
  SeenState state;
  auto a = through_row.begin();
  auto b = row.begin();
  while (a != through_row.end() || b != row.end()) {
    const bool takes_a = b == row.end() || (a != through_row.end() && a->at <= b->at);
    const bool takes_b = a == through_row.end() || (b != row.end() && b->at <= a->at);
    const Time at = takes_a ? a->at : b->at;
    if (takes_a) outer = (a++)->state;
    if (takes_b) state = (b++)->state;
    append(seen, at, through(outer, state));
  }
  return seen;
}

std::vector<Seen> thin(std::span<const Seen> row, Time to, std::size_t points) {
  if (row.size() <= points) return {row.begin(), row.end()};
  const Time from = row.front().at;
  // Each part of the time has at most two: the worst of what began in it, and the last.
  const auto parts = static_cast<Duration::rep>(std::max<std::size_t>(points / 2, 1));
  const Duration width((to - from).count() / parts + 1);
  std::vector<Seen> thinned;
  for (auto at = row.begin(); at != row.end();) {
    const Time end = from + ((at->at - from) / width + 1) * width;
    const auto begin = at;
    SeenState worst = at->state;
    for (++at; at != row.end() && at->at < end; ++at) worst = worse_of(worst, std::prev(at)->state);
    append(thinned, begin->at, worst);
    append(thinned, std::prev(at)->at, std::prev(at)->state);
  }
  return thinned;
}

}  // namespace tocsin
