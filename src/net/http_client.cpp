#include "net/http_client.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/try.h"
#include "net/curl.h"
#include "net/http_exchange.h"
#include "net/late_curl.h"
#include "net/thread_pool.h"
#include "net/timer.h"

namespace tocsin::net {

namespace asio = boost::asio;

namespace {

using Multi = std::unique_ptr<CURLM, CurlDeleter<curl_multi_cleanup>>;

/// A request on its way.
struct Transfer {
  Transfer(HttpRequest request, std::string origin, const Executor& executor)
      : exchange(std::move(request), std::move(origin)), timer(executor) {}

  HttpExchange exchange;  ///< the engine's thread's

  // The loop's:
  Timer timer;  ///< for the deadline; cancelled with the outcome
  std::optional<Result<HttpResponse>> outcome;
};

}  // namespace

/// Curl's multi handle and the thread that drives it.
class HttpClient::Engine {
 public:
  explicit Engine(Executor executor) : executor_(std::move(executor)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_.reset(curl_multi_init());
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kMostKeptConnections);
    thread_.submit([this] { run(); });
  }
  ~Engine() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    curl_multi_wakeup(multi_.get());
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// As http_origin(): few URLs are asked for again and again. The loop's, as the next two.
  Result<std::string> origin_of(const std::string& url) {
    if (const auto known = origins_.find(url); known != origins_.end()) return known->second;
    TRY(auto origin, http_origin(url));
    if (origins_.size() == kMostOrigins) origins_.clear();
    return origins_.emplace(url, std::move(origin)).first->second;
  }
  std::shared_ptr<Transfer> begin(HttpRequest request, std::string origin) {
    auto transfer = std::make_shared<Transfer>(std::move(request), std::move(origin), executor_);
    hand_over(transfer, Wish::begin);
    return transfer;
  }
  void give_up(std::shared_ptr<Transfer> transfer) {
    hand_over(std::move(transfer), Wish::give_up);
  }

 private:
  enum class Wish : std::uint8_t { begin, give_up };
  static constexpr long kMostKeptConnections = 64;
  static constexpr std::size_t kMostOrigins = 64;
  static constexpr int kLongestWaitMs = 3'600'000;  // wakeups and curl's own timers come earlier

  void hand_over(std::shared_ptr<Transfer> transfer, Wish wish) {
    bool is_first = false;  // others have woken the thread, which takes all
    {
      const std::lock_guard lock(mutex_);
      is_first = wishes_.empty();
      wishes_.emplace_back(std::move(transfer), wish);
    }
    if (is_first) curl_multi_wakeup(multi_.get());
  }

  void run() {
    while (fulfil_wishes()) {
      int active = 0;
      curl_multi_perform(multi_.get(), &active);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
        finish(message->easy_handle, message->data.result);
      curl_multi_poll(multi_.get(), nullptr, 0, kLongestWaitMs, nullptr);
    }
    while (!active_.empty()) drop(active_.begin()->first);
  }

  /// False when the engine is to end.
  bool fulfil_wishes() {
    decltype(wishes_) wishes;
    {
      const std::lock_guard lock(mutex_);
      if (closing_) return false;
      wishes.swap(wishes_);
    }
    for (auto& [transfer, wish] : wishes) {
      if (wish == Wish::give_up) {
        drop(transfer->exchange.easy());
        continue;
      }
      begin(std::move(transfer));
    }
    return true;
  }

  void begin(std::shared_ptr<Transfer> transfer) {
    CURL* easy = transfer->exchange.begin(sockets_, handles_);
    active_.emplace(easy, std::move(transfer));
    curl_multi_add_handle(multi_.get(), easy);
  }

  void finish(CURL* easy, CURLcode code) {
    auto transfer = active_.at(easy);
    if (transfer->exchange.met_unasked_reply()) {
      drop(easy);
      return begin(std::move(transfer));
    }
    auto outcome = transfer->exchange.outcome(code);
    drop(easy);
    asio::post(executor_, [transfer = std::move(transfer), outcome = std::move(outcome)]() mutable {
      transfer->outcome = std::move(outcome);
      transfer->timer.cancel();
    });
  }

  /// Ends a transfer, if it still is one; unless it is complete its connection is closed.
  void drop(CURL* easy) {
    const auto found = active_.find(easy);
    if (found == active_.end()) return;
    curl_multi_remove_handle(multi_.get(), easy);
    found->second->exchange.end(handles_);
    active_.erase(found);
  }

  Executor executor_;
  HttpSockets sockets_;
  HttpHandles handles_;  ///< the thread's own, as the sockets
  Multi multi_;
  std::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<Transfer>, Wish>>
      wishes_;  ///< in the order of their coming
  bool closing_ = false;
  std::unordered_map<std::string, std::string> origins_;         ///< of URLs
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> active_;  ///< the thread's own
  ThreadPool thread_{"http", 1};  ///< last, so that it is joined first
};

HttpClient::HttpClient(Executor executor) : executor_(std::move(executor)) {}
HttpClient::~HttpClient() = default;

awaitable<Result<HttpResponse>> HttpClient::fetch(HttpRequest request, Deadline deadline) {
  try {
    if (!engine_) engine_ = std::make_unique<Engine>(executor_);
  } catch (const std::runtime_error& missing) {
    co_return fail(ErrorKind::exhausted, missing.what());
  }
  CO_TRY(auto origin, engine_->origin_of(request.url));
  const auto transfer = engine_->begin(std::move(request), std::move(origin));
  co_await transfer->timer.wait_until(deadline);
  if (auto outcome = std::exchange(transfer->outcome, std::nullopt)) co_return *std::move(outcome);
  engine_->give_up(transfer);
  const auto task = co_await asio::this_coro::cancellation_state;
  if (task.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
  if (transfer->exchange.suffices()) co_return transfer->exchange.status_only();
  co_return fail(ErrorKind::timed_out, transfer->exchange.origin() + ": no answer in time");
}

}  // namespace tocsin::net
