// A real local HTTP or HTTPS server for tests: scripted answers, and a journal of what it received.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kit/certificates.h"

namespace tocsin::kit {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpReply {
  enum class Form : std::uint8_t {
    complete,
    cut,      ///< the connection closes in the middle of the body
    garbage,  ///< bytes that are no HTTP, then the connection closes
    closed,   ///< the connection closes without an answer
  };

  int status = 200;
  HttpHeaders headers;
  std::string body;
  bool held = false;  ///< not before HttpImposter::release()
  Form form = Form::complete;
};

struct HttpJournalEntry {
  std::string method;
  std::string target;  ///< path and query
  HttpHeaders headers;
  std::string body;
  std::chrono::steady_clock::time_point at;
  std::size_t connection = 0;  ///< counted from 1, in the order of their opening

  /// The first header of that name, whatever its case; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Listens on 127.0.0.1, on a port that the system chooses and a thread of its own, from
/// construction to destruction. Every function may be called from any thread.
class HttpImposter {
 public:
  /// Speaks HTTP.
  HttpImposter();
  /// Speaks HTTPS.
  explicit HttpImposter(const Identity& identity);
  ~HttpImposter();
  HttpImposter(const HttpImposter&) = delete;
  HttpImposter& operator=(const HttpImposter&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:PORT" or "https://...".
  [[nodiscard]] std::string url() const;

  /// The answers to requests for `path` (without a query), one after the other; the last one is
  /// given for ever after. An earlier script for the path is replaced.
  void when(std::string path, std::vector<HttpReply> replies);
  /// The answers to requests for every path that has none of its own: without this, 404.
  void otherwise(std::vector<HttpReply> replies);
  /// Lets all held answers go, now and from here on.
  void release();

  /// What was received so far, in order. A request stands here before it is answered.
  [[nodiscard]] std::vector<HttpJournalEntry> journal() const;
  /// Waits until `count` requests are received; false when they are not after 20 seconds.
  [[nodiscard]] bool wait_for(std::size_t count) const;
  /// How many connections were accepted so far.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace tocsin::kit
