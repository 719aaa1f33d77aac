// What tocsin has done to get services running again, so that a program that is started again and
// again makes no more attempts than it may.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "domain/action.h"
#include "domain/recovery.h"

namespace tocsin::store {

struct StoredRecovery {
  HostName host;
  ServiceName service;
  RecoveryState state;
};

/// A table of the store with a connection of its own. Blocking; one thread at a time. Errors are as
/// those of Store. Each change is synced: after it returns a crash loses nothing of it.
class Recoveries {
 public:
  /// Takes no lock, and makes no database.
  static Result<Recoveries> open(const std::filesystem::path& directory);
  Recoveries(Recoveries&&) noexcept;
  Recoveries& operator=(Recoveries&&) noexcept;
  ~Recoveries();

  /// After Store::restore_if_displaced(): opens the new file.
  [[nodiscard]] Result<> follow();

  [[nodiscard]] Result<std::vector<StoredRecovery>> load();
  /// `did` is what an attempt was, for the history; null: it has not ended.
  [[nodiscard]] Result<> save(const StoredRecovery& recovery, const Action* did = nullptr);
  [[nodiscard]] Result<> forget(const HostName& host, const ServiceName& service);
  /// Of all services of the host, also what people have done.
  [[nodiscard]] Result<> forget(const HostName& host);

  /// What people have done to the service (Requests::add_control()).
  struct ByPeople {
    std::optional<Time> stopped_at;  ///< it has not run since
    bool is_counted = false;         ///< attempts count since they last started it
  };
  [[nodiscard]] Result<ByPeople> find_by_people(const HostName& host, const ServiceName& service);

 private:
  struct Database;
  explicit Recoveries(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

/// Who acts where tocsin starts a service by itself.
inline constexpr const char* kRecoveryActor = "recovery";

}  // namespace tocsin::store
