#include "daemon/storage.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/path.h"
#include "base/try.h"
#include "net/now.h"
#include "net/timer.h"
#include "platform/permissions.h"
#include "store/page_check.h"

namespace tocsin::daemon {
namespace {

constexpr auto kCompareFilesEvery = std::chrono::seconds(5);
/// The files are compared so often between two notes that the run goes on.
constexpr int kComparedPerNote = 12;
constexpr auto kAnswerLimit = std::chrono::seconds(10);
constexpr auto kTendEvery = std::chrono::hours(1);

}  // namespace

Storage::Storage(std::filesystem::path directory, store::Store opened, store::Requests asked,
                 store::Logins logged_in, store::Recoveries recovered, std::chrono::days kept,
                 const Clock& clock, const Log& log)
    : store(std::move(opened)),
      requests(std::move(asked)),
      logins(std::move(logged_in)),
      recoveries(std::move(recovered)),
      directory_(std::move(directory)),
      kept_(kept),
      clock_(clock),
      log_(log) {}

Result<std::unique_ptr<Storage>> Storage::open(const std::filesystem::path& directory,
                                               std::chrono::days kept, const Clock& clock,
                                               const Log& log) {
  if (auto made = platform::make_private_directory(directory);
      !made && made.error().kind != ErrorKind::exhausted)
    return fail(std::move(made));
  TRY(auto opened, store::Store::open(directory));
  TRY(auto requests, store::Requests::open(directory));
  TRY(auto logins, store::Logins::open(directory));
  TRY(auto recoveries, store::Recoveries::open(directory));
  TRY(opened.begin_run(clock.now()));
  if (const auto& lack = opened.lack_of_disk())
    log.error(
        "{}; tocsin runs from memory: alerts are sent, but states, history and waiting deliveries "
        "are lost if it ends before there is space to write them",
        lack->what);
  platform::give_to_owner(directory, store::kFiles);
  if (platform::is_writable_by_others(directory))
    log.warn(
        "every user of this machine can put files into the data directory {}: remove that "
        "permission",
        to_utf8(directory));
  return std::unique_ptr<Storage>(new Storage(directory, std::move(opened), std::move(requests),
                                              std::move(logins), std::move(recoveries), kept, clock,
                                              log));
}

net::awaitable<Result<>> Storage::save_logins(std::vector<logins::StoredLogin> records) {
  auto saved = co_await worker.run([&] { return logins.save(records); });
  if (!saved) log_.warn("refused logins are not stored: {}", saved.error().what);
  co_return saved;
}

net::awaitable<Result<bool>> Storage::restore_files() {
  co_return co_await worker.run([this]() -> Result<bool> {
    TRY(platform::make_private_directory(directory_));
    auto restored = store.restore_if_displaced();
    if (!restored) return restored;
    if (*restored) platform::give_to_owner(directory_, store::kFiles);
    TRY(requests.follow());
    TRY(logins.follow());
    TRY(recoveries.follow());
    return restored;
  });
}

net::awaitable<void> Storage::watch_files() {
  auto failure = store.lack_of_disk();  // was said at the start
  for (int compared = 1;; co_await net::sleep_for(kCompareFilesEvery)) {
    if (++compared % kComparedPerNote == 0) co_await note_alive();
    const bool was_in_memory = store.lack_of_disk().has_value();
    const auto* what =
        was_in_memory
            ? "tocsin runs from memory"
            : "the database was removed or replaced while tocsin ran, and cannot be recreated";
    const auto restored = co_await restore_files();
    if (!restored && (!failure || failure->what != restored.error().what))
      log_.error("{}: {}", what, restored.error().what);
    failure = restored ? std::nullopt : std::optional(restored.error());
    if (!restored || !*restored) continue;
    if (was_in_memory) {
      log_.notice("the disk has space again: everything kept in memory is now stored");
    } else {
      log_.error(
          "the database was removed or replaced while tocsin ran: it is recreated from the open "
          "file, and nothing is lost");
    }
  }
}

net::awaitable<void> Storage::note_alive() {
  const auto noted =
      co_await worker.run([this, now = clock_.now()] { return store.note_alive(now); });
  if (!noted) log_.debug("it is not noted that tocsin runs: {}", noted.error().what);
}

net::awaitable<bool> Storage::answers() {
  co_return (co_await worker.run_until([] { return true; }, net::within(kAnswerLimit))).has_value();
}

net::awaitable<void> Storage::log_complaints() {
  for (const auto& complaint : co_await worker.run([this] { return store.take_complaints(); })) {
    log_.warn("{}", complaint);
  }
}

/// A disk may take long to read all: the other thread goes on meanwhile, and nothing waits for this
/// one at the end.
net::awaitable<void> Storage::log_damage() {
  if (store.lack_of_disk()) co_return;  // all was read into memory
  net::Worker reader("store check", 1);
  const auto checked = co_await reader.run_until(
      [directory = directory_] { return store::check_large(directory); }, net::Deadline::max());
  if (checked && !*checked) log_.error("{}", checked->error().what);
}

/// In small steps, so that commits come in between.
net::awaitable<void> Storage::remove_old(Time oldest) {
  const auto prune = [&] { return store.prune(oldest); };
  auto pruned = co_await worker.run(prune);
  while (pruned && *pruned > 0) pruned = co_await worker.run(prune);
  if (!pruned) co_return log_.warn("old history is not removed: {}", pruned.error().what);
  Result<std::int64_t> series = 0;
  do {
    series = co_await worker.run([&] { return store.prune_seen(oldest, *series); });
  } while (series && *series > 0);
  if (!series) log_.warn("old states are not removed: {}", series.error().what);
}

net::awaitable<void> Storage::tend() {
  co_await log_complaints();
  co_await log_damage();
  for (Now before = net::now_by(clock_);;) {
    co_await net::sleep_for(kTendEvery);
    const Now now = net::now_by(clock_);
    // A clock that was set ahead may be wrong: it counts when it has stayed so up to the next time.
    const Time sure = std::min(now.wall, before.wall + (now.steady - before.steady));
    co_await remove_old(sure - kept_);
    co_await log_complaints();
    before = now;
  }
}

void Storage::log_losses() const {
  if (const auto& lack = store.lack_of_disk())
    log_.error("{}; states, history and waiting deliveries are lost", lack->what);
}

}  // namespace tocsin::daemon
