#include "daemon/journal.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tocsin::daemon {
namespace {

/// Of commits that wait for a disk that works again; each is a few hundred bytes to a few
/// kilobytes.
constexpr std::size_t kMostUnsaved = 10'000;
constexpr auto kRetryStore = std::chrono::seconds(5);

}  // namespace

struct Journal::Entry {
  Entry(net::Executor executor, store::Commit what)
      : commit(std::move(what)), written(std::move(executor)) {}
  store::Commit commit;
  net::Event written;
};

Journal::Journal(const net::Executor& executor, Rooms rooms)
    : executor_(executor), rooms_(std::move(rooms)), work_(executor) {}

net::awaitable<void> Journal::record(std::vector<store::StateChange> states,
                                     std::optional<store::HostChange> host,
                                     std::vector<Alert> alerts) {
  store::Commit commit;
  for (const auto& alert : alerts) {
    if (!alert.held.empty()) continue;
    std::ranges::move(notify::address(alert, rooms_.destinations, rooms_.routing,
                                      rooms_.clock.now(), rooms_.random),
                      std::back_inserter(commit.deliveries));
  }
  commit.states = std::move(states);
  commit.host = std::move(host);
  commit.alerts = std::move(alerts);
  const auto entry = std::make_shared<Entry>(executor_, std::move(commit));
  waiting_.push_back(entry);
  work_.set();
  co_await entry->written.wait();
}

net::awaitable<void> Journal::run() {
  for (;;) {
    const auto retry = unsaved_.empty() ? net::Deadline::max() : net::within(kRetryStore);
    co_await work_.wait_until(retry);
    work_.reset();
    co_await write_waiting();
  }
}

net::awaitable<void> Journal::write_waiting() {
  const auto entries = std::exchange(waiting_, {});
  auto commits = std::exchange(unsaved_, {});
  const std::size_t late = commits.size();
  for (const auto& entry : entries) commits.push_back(std::move(entry->commit));

  const auto stored = co_await rooms_.worker.run([&] { return rooms_.store.commit(commits); });
  for (std::size_t i = late; i < commits.size(); i++) {
    rooms_.dispatcher.submit(std::exchange(commits[i].deliveries, {}));
  }
  for (const auto& entry : entries) entry->written.set();
  if (!stored) {
    keep(std::move(commits), stored.error());
  } else if (std::exchange(failing_, false)) {
    rooms_.log.info("the store works again: {} changes were stored late", late);
  }
}

net::awaitable<void> Journal::store_rest(std::vector<store::Delivery> deliveries) {
  auto commits = std::exchange(unsaved_, {});
  for (const auto& entry : std::exchange(waiting_, {})) commits.push_back(std::move(entry->commit));
  if (!deliveries.empty()) commits.push_back({.deliveries = std::move(deliveries)});
  if (commits.empty()) co_return;
  const auto stored = co_await rooms_.worker.run([&] { return rooms_.store.commit(commits); });
  if (!stored) {
    rooms_.log.error("{}; {} changes and what could not be told are lost", stored.error().what,
                     commits.size());
  }
}

void Journal::keep(std::vector<store::Commit> commits, const Error& error) {
  if (!std::exchange(failing_, true)) {
    rooms_.log.error("{}; alerts go on from memory until the store works again", error.what);
  }
  if (commits.size() > kMostUnsaved) {
    const auto lost = static_cast<std::ptrdiff_t>(commits.size() - kMostUnsaved);
    rooms_.log.error("the store has failed for so long that {} changes are not kept for it", lost);
    commits.erase(commits.begin(), commits.begin() + lost);
  }
  unsaved_ = std::move(commits);
}

}  // namespace tocsin::daemon
