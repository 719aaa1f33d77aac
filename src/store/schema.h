// The tables of tocsin.db, version by version (docs/store.md says what they mean).
#pragma once

#include <cstdint>
#include <span>

namespace tocsin::store {

/// `PRAGMA application_id`: that a file is ours ("tocs").
constexpr std::int32_t kApplicationId = 0x746F6373;

/// The n-th makes version n (`PRAGMA user_version`) of version n-1. Published ones never change.
[[nodiscard]] std::span<const char* const> migrations();

}  // namespace tocsin::store
