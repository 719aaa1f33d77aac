// Finds damage. Without this, new rows would be written around a damaged page until somebody reads
// it.
#pragma once

#include <filesystem>

#include "base/error.h"

namespace tocsin::store {

/// Whether reading all of the file would keep a start waiting: Store::open() leaves it to
/// check_large().
[[nodiscard]] bool is_large(const std::filesystem::path& file);

/// Reads every page of the file. storage: it is damaged.
[[nodiscard]] Result<> check_pages(const std::filesystem::path& file);

/// Reads every page of what Store::open() has opened in this directory without doing so. Blocking,
/// for as long as the disk takes; on any thread, beside whoever reads and writes it. storage: it is
/// damaged.
[[nodiscard]] Result<> check_large(const std::filesystem::path& directory);

}  // namespace tocsin::store
