// What was seen, as it is written (docs/store.md, `seen`). Inside store/ only.
#pragma once

#include <cstdint>

#include "store/connection.h"
#include "store/store.h"

namespace tocsin::store {

/// The `state` of a series that is not watched from then on.
inline constexpr std::int64_t kNotWatched = 0;

/// What differs from the last that was seen. After the commit's own rows.
void note_seen(Connection& connection, const Commit& commit);
/// As Store::prune_seen() says.
std::int64_t prune_seen(Connection& connection, Time oldest, std::int64_t after);
/// As Store::begin_run() says.
void begin_run(Connection& connection, Time now);

}  // namespace tocsin::store
