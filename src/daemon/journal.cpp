#include "daemon/journal.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/try.h"

namespace tocsin::daemon {
namespace {

/// Commits that may wait until the disk works again; each takes a few hundred bytes to a few
/// kilobytes.
constexpr std::size_t kMostUnsaved = 10'000;
constexpr auto kRetryStore = std::chrono::seconds(5);
/// States and alerts of one transaction: few at first, so that sending begins at once, and then up
/// to so many that syncing them to the disk is a small share of the time.
constexpr std::size_t kFirstRows = 200;
constexpr std::size_t kMostRows = 2000;
constexpr auto kAllRows = std::numeric_limits<std::size_t>::max();

/// "webhook "ops", Slack after 5 min if it still fires then; not routed: email; not wanted:
/// PagerDuty"
std::string describe_destinations(const Alert& alert, const Journal::PipelineRefs& pipeline) {
  const auto routed = pipeline.routing.get().targets(alert);
  std::vector<std::string> to;
  std::vector<std::string> unrouted;
  std::vector<std::string> unwanted;
  for (std::size_t i = 0; i < pipeline.destinations.size(); i++) {
    const auto& channel = *pipeline.destinations[i].channel;
    const auto found = std::ranges::find(routed, i, &notify::RoutedTo::destination);
    if (found == routed.end()) {
      unrouted.push_back(channel.name());
    } else if (!channel.wants(alert)) {
      unwanted.push_back(channel.name());
    } else if (found->after > Duration(0)) {
      to.push_back(channel.name() + " after " + duration_text(found->after) +
                   " if it still fires then");
    } else {
      to.push_back(channel.name() +
                   (found->conditional && is_resolved(alert) ? " if it was notified before" : ""));
    }
  }
  auto text = to.empty() ? "no destination" : fmt::format("{}", fmt::join(to, ", "));
  if (!unrouted.empty()) text += fmt::format("; not routed: {}", fmt::join(unrouted, ", "));
  if (!unwanted.empty()) text += fmt::format("; not wanted: {}", fmt::join(unwanted, ", "));
  return text;
}

void log_routing(const Alert& alert, const Journal::PipelineRefs& pipeline,
                 const PrefixedLog& log) {
  const auto service = is_about_host(alert) ? std::string() : alert.service.text() + " ";
  const auto route =
      is_resolved(alert) ? std::string("resolved") : pipeline.routing.get().name_route(alert);
  log.debug("routed: {}{}: {}: {}", service, kind_word(alert), route,
            describe_destinations(alert, pipeline));
}

/// Receivers tell alerts apart by their severity and by the spelling of names, and a reload may
/// have changed both. What is not monitored any more has no entry that says the rest.
void adopt_identity(Alert& alert, Alert firing) {
  alert.host = std::move(firing.host);
  alert.service = std::move(firing.service);
  alert.severity = firing.severity;
  if (alert.kind != TransitionKind::unmonitored) return;
  alert.friendly_name = std::move(firing.friendly_name);
  alert.details = std::move(firing.details);
  alert.set = std::move(firing.set);
}

void log_commit(const Log& log, std::span<const store::Commit> commits, bool stored,
                net::MonotonicClock::duration took) {
  if (!log.wants(config::LogLevel::debug)) return;
  std::size_t states = 0;
  std::size_t alerts = 0;
  std::size_t deliveries = 0;
  for (const auto& commit : commits) {
    states += commit.states.size();
    alerts += commit.alerts.size();
    deliveries += commit.deliveries.size();
  }
  log.of("store").debug(
      "commit {} in {} ms: states {}, alerts {}, deliveries {}", stored ? "written" : "failed",
      std::chrono::floor<std::chrono::milliseconds>(took).count(), states, alerts, deliveries);
}

}  // namespace

struct Journal::Entry {
  Entry(net::Executor executor, store::Commit what, PrefixedLog log_to)
      : commit(std::move(what)), log(std::move(log_to)), written(std::move(executor)) {}
  store::Commit commit;
  PrefixedLog log;
  net::Event written;
};

Journal::Journal(const net::Executor& executor, Deps deps, PipelineRefs pipeline)
    : executor_(executor),
      deps_(std::move(deps)),
      pipeline_(pipeline),
      writing_(executor, 1),
      work_(executor) {}

net::awaitable<void> Journal::keep_identity(std::vector<Alert>& alerts) const {
  const auto is_meant = [](const Alert& alert) {
    return alert.goes_on && alert.suppressed.empty();
  };
  if (std::ranges::none_of(alerts, is_meant)) co_return;
  // While the store fails, they are as the configuration has them now.
  (void)co_await deps_.worker.run([&]() -> Result<> {
    for (auto& alert : alerts) {
      if (!is_meant(alert)) continue;
      TRY(auto found, deps_.store.find_firing(alert.host, alert.service));
      if (found) adopt_identity(alert, *std::move(found));
    }
    return {};
  });
}

net::awaitable<void> Journal::commit(std::vector<store::StateChange> states,
                                     std::optional<store::HostChange> host,
                                     std::vector<Alert> alerts, PrefixedLog log) {
  co_await keep_identity(alerts);
  store::Commit commit{.states = std::move(states),
                       .host = std::move(host),
                       .alerts = std::move(alerts),
                       .deliveries = {},
                       .at = deps_.clock.now()};
  const auto entry = std::make_shared<Entry>(executor_, std::move(commit), std::move(log));
  waiting_.push_back(entry);
  work_.set();
  co_await entry->written.wait();
}

net::awaitable<void> Journal::run() {
  for (std::size_t rows = kFirstRows;;) {
    const auto retry = failing_ ? net::within(kRetryStore) : net::Deadline::max();
    co_await work_.wait_until(retry);
    work_.reset();
    // An attempt that fails may take long: then no alert waits for more than one.
    co_await write_waiting(failing_ ? kAllRows : rows);
    rows = waiting_.empty() ? kFirstRows : std::min(rows * 2, kMostRows);
    if (!waiting_.empty()) work_.set();
  }
}

/// Most ends that are sent only where something fires end nothing: no row need say so.
std::vector<std::shared_ptr<Journal::Entry>> Journal::take_waiting(std::size_t rows) {
  std::vector<std::shared_ptr<Entry>> entries;
  for (std::size_t taken = 0; taken < rows && !waiting_.empty(); waiting_.pop_front()) {
    entries.push_back(std::move(waiting_.front()));
    const auto& commit = entries.back()->commit;
    taken += commit.states.size() + commit.alerts.size();
  }
  using Subject = std::tuple<std::string, HostName, ServiceName>;
  std::set<Subject> addressed;  // here, and not with the dispatcher yet
  const auto ends_nothing = [&](const store::Delivery& one) {
    const auto& alert = one.alert;
    const bool is_end = one.conditional && (is_resolved(alert) || alert.for_notified);
    Subject subject(one.destination, alert.host, alert.service);
    const bool idle =
        is_end && !addressed.contains(subject) &&
        !pipeline_.dispatcher.get().may_have_open(one.destination, alert.host, alert.service);
    if (!idle) addressed.insert(std::move(subject));
    return idle;
  };
  for (const auto& entry : entries) {
    auto& commit = entry->commit;
    for (const auto& alert : commit.alerts) {
      if (!alert.suppressed.empty()) continue;
      if (entry->log.wants_debug()) log_routing(alert, pipeline_, entry->log);
      auto deliveries = notify::address(alert, pipeline_.destinations, pipeline_.routing.get(),
                                        deps_.clock.now(), deps_.random);
      std::erase_if(deliveries, ends_nothing);
      std::ranges::move(deliveries, std::back_inserter(commit.deliveries));
    }
  }
  return entries;
}

net::awaitable<void> Journal::write_waiting(std::size_t rows) {
  const auto slot = co_await writing_.acquire();
  const auto entries = take_waiting(rows);
  auto commits = std::exchange(unsaved_, {});
  const std::size_t late = commits.size();
  for (const auto& entry : entries) commits.push_back(std::move(entry->commit));

  const auto begun = net::MonotonicClock::now();
  const auto stored = co_await deps_.worker.run([&] { return deps_.store.commit(commits); });
  const auto took = net::MonotonicClock::now() - begun;
  deps_.metrics.count_commit(stored.has_value(), took);
  log_commit(deps_.log, commits, stored.has_value(), took);
  const auto has_alerts = [](const store::Commit& commit) { return !commit.alerts.empty(); };
  if (deps_.on_alerts && std::ranges::any_of(commits, has_alerts)) deps_.on_alerts();
  for (std::size_t i = late; i < commits.size(); i++) {
    pipeline_.dispatcher.get().submit(std::exchange(commits[i].deliveries, {}));
  }
  for (const auto& entry : entries) entry->written.set();
  if (!stored) {
    keep(std::move(commits), stored.error());
  } else if (std::exchange(failing_, false)) {
    deps_.log.info("the store works again: {} changes were stored late", late);
    co_await store_deliveries();
  }
}

net::awaitable<void> Journal::store_deliveries() {
  auto& dispatcher = pipeline_.dispatcher.get();
  store::Commit commit{.deliveries = dispatcher.unstored()};
  if (commit.deliveries.empty()) co_return;
  const auto stored = co_await deps_.worker.run([&] { return deps_.store.commit({&commit, 1}); });
  if (stored) {
    dispatcher.mark_stored(commit.deliveries);
  } else {
    keep({}, stored.error());
  }
}

net::awaitable<void> Journal::store_rest(std::vector<store::Delivery> deliveries) {
  auto commits = std::exchange(unsaved_, {});
  for (const auto& entry : take_waiting(kAllRows)) commits.push_back(std::move(entry->commit));
  if (!deliveries.empty()) commits.push_back({.deliveries = std::move(deliveries)});
  if (commits.empty()) co_return;
  const auto stored = co_await deps_.worker.run([&] { return deps_.store.commit(commits); });
  if (!stored) {
    deps_.log.error("{}; {} changes and all waiting deliveries are lost", stored.error().what,
                    commits.size());
  }
}

void Journal::keep(std::vector<store::Commit> commits, const Error& error) {
  if (!std::exchange(failing_, true)) {
    deps_.log.error("{}; alerts are sent from memory until the store works again", error.what);
  }
  if (commits.size() > kMostUnsaved) {
    const auto lost = static_cast<std::ptrdiff_t>(commits.size() - kMostUnsaved);
    deps_.log.error("the store has failed for too long: {} changes will not be stored", lost);
    commits.erase(commits.begin(), commits.begin() + lost);
  }
  unsaved_ = std::move(commits);
}

}  // namespace tocsin::daemon
