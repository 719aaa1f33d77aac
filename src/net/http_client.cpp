#include "net/http_client.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <curl/curl.h>

#include "net/curl.h"
#include "net/retry_after.h"
#include "net/thread_pool.h"
#include "net/timer.h"

namespace tocsin::net {

namespace asio = boost::asio;

namespace {

using Easy = std::unique_ptr<CURL, CurlDeleter<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, CurlDeleter<curl_multi_cleanup>>;
using HeaderList = std::unique_ptr<curl_slist, CurlDeleter<curl_slist_free_all>>;
using ParsedUrl = std::unique_ptr<CURLU, CurlDeleter<curl_url_cleanup>>;
using CurlText = std::unique_ptr<char, CurlDeleter<curl_free>>;

CurlText part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  return CurlText(curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ? text : nullptr);
}

/// "host:port": as much of a URL as an error may tell.
Result<std::string> origin_of(const std::string& url) {
  const ParsedUrl parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
    const auto scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    const auto host = part_of(parsed.get(), CURLUPART_HOST);
    const auto port = part_of(parsed.get(), CURLUPART_PORT);
    if (host && port &&
        (scheme.get() == std::string_view("http") || scheme.get() == std::string_view("https")))
      return std::string(host.get()) + ":" + port.get();
  }
  return fail(ErrorKind::invalid_config, "the URL is not one of http or https");
}

/// One "Name: value" line in which nothing can begin another one.
std::string header_line(std::string_view name, std::string_view value) {
  std::string line(name);
  // An empty value is written with a semicolon; curl takes "Name:" as the wish to leave it out.
  line += value.empty() ? ";" : ": ";
  line += value;
  std::erase_if(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return line;
}

/// A request on its way.
struct Transfer {
  Transfer(HttpRequest what, std::string where, const Executor& executor)
      : request(std::move(what)), origin(std::move(where)), timer(executor) {}

  const HttpRequest request;
  const std::string origin;

  // The loop's:
  Timer timer;  ///< for the deadline; cancelled with the outcome
  std::optional<Result<HttpResponse>> outcome;

  // The engine's thread's:
  Easy easy;
  HeaderList headers;
  HttpResponse response;
};

std::size_t take_body(const char* bytes, std::size_t, std::size_t count, void* transfer) {
  auto& body = static_cast<Transfer*>(transfer)->response.body;
  body.append(bytes, std::min(count, HttpResponse::kMostBody - body.size()));
  return count;
}

/// Makes the curl handle of a transfer.
void prepare(Transfer& transfer) {
  const auto& request = transfer.request;
  transfer.easy.reset(curl_easy_init());
  const auto set = [easy = transfer.easy.get()](CURLoption option, auto value) {
    curl_easy_setopt(easy, option, value);
  };
  // No "Expect: 100-continue", which costs large bodies a round trip or a second; no content type
  // that the caller did not name.
  HeaderList headers(curl_slist_append(nullptr, "Expect:"));
  if (std::ranges::none_of(request.headers, [](const auto& header) {
        return curl_strequal(header.first.c_str(), "Content-Type") != 0;
      }))
    curl_slist_append(headers.get(), "Content-Type:");
  for (const auto& [name, value] : request.headers)
    curl_slist_append(headers.get(), header_line(name, value).c_str());
  transfer.headers = std::move(headers);

  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTPHEADER, transfer.headers.get());
  if (request.method != "GET" || !request.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.c_str());
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  set_tls(transfer.easy.get(), request.tls);
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, static_cast<long>(request.connect_limit.count())));
  set(CURLOPT_NOSIGNAL, 1L);
  // Giving up while a name is looked up must not wait for the resolver's own time limit.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, &transfer);
}

/// Why there is no answer.
Error describe_failure(CURL* easy, CURLcode code, const std::string& origin) {
  const auto error = [&](ErrorKind kind, std::string_view what) {
    return Error{kind, origin + ": " + std::string(what), static_cast<std::uint32_t>(code)};
  };
  switch (code) {
    case CURLE_PARTIAL_FILE:
      return error(ErrorKind::unreachable, "the connection was closed in the middle of the answer");
    case CURLE_UNSUPPORTED_PROTOCOL:  // in curl's words: "Received HTTP/0.9 when not allowed"
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return error(ErrorKind::malformed, "the answer is not HTTP");
    default:
      return describe_curl_failure(easy, code, origin);
  }
}

/// What came of a transfer that curl has ended.
Result<HttpResponse> outcome_of(Transfer& transfer, CURLcode code) {
  CURL* easy = transfer.easy.get();
  if (code != CURLE_OK) return std::unexpected(describe_failure(easy, code, transfer.origin));
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  curl_header* retry_after = nullptr;
  if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &retry_after) == CURLHE_OK)
    transfer.response.retry_after = parse_retry_after(retry_after->value, SystemClock().now());
  return std::move(transfer.response);
}

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
  static constexpr int kLongestWaitMs = 3'600'000;  // wakeups and curl's own timers come earlier

  void hand_over(std::shared_ptr<Transfer> transfer, Wish wish) {
    {
      const std::lock_guard lock(mutex_);
      wishes_.emplace_back(std::move(transfer), wish);
    }
    curl_multi_wakeup(multi_.get());
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
        drop(transfer->easy.get());
        continue;
      }
      prepare(*transfer);
      CURL* easy = transfer->easy.get();
      active_.emplace(easy, std::move(transfer));
      curl_multi_add_handle(multi_.get(), easy);
    }
    return true;
  }

  void finish(CURL* easy, CURLcode code) {
    auto transfer = active_.at(easy);
    auto outcome = outcome_of(*transfer, code);
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
    found->second->easy.reset();
    active_.erase(found);
  }

  Executor executor_;
  Multi multi_;
  std::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<Transfer>, Wish>>
      wishes_;  ///< in the order of their coming
  bool closing_ = false;
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> active_;  ///< the thread's own
  ThreadPool thread_{"http", 1};  ///< last, so that it is joined first
};

HttpClient::HttpClient(Executor executor)
    : engine_(std::make_unique<Engine>(std::move(executor))) {}
HttpClient::~HttpClient() = default;

awaitable<Result<HttpResponse>> HttpClient::fetch(HttpRequest request, Deadline deadline) {
  auto origin = origin_of(request.url);
  if (!origin) co_return fail(std::move(origin));
  const auto transfer = engine_->begin(std::move(request), *std::move(origin));
  co_await transfer->timer.wait_until(deadline);
  if (auto outcome = std::exchange(transfer->outcome, std::nullopt)) co_return *std::move(outcome);
  engine_->give_up(transfer);
  const auto task = co_await asio::this_coro::cancellation_state;
  if (task.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
  co_return fail(ErrorKind::timed_out, transfer->origin + ": no answer in time");
}

}  // namespace tocsin::net
