// The silences that people ask for: commands write them while `run` works.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/silence.h"

namespace tocsin::store {

/// A table of the store with a connection of its own. Blocking; one thread at a time. Errors are as
/// those of Store.
class Silences {
 public:
  /// Takes no lock: works beside a process that runs. Makes no database.
  static Result<Silences> open(const std::filesystem::path& directory);
  Silences(Silences&&) noexcept;
  Silences& operator=(Silences&&) noexcept;
  ~Silences();

  /// Answers its id.
  [[nodiscard]] Result<std::int64_t> add(const Silence& silence);
  /// Ends one that has not ended; answers whether there was one.
  [[nodiscard]] Result<bool> end(std::int64_t id, Time now);
  /// Those that end after `since`, in the order in which they were made.
  [[nodiscard]] Result<std::vector<Silence>> load(Time since);

 private:
  struct Database;
  explicit Silences(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace tocsin::store
