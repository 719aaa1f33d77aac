// What happened, page by page, for whoever shows it while tocsin runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "domain/action.h"
#include "domain/alert.h"
#include "domain/timeline.h"
#include "store/store.h"

namespace tocsin::store {

/// The place of an alert in the history; pages end before one.
struct AlertPlace {
  Time at{};
  std::int64_t sequence = 0;

  friend bool operator==(const AlertPlace&, const AlertPlace&) = default;
};

struct AlertQuery {
  HostName host;        ///< a name or a pattern with * and ?; empty: all
  ServiceName service;  ///< the same; empty: all, and the hosts themselves
  std::string kind;     ///< its word (kind_word); empty: all
  Time from{};
  Time to = Time::max();
  std::optional<AlertPlace> before;  ///< `next` of the page before
  std::size_t limit = 100;           ///< 1 to 1000
};

struct AlertRecord {
  Alert alert;
  std::map<DeliveryState, std::size_t> told;  ///< its deliveries; states without any are left out
};

/// May have fewer than `limit` and a `next` all the same: few were found among many.
struct AlertPage {
  std::vector<AlertRecord> alerts;
  std::optional<AlertPlace> next;  ///< nothing: these were the last
};

struct AlertWithDeliveries {
  Alert alert;
  std::vector<DeliveryRecord> deliveries;  ///< in the order in which they were made
};

struct ActionQuery {
  SilenceScope which;  ///< of which it concerns one; empty: all
  Time from{};
  Time to = Time::max();
  std::int64_t before = std::numeric_limits<std::int64_t>::max();  ///< `next` of the page before
  std::size_t limit = 100;                                         ///< 1 to 1000
};

struct ActionPage {
  std::vector<Action> actions;
  std::optional<std::int64_t> next;  ///< nothing: these were the last
};

/// What fires, as the history is asked for it.
struct FiringSince {
  HostName host;
  ServiceName service;  ///< empty: the host itself, or a credential
  Time since{};
};

struct DeliveryQuery {
  std::optional<DeliveryState> state;
  std::string destination;                                         ///< its key; empty: all
  std::int64_t before = std::numeric_limits<std::int64_t>::max();  ///< `next` of the page before
  std::size_t limit = 100;                                         ///< 1 to 1000
};

struct DeliveryPage {
  std::vector<DeliveryRecord> deliveries;
  std::optional<std::int64_t> next;  ///< nothing: these were the last
};

/// How the deliveries of a destination fare. Escalations whose time has not come do not wait.
struct DestinationState {
  std::string destination;  ///< its key
  std::size_t waiting = 0;
  std::optional<Time> oldest;  ///< since when the oldest of those waits
  std::size_t dead = 0;
  std::optional<Time> last_delivered;
  struct Failure {
    Time at{};
    std::string text;
  };
  /// The last one of those that wait or are dead.
  std::optional<Failure> last_error;
};

struct DeliveryCounts {
  std::size_t waiting = 0;  ///< as in DestinationState
  std::size_t dead = 0;
};

struct TimelineQuery {
  HostName host;
  Time from{};
  Time to{};                  ///< not later than now: what was seen last is taken to hold up to it
  std::size_t points = 1000;  ///< most states for each row, 2 or more
};

struct TimelineRow {
  ServiceName service;  ///< empty: the host, running (it was reached) or unknown
  /// The first one at `from`, the last one up to `to`. Unknown while the host was not reached, no
  /// state where tocsin did not run or watch.
  std::vector<Seen> states;
  bool thinned = false;  ///< there were more than `points` (domain/timeline.h, thin)
};

/// The store through a connection of its own that writes nothing, so that a long read delays no
/// commit. Blocking; one thread at a time, any but the store's own. Errors are as those of Store.
/// Rows that make no sense are answered as Store does, without a complaint.
class Reader {
 public:
  /// After Store::open(); also where that keeps all in memory.
  static Result<Reader> open(const std::filesystem::path& directory);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  /// After Store::restore_if_displaced(): opens the new file.
  [[nodiscard]] Result<> follow();

  /// The latest first.
  [[nodiscard]] Result<AlertPage> alerts(const AlertQuery& query);
  /// Nothing where none is kept.
  [[nodiscard]] Result<std::optional<AlertWithDeliveries>> alert(const AlertId& id);
  /// What somebody did, the latest first.
  [[nodiscard]] Result<ActionPage> actions(const ActionQuery& query);
  /// One for each, in their order: of the alerts about it since then the last that was notified,
  /// else the last one; empty where none is kept.
  [[nodiscard]] Result<std::vector<AlertId>> ids_of(std::span<const FiringSince> firing);
  /// The latest first.
  [[nodiscard]] Result<DeliveryPage> deliveries(const DeliveryQuery& query);
  /// All that deliveries are kept of, by their keys.
  [[nodiscard]] Result<std::vector<DestinationState>> destinations();
  /// Of all destinations.
  [[nodiscard]] Result<DeliveryCounts> delivery_counts();
  /// The host first, then its services by name; without those that were not watched at all in this
  /// time. Of what changed more than 1,000,000 times the earliest is left out, as not known.
  [[nodiscard]] Result<std::vector<TimelineRow>> timeline(const TimelineQuery& query);
  /// Bytes of the database, without its log.
  [[nodiscard]] Result<std::uint64_t> size();

 private:
  explicit Reader(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace tocsin::store
