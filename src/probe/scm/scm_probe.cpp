#include "probe/scm/scm_probe.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "net/signal.h"
#include "probe/per_user.h"
#include "probe/scm/listener.h"

namespace tocsin::probe {
namespace {

using scm::Services;

/// From the listener's thread to the loop.
class Inbox {
 public:
  void put(std::optional<ObservedService> service) {
    const std::lock_guard lock(mutex_);
    if (service && pushed_.services.size() < kMostPushed)
      pushed_.services.push_back(*std::move(service));
    else
      pushed_.check_again = true;
  }
  Pushed take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pushed_, {});
  }

 private:
  /// A host that flaps faster than we record is checked instead.
  static constexpr std::size_t kMostPushed = 10'000;

  std::mutex mutex_;
  Pushed pushed_;
};

/// What is shared with threads that may hang.
struct Shared {
  scm::Session session;
  std::atomic<bool> busy = false;
};

/// The right to use the session; given back when the call has ended, or was dropped before it
/// began.
class Turn {
 public:
  explicit Turn(std::shared_ptr<Shared> of) : of_(std::move(of)) {}
  Turn(Turn&&) = default;
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (of_) of_->busy = false;
  }
  scm::Session& session() { return of_->session; }

 private:
  std::shared_ptr<Shared> of_;
};

class ScmProbe final : public Probe {
 public:
  ScmProbe(const config::Host& host, std::shared_ptr<scm::System> system, net::Worker& threads,
           const Clock& clock, scm::SessionOptions options)
      : threads_(threads),
        clock_(clock),
        system_(std::move(system)),
        shared_(std::make_shared<Shared>(
            scm::Session(system_, scm::machine_of(host.address, system_->own_names()),
                         host.services, options))) {}

  net::awaitable<Result<Services>> check(net::Deadline deadline) override;
  [[nodiscard]] BootSigns boot_signs() const override { return boot_; }
  [[nodiscard]] CheckTrace last_check() const override { return trace_; }
  net::awaitable<void> listen(net::Deadline deadline) override;
  Pushed take_pushed() override { return std::exchange(pushed_, {}); }
  net::awaitable<Result<Services>> list(net::Deadline deadline) override {
    return call([](scm::Session& session) { return session.list(); }, deadline);
  }
  net::awaitable<void> close(net::Deadline /*deadline*/) override {
    listener_.reset();
    co_return;
  }

 private:
  template <typename Ask>
  net::awaitable<Result<Services>> call(Ask ask, net::Deadline deadline);
  /// Answers where the newest ones begin.
  std::size_t empty_inbox();

  net::Worker& threads_;
  const Clock& clock_;
  const std::shared_ptr<scm::System> system_;
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  Pushed pushed_;
  BootSigns boot_;
  CheckTrace trace_;
  std::vector<ServiceName> there_;  ///< what the last check has found, and can be listened to
  // From the first listen() on: who only checks needs neither.
  std::optional<net::Signal> something_pushed_;
  std::unique_ptr<scm::Listener> listener_;
};

template <typename Ask>
net::awaitable<Result<Services>> ScmProbe::call(Ask ask, net::Deadline deadline) {
  if (shared_->busy.exchange(true))
    co_return fail(ErrorKind::timed_out,
                   "an earlier question has not been answered yet; the host is "
                   "asked again when it has");
  auto answer = co_await threads_.run_until(
      [turn = Turn(shared_), ask]() mutable {
        auto mine = std::move(turn);
        return ask(mine.session());
      },
      deadline);
  if (!answer)
    co_return fail(ErrorKind::timed_out, "the service control manager: no answer in time");
  co_return *std::move(answer);
}

net::awaitable<Result<Services>> ScmProbe::check(net::Deadline deadline) {
  empty_inbox();
  auto seen = co_await call(
      [now = clock_.now()](scm::Session& session) { return session.check(now); }, deadline);
  // A call that hangs goes on with the session.
  trace_ = shared_->busy ? CheckTrace{} : shared_->session.last_check();
  // What was pushed while the list was made may be newer than the list. Should it be older, the
  // newer state is pushed in a moment.
  const auto newest = empty_inbox();
  if (!seen) co_return seen;
  boot_ = shared_->session.boot_signs();
  for (auto at = newest; at < pushed_.services.size(); at++) {
    const auto& pushed = pushed_.services[at];
    const auto found = std::ranges::find(*seen, pushed.name, &ObservedService::name);
    if (found != seen->end()) found->status = pushed.status;
  }
  there_.clear();
  for (const auto& service : *seen) {
    const auto state = service.status.state;
    // A base name is no service's; the template of that name says nothing of the copies.
    if (service.details && is_group(service.name, *service.details)) continue;
    if (state != ServiceState::missing && state != ServiceState::denied)
      there_.push_back(service.name);
  }
  if (listener_) listener_->listen_to(there_);
  co_return seen;
}

net::awaitable<void> ScmProbe::listen(net::Deadline deadline) {
  if (!listener_) {
    something_pushed_.emplace(co_await boost::asio::this_coro::executor);
    listener_ = std::make_unique<scm::Listener>(
        system_, shared_->session.machine(),
        [inbox = inbox_, sender = something_pushed_->sender()](auto service) {
          inbox->put(std::move(service));
          sender.send();
        });
    listener_->listen_to(there_);
  }
  co_await something_pushed_->event().wait_until(deadline);
  something_pushed_->event().reset();
  empty_inbox();
}

std::size_t ScmProbe::empty_inbox() {
  const auto before = pushed_.services.size();
  auto pushed = inbox_->take();
  std::ranges::move(pushed.services, std::back_inserter(pushed_.services));
  pushed_.check_again |= pushed.check_again;
  return before;
}

}  // namespace

std::unique_ptr<Probe> make_scm_probe(const config::Host& host, std::shared_ptr<scm::System> system,
                                      net::Worker& threads, const Clock& clock,
                                      scm::SessionOptions options) {
  return std::make_unique<ScmProbe>(host, std::move(system), threads, clock, options);
}

}  // namespace tocsin::probe
