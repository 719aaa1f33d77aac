#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <new>
#include <string_view>
#include <thread>
#include <unordered_map>

#include <boost/asio/post.hpp>
#include <curl/curl.h>

#include "net/event.h"

namespace tocsin::net {
namespace {

constexpr std::chrono::seconds kMostRetryAfter = std::chrono::hours(24);
/// Idle connections kept for the next request.
constexpr long kMostConnections = 64;
/// How long the thread sleeps when nothing happens; it is woken for everything that does.
constexpr int kPollMilliseconds = 60'000;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// "host:port" of a URL: all of it that may be said.
std::string authority(const std::string& url) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "the URL";
  const auto part = [&](CURLUPart which) -> std::string {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return "";
    return std::unique_ptr<char, FreeText>(text).get();
  };
  return part(CURLUPART_HOST) + ":" + part(CURLUPART_PORT);
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

/// One request on its way. The loop's thread makes it and reads `result` after `done`; between
/// these it belongs to the engine's thread.
struct Transfer {
  Transfer(Executor on, HttpRequest what, Deadline until)
      : executor(on), request(std::move(what)), deadline(until), done(std::move(on)) {}

  Executor executor;
  HttpRequest request;
  Deadline deadline;
  std::unique_ptr<CURL, FreeEasy> easy;
  std::unique_ptr<curl_slist, FreeList> headers;
  std::array<char, CURL_ERROR_SIZE> curl_words{};
  HttpResponse response;
  Result<HttpResponse> result = fail(Kind::unreachable, "the HTTP client has stopped");
  std::atomic<bool> abandoned = false;
  Event done;
};

namespace {

std::size_t append_body(char* data, std::size_t /*always 1*/, std::size_t size, void* context) {
  auto& body = static_cast<Transfer*>(context)->response.body;
  body.append(data, std::min(size, HttpResponse::kMostBody - body.size()));
  return size;
}

long milliseconds_left(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::max<long>(left.count(), 1);
}

/// Makes the handle ready; false: out of memory.
bool prepare(Transfer& transfer) {
  const auto& request = transfer.request;
  transfer.easy.reset(curl_easy_init());
  auto* easy = transfer.easy.get();
  if (easy == nullptr) return false;
  for (const auto& [name, value] : request.headers) {
    auto* longer = curl_slist_append(transfer.headers.get(), (name + ": " + value).c_str());
    if (longer == nullptr) return false;
    (void)transfer.headers.release();
    transfer.headers.reset(longer);
  }
  const auto left = milliseconds_left(transfer.deadline);
  bool good = true;
  const auto set = [&](CURLoption option, auto value) {
    good = good && curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_HTTPHEADER, transfer.headers.get());
  if (request.method == "GET") {
    set(CURLOPT_HTTPGET, 1L);
  } else {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  set(CURLOPT_TIMEOUT_MS, left);
  set(CURLOPT_CONNECTTIMEOUT_MS, std::clamp<long>(request.connect_limit.count(), 1L, left));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SSL_VERIFYPEER, request.tls.verify ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, request.tls.verify ? 2L : 0L);
  if (!request.tls.ca_file.empty()) set(CURLOPT_CAINFO, request.tls.ca_file.c_str());
  set(CURLOPT_ERRORBUFFER, transfer.curl_words.data());
  set(CURLOPT_WRITEFUNCTION, append_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  return good;
}

/// The one translation of curl's codes.
Error translate(CURLcode code, const Transfer& transfer) {
  const auto native = static_cast<std::uint32_t>(code);
  const auto who = authority(transfer.request.url);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Kind::unreachable, who + ": the name does not resolve", native};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Kind::unreachable, who + ": the proxy's name does not resolve", native};
    case CURLE_COULDNT_CONNECT:
      return {Kind::unreachable, who + ": no connection", native};
    case CURLE_OPERATION_TIMEDOUT: {
      double connected = 0;
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_PRETRANSFER_TIME, &connected);
      return {Kind::timed_out,
              who + (connected > 0 ? ": no complete answer in time" : ": no connection in time"),
              native};
    }
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return {Kind::denied,
              who + ": the certificate is not accepted: " + transfer.curl_words.data(), native};
    case CURLE_SSL_CONNECT_ERROR:
      return {Kind::unreachable, who + ": the TLS handshake failed", native};
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return {Kind::unreachable, who + ": the connection broke before the answer was complete",
              native};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return {Kind::malformed, who + ": the answer is not HTTP", native};
    case CURLE_URL_MALFORMAT:
      return {Kind::malformed, "the URL cannot be used", native};
    default:
      return {Kind::unreachable, who + ": " + curl_easy_strerror(code), native};
  }
}

