// Why logins are suspected, so that a program that is started again and again locks no account.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "logins/stored_login.h"

namespace tocsin::store {

/// A table of the store with a connection of its own: `run` and commands that log in share it.
/// Blocking; one thread at a time. Errors are as those of Store.
class Logins {
 public:
  /// Takes no lock: works beside a process that runs. Makes no database.
  static Result<Logins> open(const std::filesystem::path& directory);
  Logins(Logins&&) noexcept;
  Logins& operator=(Logins&&) noexcept;
  ~Logins();

  /// After Store::restore_if_displaced(): opens the new file.
  [[nodiscard]] Result<> follow();

  /// A malformed record is left out.
  [[nodiscard]] Result<std::vector<logins::StoredLogin>> load();
  /// In one transaction, synced; those without a suspicion are removed.
  [[nodiscard]] Result<> save(std::span<const logins::StoredLogin> records);

 private:
  struct Database;
  explicit Logins(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace tocsin::store
