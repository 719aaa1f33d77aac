#include "probe/scm/scm_probe.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "net/signal.h"
#include "probe/listening.h"
#include "probe/scm/errors.h"
#include "probe/scm/listener.h"
#include "probe/scm_terms.h"

namespace tocsin::probe {
namespace {

using scm::Services;

/// From the listener's thread to the loop.
class Inbox {
 public:
  void put(std::optional<ObservedService> service) {
    const std::lock_guard lock(mutex_);
    add(pushed_, std::move(service));
  }
  Pushed take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(pushed_, {});
  }

 private:
  std::mutex mutex_;
  Pushed pushed_;
};

/// What is shared with threads that may hang: a session, or a reader of details.
template <typename T>
struct Shared {
  T asked;
  std::atomic<bool> busy = false;
};

/// The right to use it; given back when the call has ended, or was dropped before it began.
template <typename T>
class Turn {
 public:
  explicit Turn(std::shared_ptr<Shared<T>> of) : of_(std::move(of)) {}
  Turn(Turn&&) = default;
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (of_) of_->busy = false;
  }
  T& asked() { return of_->asked; }

 private:
  std::shared_ptr<Shared<T>> of_;
};

class ScmProbe final : public Probe {
 public:
  ScmProbe(const config::Host& host, std::shared_ptr<scm::System> system, net::Worker& threads,
           const Clock& clock, const DetailsLimits& limits)
      : threads_(threads),
        clock_(clock),
        system_(std::move(system)),
        machine_(scm::machine_of(host.address, system_->own_names())),
        limits_(limits),
        shared_(std::make_shared<Shared<scm::Session>>(
            scm::Session(system_, {host.name, machine_, host.services}, limits))),
        reader_(
            std::make_shared<Shared<scm::DetailsReader>>(scm::DetailsReader(system_, machine_))) {}

  net::awaitable<Result<Services>> check(net::Deadline deadline) override;
  void recall(std::span<const ObservedService> known) override {
    shared_->asked.recall(known, clock_.now());
  }
  [[nodiscard]] std::vector<ServiceName> due_details() const override {
    return shared_->busy ? std::vector<ServiceName>() : shared_->asked.due_details(clock_.now());
  }
  net::awaitable<Result<KnownDetails>> read_details(std::vector<ServiceName> services,
                                                    net::Deadline deadline) override;
  [[nodiscard]] BootSigns boot_signs() const override { return boot_; }
  [[nodiscard]] CheckTrace last_check() const override { return trace_; }
  net::awaitable<void> listen(net::Deadline deadline) override;
  void stop_listening() override {
    if (something_pushed_) something_pushed_->event().set();
  }
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
  const std::string machine_;
  const DetailsLimits limits_;
  const std::shared_ptr<Shared<scm::Session>> shared_;
  const std::shared_ptr<Shared<scm::DetailsReader>> reader_;
  net::Deadline details_hung_until_{};
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
    co_return fail(
        ErrorKind::timed_out,
        "an earlier question is still open; the host is asked again once it is answered");
  auto answer = co_await threads_.run_until(
      [turn = Turn(shared_), ask]() mutable {
        auto mine = std::move(turn);
        return ask(mine.asked());
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
  trace_ = shared_->busy ? CheckTrace{} : shared_->asked.last_check();
  const auto newest = empty_inbox();
  if (!seen) co_return seen;
  boot_ = shared_->asked.boot_signs();
  prefer_pushed(*seen, std::span(pushed_.services).subspan(newest));
  there_.clear();
  for (const auto& service : audible(*seen)) there_.push_back(service.name);
  if (listener_) listener_->listen_to(there_);
  co_return seen;
}

net::awaitable<Result<KnownDetails>> ScmProbe::read_details(std::vector<ServiceName> services,
                                                            net::Deadline deadline) {
  KnownDetails known;
  for (const auto& name : services) {
    const auto now = net::MonotonicClock::now();
    if (now < details_hung_until_ || deadline - now < limits_.question) break;
    if (shared_->busy || reader_->busy.exchange(true)) break;  // it still hangs
    auto read = co_await threads_.run_until(
        [turn = Turn(reader_), service = shared_->asked.source_of_details(name).text()]() mutable {
          auto mine = std::move(turn);
          return mine.asked().read(service);
        },
        now + limits_.question);
    if (!read) {
      details_hung_until_ = now + limits_.pause;
      break;
    }
    if (!*read && read->error() == svcctl::kShutdownInProgress)
      co_return std::unexpected(shutdown_error());
    if (!*read && !scm::is_about_service(read->error())) break;
    trace_.details++;
    auto details = *read ? std::optional(**std::move(read)) : std::nullopt;
    if (auto learned = shared_->asked.learn(name, std::move(details), clock_.now()))
      known.emplace(name, std::move(learned));
  }
  co_return known;
}

net::awaitable<void> ScmProbe::listen(net::Deadline deadline) {
  if (!listener_) {
    something_pushed_.emplace(co_await boost::asio::this_coro::executor);
    listener_ = std::make_unique<scm::Listener>(
        system_, machine_, [inbox = inbox_, sender = something_pushed_->sender()](auto service) {
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
  add(pushed_, inbox_->take());
  return before;
}

}  // namespace

std::unique_ptr<Probe> make_scm_probe(const config::Host& host, std::shared_ptr<scm::System> system,
                                      net::Worker& threads, const Clock& clock,
                                      const DetailsLimits& limits) {
  return std::make_unique<ScmProbe>(host, std::move(system), threads, clock, limits);
}

}  // namespace tocsin::probe
