#include "net/smtp_client.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "base/try.h"
#include "net/late_curl.h"
#include "net/smtp_session.h"
#include "net/timer.h"
#include "net/worker.h"

namespace tocsin::net {
namespace {

/// How long before the deadline a thread gives up, so that it still tells where it was.
constexpr auto kTimeToTell = std::chrono::milliseconds(150);

/// Sessions that may be used again. From any thread.
class Shelf {
 public:
  /// The one that was used last, or null.
  std::unique_ptr<SmtpSession> take() {
    const std::lock_guard lock(mutex_);
    if (kept_.empty()) return nullptr;
    auto session = std::move(kept_.back().session);
    kept_.pop_back();
    return session;
  }
  void put(std::unique_ptr<SmtpSession> session) {
    const std::lock_guard lock(mutex_);
    kept_.push_back({std::move(session), within(SmtpClient::kKept)});
  }
  /// Closes those that were not used up to `now`; when to come again, if there are more.
  std::optional<Deadline> close_unused(Deadline now) {
    const std::lock_guard lock(mutex_);
    for (; !kept_.empty() && kept_.front().until <= now; kept_.pop_front())
      kept_.front().session->quit();
    if (kept_.empty()) return std::nullopt;
    return kept_.front().until;
  }

 private:
  struct Kept {
    std::unique_ptr<SmtpSession> session;
    Deadline until;
  };
  std::mutex mutex_;
  std::deque<Kept> kept_;  ///< the longest kept first
};

/// One mail on a session that has just been opened.
Result<SmtpReply> send_on_new(SmtpSession& session, const SmtpMessage& message,
                              const SmtpLimits& limits) {
  TRY(auto refusal, session.open(limits));
  if (refusal) return *std::move(refusal);
  return session.send(message, limits);
}

/// Whether a server has closed the session while nothing was asked of it.
bool is_stale(const SmtpSession& session, const Result<SmtpReply>& outcome) {
  constexpr int kClosing = 421;  // RFC 5321, 3.8
  const bool closed =
      outcome ? outcome->code == kClosing : outcome.error().kind == ErrorKind::unreachable;
  return closed && session.ended_before_the_mail();
}

/// On a thread of the client's: one mail, on a session that is kept or on a new one.
Result<SmtpReply> exchange(Shelf& shelf, const SmtpServer& server, const SmtpMessage& message,
                           const SmtpLimits& limits) {
  for (;;) {
    auto session = shelf.take();
    const bool kept = session != nullptr;
    if (!kept) session = std::make_unique<SmtpSession>(server);
    auto outcome = kept ? session->send(message, limits) : send_on_new(*session, message, limits);
    if (kept && is_stale(*session, outcome)) continue;
    if (outcome && outcome->accepted() && !limits.given_up->load()) {
      shelf.put(std::move(session));
    } else if (outcome) {
      session->quit();
    }
    return outcome;
  }
}

}  // namespace

struct SmtpClient::State : std::enable_shared_from_this<State> {
  State(const Executor& executor, SmtpServer to)
      : server(std::make_shared<const SmtpServer>(std::move(to))), timer(executor) {}

  /// Closes what is kept for too long, now and later.
  void tidy() {
    const auto next = shelf->close_unused(MonotonicClock::now());
    waiting = next.has_value();
    if (!next) return;
    timer.call_at(*next, [weak = weak_from_this()] {
      if (const auto state = weak.lock()) state->tidy();
    });
  }

  std::shared_ptr<const SmtpServer> server;
  std::shared_ptr<Shelf> shelf = std::make_shared<Shelf>();
  Timer timer;
  bool waiting = false;  ///< for the timer
  Worker threads{"smtp", kMostConnections};
};

SmtpClient::SmtpClient(const Executor& executor, SmtpServer server) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  state_ = std::make_shared<State>(executor, std::move(server));
}

SmtpClient::~SmtpClient() { state_->shelf->close_unused(Deadline::max()); }

awaitable<Result<SmtpReply>> SmtpClient::send(SmtpMessage message, Deadline deadline) {
  struct GiveUp {
    std::shared_ptr<std::atomic<bool>> flag = std::make_shared<std::atomic<bool>>(false);
    ~GiveUp() { flag->store(true); }
  } const give_up;
  const SmtpLimits limits{.deadline = deadline - kTimeToTell, .given_up = give_up.flag};
  auto outcome = co_await state_->threads.run_until(
      [shelf = state_->shelf, server = state_->server, message = std::move(message), limits] {
        return exchange(*shelf, *server, message, limits);
      },
      deadline);
  if (!state_->waiting) state_->tidy();
  if (outcome) co_return *std::move(outcome);
  co_return fail(
      ErrorKind::timed_out,
      state_->server->host + ":" + std::to_string(state_->server->port) + ": no answer in time");
}

}  // namespace tocsin::net
