#include "probe/scm/listener.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "probe/listening.h"
#include "probe/scm/session.h"
#include "probe/scm_terms.h"

namespace tocsin::probe::scm {
namespace {

/// For closing handles; a thread that hangs in a call is left to itself.
constexpr auto kLongestEnd = std::chrono::seconds(1);

}  // namespace

/// Shared with the thread, which may hang in a call and outlive the listener.
struct Listener::State {
  State(std::shared_ptr<System> of, std::string at, Hear to)
      : system(std::move(of)),
        machine(std::move(at)),
        feed(system->make_feed(machine)),
        hear(std::move(to)) {}

  const std::shared_ptr<System> system;
  const std::string machine;
  const std::unique_ptr<Feed> feed;

  std::mutex mutex;  ///< over what follows
  Hear hear;         ///< empty: closing
  std::optional<std::vector<ServiceName>> wanted;
  bool ended = false;
  std::condition_variable end;

  // The thread's own.
  bool open = false;
  bool tells_removals = false;
  std::unordered_map<ServiceName, Hearing> services;

  [[nodiscard]] bool is_closing() {
    const std::lock_guard lock(mutex);
    return !hear;
  }

  /// Under the lock, so that nothing is pushed once the destructor has returned.
  void tell(std::optional<ObservedService> service) {
    const std::lock_guard lock(mutex);
    if (hear) hear(std::move(service));
  }

  void run() {
    while (!is_closing()) {
      take_wishes();
      for (const auto& notification : feed->wait()) take(notification);
    }
    feed->shut();
    const std::lock_guard lock(mutex);
    ended = true;
    end.notify_all();
  }

  void take_wishes() {
    std::optional<std::vector<ServiceName>> wishes;
    {
      const std::lock_guard lock(mutex);
      wishes = std::exchange(wanted, std::nullopt);
    }
    if (!wishes) return;
    if (!open) {
      services.clear();
      if (feed->open() != svcctl::kSuccess) return;
      open = true;
      tells_removals = feed->arm_list() == svcctl::kSuccess;
    }
    const std::unordered_set<ServiceName> names(wishes->begin(), wishes->end());
    std::erase_if(services, [&](const auto& entry) {
      if (names.contains(entry.first)) return false;
      feed->close(entry.first.text());
      return true;
    });
    if (!tells_removals) let_go_of_resting();
    for (const auto& name : names) {
      auto& hearing = services[name];
      if (hearing == Hearing::nothing) hearing = arm_besides(name, 0);
    }
  }

  /// Wine does not report removals, and an open service cannot go: those that have stopped are
  /// closed for a moment, so that checks find that one has gone.
  void let_go_of_resting() {
    for (auto& [name, hearing] : services) {
      if (hearing != Hearing::resting) continue;
      feed->close(name.text());
      hearing = arm_besides(name, svcctl::kStopped);
    }
  }

  /// `state`: that it is known to be in, or 0.
  Hearing arm_besides(const ServiceName& name, std::uint32_t state) {
    const auto error = feed->arm(name.text(), mask_besides(state));
    if (error != svcctl::kSuccess) {
      // It may be open all the same, and nothing would say that it is to be removed.
      feed->close(name.text());
      return error == svcctl::kServiceMarkedForDelete ? Hearing::leaving : Hearing::nothing;
    }
    return hearing_besides(state);
  }

  [[nodiscard]] bool is_ghost(const ServiceStatus& status) const {
    if (!machine.empty()) return false;
    const auto processes = system->processes();
    return processes && without_ghosts(status, *processes) != status;
  }

  void take(const Feed::Notification& notification) {
    if (!notification.service) {
      if (notification.error == svcctl::kSuccess) feed->arm_list();
      // Perhaps one that was to go has gone, and was made anew.
      for (auto& [name, hearing] : services)
        if (hearing == Hearing::leaving) hearing = Hearing::nothing;
      return tell(std::nullopt);
    }
    const auto found = services.find(ServiceName(*notification.service));
    if (found == services.end()) return;  // the last notification about one that was closed
    switch (meaning_of({.status = notification.status,
                        .notification_status = notification.error,
                        .triggered = notification.triggered})) {
      case Meaning::changed:
        break;
      case Meaning::leaving:
        // Without our handle Windows can remove it; opened again, it would report the same again.
        feed->close(found->first.text());
        found->second = Hearing::leaving;
        return tell(std::nullopt);
      case Meaning::invalid:
        feed->shut();  // the next check makes it begin anew
        open = false;
        return tell(std::nullopt);
    }
    const auto status = to_status(notification.status);
    // What has just changed its state lives; what repeats it may be dead, and only a check can
    // tell.
    if (found->second == Hearing::asking && is_ghost(status))
      tell(std::nullopt);
    else
      tell(ObservedService{.name = found->first, .status = status, .details = {}});
    found->second = arm_besides(found->first, notification.status.current_state);
  }
};

Listener::Listener(std::shared_ptr<System> system, std::string machine, Hear hear)
    : state_(std::make_shared<State>(std::move(system), std::move(machine), std::move(hear))) {
  // Detached, because a call to another machine may hang for minutes; it owns all that it touches.
  std::thread([state = state_] { state->run(); }).detach();
}

Listener::~Listener() {
  std::unique_lock lock(state_->mutex);
  state_->hear = nullptr;
  state_->feed->wake();
  // Other machines may be many, and hang.
  if (!state_->machine.empty()) return;
  state_->end.wait_for(lock, kLongestEnd, [this] { return state_->ended; });
}

void Listener::listen_to(std::vector<ServiceName> services) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->wanted = std::move(services);
  }
  state_->feed->wake();
}

}  // namespace tocsin::probe::scm