void complete(const std::shared_ptr<Transfer>& transfer) {
  boost::asio::post(transfer->executor, [transfer] { transfer->done.set(); });
}

void finish(const std::shared_ptr<Transfer>& transfer, CURLcode code) {
  auto* easy = transfer->easy.get();
  if (code != CURLE_OK) {
    transfer->result = std::unexpected(translate(code, *transfer));
  } else {
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
    transfer->response.status = static_cast<int>(status);
    if (retry_after > 0) {
      transfer->response.retry_after = std::min(std::chrono::seconds(retry_after), kMostRetryAfter);
    }
    transfer->result = std::move(transfer->response);
  }
  transfer->easy.reset();
  complete(transfer);
}

}  // namespace

/// curl's multi interface on a thread of its own.
class HttpClient::Engine {
 public:
  explicit Engine(Executor executor) : executor_(std::move(executor)) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_ = curl_multi_init();
    if (started != CURLE_OK || multi_ == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kMostConnections);
    thread_ = std::thread([this] { run(); });
  }

  ~Engine() {
    stopping_ = true;
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] const Executor& executor() const { return executor_; }

  void begin(std::shared_ptr<Transfer> transfer) {
    {
      const std::scoped_lock lock(mutex_);
      new_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

  void abandon(Transfer& transfer) {
    transfer.abandoned = true;
    curl_multi_wakeup(multi_);
  }

 private:
  void run() {
    while (!stopping_) {
      take_new();
      drop_abandoned();
      int running = 0;
      curl_multi_perform(multi_, &running);
      finish_ended();
      curl_multi_poll(multi_, nullptr, 0, kPollMilliseconds, nullptr);
    }
    take_new();
    for (const auto& [easy, transfer] : running_) {
      curl_multi_remove_handle(multi_, easy);
      complete(transfer);
    }
    running_.clear();
  }

  void take_new() {
    std::vector<std::shared_ptr<Transfer>> taken;
    {
      const std::scoped_lock lock(mutex_);
      taken.swap(new_);
    }
    for (auto& transfer : taken) {
      if (!prepare(*transfer) || curl_multi_add_handle(multi_, transfer->easy.get()) != CURLM_OK) {
        finish(transfer, CURLE_URL_MALFORMAT);
        continue;
      }
      running_.emplace(transfer->easy.get(), std::move(transfer));
    }
  }

  void drop_abandoned() {
    std::erase_if(running_, [this](const auto& entry) {
      if (!entry.second->abandoned) return false;
      curl_multi_remove_handle(multi_, entry.first);
      return true;
    });
  }

  void finish_ended() {
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto code = message->data.result;
      auto node = running_.extract(message->easy_handle);
      curl_multi_remove_handle(multi_, node.key());
      finish(node.mapped(), code);
    }
  }

  Executor executor_;
  CURLM* multi_ = nullptr;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Transfer>> new_;
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> running_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

HttpClient::HttpClient(Executor executor)
    : engine_(std::make_unique<Engine>(std::move(executor))) {}
HttpClient::~HttpClient() = default;

awaitable<Result<HttpResponse>> HttpClient::fetch(HttpRequest request, Deadline deadline) {
  for (const auto& [name, value] : request.headers) {
    if (has_line_break(name) || has_line_break(value)) {
      co_return fail(Kind::malformed, "a header holds a line break");
    }
  }
  const auto transfer =
      std::make_shared<Transfer>(engine_->executor(), std::move(request), deadline);
  engine_->begin(transfer);
  try {
    co_await transfer->done.wait();
  } catch (...) {
    engine_->abandon(*transfer);
    throw;
  }
  co_return std::move(transfer->result);
}

}  // namespace tocsin::net
