#include "daemon/fleet.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tocsin::daemon {
namespace {

/// The machine's clock may jump; it is read at least this often, for all hosts at once: a timer of
/// each costs more than all else that an idle host does.
constexpr auto kLookUpEvery = std::chrono::seconds(10);

void log_watched(const Log& log, const HostName& host, std::string_view what) {
  if (log.wants(config::LogLevel::debug)) log.of("host " + host.text()).debug("watch {}", what);
}

}  // namespace

Fleet::Fleet(const net::Executor& executor, Watcher::Deps deps)
    : all_checked_(executor), tasks_(executor) {
  deps.notice = std::bind_front(&Fleet::notice, this);
  deps.on_first_check = [this] { note_first_checks(); };
  deps_ = std::make_shared<const Watcher::Deps>(std::move(deps));
}

std::string Fleet::notice() const {
  constexpr std::size_t kFewest = 2;  // one host says nothing about others
  std::size_t hosts = 0;
  for (const auto& [name, watcher] : watchers_) {
    if (watcher->is_retired()) continue;
    if (watcher->is_reached()) return {};
    hosts++;
  }
  if (hosts < kFewest) return {};
  return fmt::format("tocsin reaches none of its {} hosts: check its own network first", hosts);
}

Fleet::Changes Fleet::set_hosts(const std::vector<config::Host>& hosts, Known known) {
  Changes changes;
  std::set<HostName> named;
  for (const auto& host : hosts) {
    named.insert(host.name);
    const auto found = watchers_.find(host.name);
    if (found != watchers_.end()) {
      if (found->second->reconfigure(host)) changes.changed++;
      continue;
    }
    log_watched(deps_->log, host.name, "begins");
    watchers_.emplace(host.name,
                      std::make_unique<Watcher>(host, std::move(known[host.name]), deps_));
    tasks_.spawn(watch(host.name));
    changes.come++;
  }
  for (const auto& [name, watcher] : watchers_) {
    if (named.contains(name) || watcher->is_retired()) continue;
    log_watched(deps_->log, name, "ends");
    watcher->retire();
    changes.gone++;
  }
  if (!watchers_.empty() && !std::exchange(looks_up_, true)) tasks_.spawn(look_up());
  note_first_checks();
  return changes;
}

net::awaitable<void> Fleet::look_up() {
  for (;;) {
    co_await net::sleep_for(kLookUpEvery);
    for (const auto& [name, watcher] : watchers_) watcher->look_up();
  }
}

bool Fleet::has_all(const std::vector<config::Host>& hosts) const {
  return std::ranges::all_of(
      hosts, [this](const config::Host& host) { return watchers_.contains(host.name); });
}

const Watcher* Fleet::find_watcher(const HostName& host) const {
  const auto found = watchers_.find(host);
  return found == watchers_.end() ? nullptr : found->second.get();
}

const MonitoredHost* Fleet::find(const HostName& host) const {
  const auto* watcher = find_watcher(host);
  return watcher == nullptr ? nullptr : &watcher->monitored();
}

void Fleet::for_each(const std::function<void(const Watcher&)>& visit) const {
  for (const auto& [name, watcher] : watchers_) {
    if (!watcher->is_retired()) visit(*watcher);
  }
}

bool Fleet::check_soon(const HostName& host) {
  const auto found = watchers_.find(host);
  if (found == watchers_.end()) return false;
  found->second->check_soon();
  return true;
}

/// A host that is named again before its end goes on as if nothing had been; one that is named
/// again while that is stored begins anew.
net::awaitable<void> Fleet::watch(HostName name) {
  auto& watcher = *watchers_.at(name);
  do {
    co_await watcher.run();
    co_await watcher.close();
    if (watcher.is_retired()) co_await watcher.forget();
  } while (!watcher.is_retired());
  watchers_.erase(name);
  if (deps_->on_gone) deps_->on_gone(name);
}

/// The first that waits ends the search: all searches together are short.
void Fleet::note_first_checks() {
  const bool all = std::ranges::all_of(watchers_, [](const auto& watched) {
    return watched.second->is_checked() || watched.second->is_retired();
  });
  if (all) all_checked_.set();
}

net::awaitable<void> Fleet::wait_for_first_checks(net::Deadline deadline) {
  (void)co_await all_checked_.wait_until(deadline);
}

WatchGaps Fleet::find_gaps() const {
  WatchGaps gaps;
  for (const auto& [name, watcher] : watchers_) {
    if (watcher->is_retired()) continue;
    if (watcher->is_checked()) {
      gaps.add(watcher->monitored());
    } else {
      gaps.hosts++;
    }
  }
  return gaps;
}

Work Fleet::work() const {
  Work work;
  for (const auto& [name, watcher] : watchers_) {
    work.pending |= watcher->is_busy();
    work.ended += watcher->rounds();
  }
  return work;
}

net::awaitable<void> Fleet::stop() {
  tasks_.cancel();
  co_await tasks_.join();
}

void Fleet::close(net::TaskScope& scope) {
  for (const auto& [name, watcher] : watchers_) scope.spawn(watcher->close());
}

}  // namespace tocsin::daemon
