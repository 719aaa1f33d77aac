// One request and its answer, as libcurl carries it. On the engine's thread of HttpClient, but for
// what says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http_client.h"

namespace tocsin::net {

/// "host:port" of a URL of http or https: as much of it as an error may say; invalid_config else.
[[nodiscard]] Result<std::string> http_origin(const std::string& url);

/// The sockets of all connections, kept ones too, where curl does not notice by itself what came
/// unasked; it outlives them.
class HttpSockets {
 public:
  void add(std::intptr_t socket) { open_.insert(socket); }
  void remove(std::intptr_t socket) { open_.erase(socket); }
  /// Whether something has come on the connection with these ports. Then it is ended.
  bool end_if_readable(int local_port, int peer_port) const;

 private:
  std::set<std::intptr_t> open_;
};

/// Curl's handles that wait for a request like their last one: all but its headers and its body is
/// set already.
class HttpHandles {
 public:
  struct Free {
    void operator()(void* easy) const;
  };
  using Handle = std::unique_ptr<void, Free>;

  /// Null: none waits.
  [[nodiscard]] Handle take(const HttpRequest& request);
  void keep(Handle handle, const HttpRequest& request);

 private:
  struct Idle {
    Handle handle;
    HttpRequest last;
  };
  std::vector<Idle> idle_;  ///< the one that was used last at the end
};

class HttpExchange {
 public:
  /// `origin` is the URL's; `request` is not changed any more. On any thread.
  HttpExchange(HttpRequest request, std::string origin);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// The CURL* that sends the request: one of these handles, or a new one.
  void* begin(HttpSockets& sockets, HttpHandles& handles);
  /// The same; null before begin() and after end().
  [[nodiscard]] void* easy() const { return easy_.get(); }
  /// What came of it once curl has ended it with `code`, a CURLcode.
  [[nodiscard]] Result<HttpResponse> outcome(int code);
  /// Whether it was not sent because something had come on the kept connection that was chosen for
  /// it, which nobody had asked for. Then it may begin again, on a connection of its own.
  [[nodiscard]] bool met_unasked_reply() const { return met_unasked_reply_; }
  /// The handle may be used again, if all went well.
  void end(HttpHandles& handles);

  // On any thread.
  [[nodiscard]] const std::string& origin() const { return origin_; }
  /// Whether what came so far is all that the request needs: the status of an answer that has
  /// begun.
  [[nodiscard]] bool suffices() const;
  [[nodiscard]] HttpResponse status_only() const { return {.status = status_, .body = {}}; }

 private:
  struct Callbacks;
  struct FreeList {
    void operator()(void* list) const;
  };

  void set_up();
  void set_request();
  [[nodiscard]] Error refused_by_proxy(long status) const;
  void note_text(std::string_view text);
  void note_request(std::string_view head);
  [[nodiscard]] bool is_proxy_unreachable() const;
  [[nodiscard]] Error describe_failure(int code) const;

  const HttpRequest request_;
  const std::string origin_;
  HttpHandles::Handle easy_;
  std::unique_ptr<void, FreeList> headers_;
  std::string problem_;  ///< curl's words
  HttpSockets* sockets_ = nullptr;
  bool has_opened_ = false;  ///< a connection of its own
  bool met_unasked_reply_ = false;
  bool is_complete_ = false;
  std::string proxy_;       ///< "host:port" of the one that is configured or in the environment
  bool forwarded_ = false;  ///< by that proxy, which has read it
  bool tunneled_ = false;   ///< through that proxy
  std::atomic<int> status_ = 0;
  HttpResponse response_;
};

}  // namespace tocsin::net
