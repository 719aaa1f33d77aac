// What changes, for clients that listen: gathered for a moment, numbered, kept for a while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/names.h"
#include "net/async.h"
#include "net/event.h"
#include "net/pause.h"
#include "net/server_stream.h"
#include "web/board.h"

namespace tocsin::web {

/// What else may have changed than the state of a host.
enum class Change : std::uint8_t { alert, delivery, silence, configuration, action };

consteval auto table_of(Change) {
  using enum Change;
  return std::array{Word{alert, "alert"}, Word{delivery, "delivery"}, Word{silence, "silence"},
                    Word{configuration, "configuration"}, Word{action, "action"}};
}

/// How many clients listen at most.
inline constexpr std::size_t kMostStreams = 64;

/// One event for all changes of a tenth of a second. Clients share what is kept, and none has a
/// queue of its own: one that reads slowly falls behind, and begins anew where it has missed too
/// much. On the loop's thread only.
class Events {
 public:
  /// `run` tells the events of this run from those of others.
  Events(const net::Executor& executor, const Clock& clock, std::string run);

  void add(const HostName& host, const HostSummary& now);
  void add(Change change);
  /// Sends what was gathered, until it is cancelled.
  net::awaitable<void> run();
  /// The body of a stream (text/event-stream) from behind the event with that id; nothing: from now
  /// on. Returns when the client has gone or does not read.
  net::awaitable<void> stream(net::ServerStream& to, std::optional<std::string> last_seen);
  /// The number of the latest event.
  [[nodiscard]] std::uint64_t latest() const { return latest_; }
  [[nodiscard]] std::size_t streams() const { return streams_; }

 private:
  struct Kept {
    std::uint64_t number;
    std::string text;
  };
  void publish();
  void keep(std::string text);
  /// What follows the event, or the order to begin anew.
  [[nodiscard]] std::string after(std::uint64_t number) const;
  /// Of an event of this run; nothing: it is none, or too old.
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view id) const;

  const Clock& clock_;
  std::string run_;
  net::Event gathered_;
  net::Event published_;
  std::map<HostName, HostSummary> hosts_;
  std::set<Change> changes_;
  std::deque<Kept> kept_;
  std::size_t kept_bytes_ = 0;
  std::uint64_t latest_ = 0;
  std::size_t streams_ = 0;
};

}  // namespace tocsin::web
