// The data directory: the store, what people ask for, the logins, and the one thread that they
// share.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "daemon/log.h"
#include "logins/logins.h"
#include "net/async.h"
#include "net/worker.h"
#include "notify/outbox.h"
#include "store/logins.h"
#include "store/recoveries.h"
#include "store/requests.h"
#include "store/store.h"

namespace tocsin::daemon {

/// On the loop's thread only; the tables on `worker`.
class Storage {
 public:
  /// Opens all of it, in memory where the disk takes nothing, which is logged; a run begins.
  /// History is kept for so long. Blocking. storage: the data directory cannot be used.
  static Result<std::unique_ptr<Storage>> open(const std::filesystem::path& directory,
                                               std::chrono::days kept, const Clock& clock,
                                               const Log& log);
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;
  ~Storage() = default;

  net::awaitable<Result<>> save_logins(std::vector<logins::StoredLogin> records);
  /// Somebody may remove or replace the files while they are open, and a disk that was full at the
  /// start may have room: whether they were made anew.
  net::awaitable<Result<bool>> restore_files();
  /// The same every few seconds, and logged, until it is cancelled; now and then notes that the run
  /// goes on.
  net::awaitable<void> watch_files();
  void keep_for(std::chrono::days kept) { kept_ = kept; }
  /// Looks for damage once, and removes what is old, every hour, until it is cancelled.
  net::awaitable<void> tend();
  /// That the run goes on up to now, where the store takes it.
  net::awaitable<void> note_alive();
  /// Whether its thread takes work within some seconds: a disk that hangs keeps it from that.
  net::awaitable<bool> answers();
  /// Logs what is lost because the disk had no room up to the end.
  void log_losses() const;

  store::Store store;
  store::Requests requests;
  store::Logins logins;
  store::Recoveries recoveries;
  net::Worker worker{"store", 1};
  notify::StoreOutbox outbox{store, worker};

 private:
  Storage(std::filesystem::path directory, store::Store opened, store::Requests asked,
          store::Logins logged_in, store::Recoveries recovered, std::chrono::days kept,
          const Clock& clock, const Log& log);
  net::awaitable<void> log_complaints();
  net::awaitable<void> log_damage();
  net::awaitable<void> remove_old(Time oldest);

  std::filesystem::path directory_;
  std::chrono::days kept_;
  const Clock& clock_;
  const Log& log_;
};

}  // namespace tocsin::daemon
