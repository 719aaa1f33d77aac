// SQLite: what is known of every service, what happened, and what must still be notified.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/words.h"
#include "domain/alert.h"
#include "domain/decide.h"
#include "domain/host.h"
#include "domain/monitored_host.h"

namespace tocsin::store {

/// A service's row: written whenever it changes.
struct StateChange {
  HostName host;
  ServiceName service;
  TrackedService state;
  bool forgotten = false;  ///< the row is removed
  /// What is known of it besides; null: nothing.
  std::shared_ptr<const ServiceDetails> details;
};

/// A host's row.
struct HostChange {
  HostName host;
  TrackedHost state;
  bool forgotten = false;  ///< the row is removed
};

/// One alert for one destination.
struct Delivery {
  DeliveryId id;
  std::string destination;  ///< its stable key, e.g. "webhook:0b3c..."; never a secret
  Alert alert;
  /// Set by the store: the place of its alert in the history, whenever the delivery itself was
  /// stored; 0 while it is only in memory.
  std::int64_t sequence = 0;
  int attempts = 0;
  Time created{};
  Time not_before{};
  Time updated{};  ///< when its state, or what it waits for, last changed; the epoch: never
  std::string last_error;
  /// Whether it is sent depends on what this destination was notified of before. A firing one whose
  /// `not_before` is later than `created` is an escalation: it is sent when the alert is not
  /// resolved by then. A resolved one is sent if the last one sent of the service (or host) was
  /// firing.
  bool conditional = false;
  /// Whether it is an escalation that was sent, or is to be, because its time had come.
  bool escalated = false;
  /// The id of the message that it left with, or is to leave with; empty: not known yet.
  std::string group;
  /// If only memory holds it: the sequence of the delivery before it about its service; 0: none.
  std::int64_t follows = 0;
};

/// The id of the message that it shares with others; empty: it has one of its own, or none yet.
[[nodiscard]] inline std::string shared_message(const Delivery& delivery) {
  return delivery.group == delivery.id.value ? std::string() : delivery.group;
}

/// Whether it is sent only if the alert still fires at its time.
[[nodiscard]] inline bool is_escalation(const Delivery& delivery) {
  return delivery.conditional && delivery.attempts == 0 && delivery.not_before > delivery.created;
}

/// What one check of one host brings: it becomes durable as a whole or not at all.
struct Commit {
  std::vector<StateChange> states;
  std::optional<HostChange> host;
  std::vector<Alert> alerts;  ///< the history
  std::vector<Delivery> deliveries;
  Time at{};  ///< when it was made
};

enum class DeliveryState : std::uint8_t { pending, delivered, dead, merged };

consteval auto table_of(DeliveryState) {
  using enum DeliveryState;
  return std::array{Word{pending, "pending"}, Word{delivered, "delivered"}, Word{dead, "dead"},
                    Word{merged, "merged"}};
}
using tocsin::to_string;

/// A destination that was notified of a firing alert, and not yet of its end.
struct OpenAlert {
  std::string destination;
  HostName host;
  ServiceName service;  ///< empty: the host itself
  std::string name;     ///< what people call it
};
/// What is open once the delivery of a firing alert has been accepted.
[[nodiscard]] OpenAlert open_by(const Delivery& delivery);

/// What became of a delivery.
struct DeliveryUpdate {
  DeliveryId id;
  DeliveryState state = DeliveryState::pending;
  int attempts = 0;
  Time at{};
  Time not_before{};   ///< of a pending one
  std::string detail;  ///< the destination's answer or the last error, in words, without secrets
  std::string group;   ///< as in Delivery; of one without an attempt, empty leaves it as it is
  bool escalated = false;            ///< as in Delivery
  std::optional<OpenAlert> opens{};  ///< what fires there from now on
  std::optional<OpenAlert> ends{};   ///< what does not any more: its end was sent, or never will be
};

/// What a destination is sent, each time the same.
struct StoredMessage {
  std::string id;
  std::string text;  ///< all of it, as the channel has written it
  std::string note;  ///< what the administrator should know of it; may be empty

  friend bool operator==(const StoredMessage&, const StoredMessage&) = default;
};

struct HistoryQuery {
  std::optional<HostName> host;
  std::optional<ServiceName> service;
  Time since{};
};

struct DeliveryRecord {
  Delivery delivery;
  DeliveryState state{};
  std::string detail;
};

/// When a destination last accepted an alert of one kind about one service (for rate limits).
struct LastDelivered {
  std::string destination;
  HostName host;
  ServiceName service;
  TransitionKind kind{};
  Time at{};
};

/// The file of a data directory with the token of the dashboard.
inline constexpr std::string_view kWebToken = "web.token";
/// The files of a data directory, by their names in it.
inline constexpr std::array<std::string_view, 6> kFiles = {
    "tocsin.db", "tocsin.db-wal", "tocsin.db-shm", "tocsin.lock", "tocsin.reserve", kWebToken};

struct Database;

/// Blocking; one thread at a time. Every error is ErrorKind::storage, or exhausted where the disk
/// takes nothing more, names the file and says what to do. Names are stored as written and compared
/// as Windows compares them.
class Store {
 public:
  /// Creates or migrates `directory`/tocsin.db (WAL, synchronous=FULL) and takes the lock that
  /// keeps a second `run` away. On a full disk it gives back the space that it has reserved there
  /// (a complaint), so that what is known can be read and alerts go on. Where the disk takes
  /// nothing at all, everything is in memory (lack_of_disk) until restore_if_displaced() finds
  /// room. storage: not writable, damaged, made by a newer version or by another program, in use;
  /// exhausted: the disk takes nothing, and what it holds cannot be read; a file that is refused is
  /// left as it is.
  static Result<Store> open(const std::filesystem::path& directory);
  /// For the commands that only read: works while another process runs, and takes no lock.
  static Result<Store> open_read_only(const std::filesystem::path& directory);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Why everything is in memory only, where a crash loses it; nothing: it is on the disk.
  [[nodiscard]] const std::optional<Error>& lack_of_disk() const;
  /// What somebody has removed or replaced of the files underneath, or what the disk did not take,
  /// is made anew, complete; a database that was put in its place becomes tocsin.db.displaced.
  /// Answers whether there was anything to do. To be called now and then: a crash before it loses
  /// what was removed.
  [[nodiscard]] Result<bool> restore_if_displaced();

  [[nodiscard]] Result<std::map<HostName, MonitoredHost::Known>> load_states();
  /// All commits in one transaction, synced: after it returns a crash loses nothing of them; after
  /// an error nothing of them is stored. Fills in the sequence of the deliveries. What is stored
  /// already (by id) stays as it is, so that a commit may be tried again.
  [[nodiscard]] Result<> commit(std::span<Commit> commits);
  /// Pending ones of one destination in the order of their sequence, after `after`; about `most`.
  [[nodiscard]] Result<std::vector<Delivery>> load_pending(std::string_view destination,
                                                           std::int64_t after, std::size_t most);
  /// Every pending delivery to a destination that is not among `configured` becomes dead, with
  /// `detail`; answers how many there were.
  [[nodiscard]] Result<std::size_t> abandon(std::span<const std::string> configured, Time at,
                                            std::string_view detail);
  [[nodiscard]] Result<std::vector<LastDelivered>> load_last_delivered(Time since);
  /// Those whose end has happened, and does not wait for its destination, are removed first: the
  /// destination was not configured then, or a crash has lost the outcome.
  [[nodiscard]] Result<std::vector<OpenAlert>> load_open_alerts();
  /// Before its first attempt: these pending deliveries leave with this message from now on. One
  /// transaction, synced.
  [[nodiscard]] Result<> commit(const StoredMessage& message, std::span<const DeliveryId> members);
  /// The message, and how many pending deliveries leave with it; nothing when there is none, or
  /// one that is too large to be ours (a complaint).
  struct PendingMessage {
    StoredMessage message;
    std::size_t members = 0;

    friend bool operator==(const PendingMessage&, const PendingMessage&) = default;
  };
  [[nodiscard]] Result<std::optional<PendingMessage>> load_message(std::string_view id);
  /// In one transaction. A crash before it returns means that these may be delivered again. Of ids
  /// that are not stored (of deliveries that only memory holds) only what is open is.
  [[nodiscard]] Result<> update(std::span<const DeliveryUpdate> updates);

  /// Makes those dead letters pending again that somebody has asked for (Requests), as if they had
  /// not been tried; answers them in their order. In one transaction, for at most `most` requests:
  /// call it again, other work in between, while Requests::has_retries().
  [[nodiscard]] Result<std::vector<Delivery>> take_retries(Time now, std::size_t most);

  /// The last alert about the service, or (of an empty name) about the host, that was notified and
  /// fires; nothing when the last one of all was its end, or none is kept.
  [[nodiscard]] Result<std::optional<Alert>> find_firing(const HostName& host,
                                                         const ServiceName& service);

  /// Oldest first.
  [[nodiscard]] Result<std::vector<Alert>> history(const HistoryQuery& query);
  /// Newest last; `failed`: only dead ones and pending ones that have failed before.
  [[nodiscard]] Result<std::vector<DeliveryRecord>> deliveries(bool failed, std::size_t most);

  /// Removes a few of the alerts, ended deliveries, silences, acknowledgements and actions that are
  /// older; answers how many: call it again, other work in between, until it answers 0. What is
  /// pending stays.
  [[nodiscard]] Result<std::size_t> prune(Time oldest);
  /// Removes older states of the next few series after this one, of each but the last, so that it
  /// is known what held at that time. Answers the last series of these: call it again with it,
  /// other work in between, until it answers 0, the end.
  [[nodiscard]] Result<std::int64_t> prune_seen(Time oldest, std::int64_t after);

  /// A run begins: what was seen before its last note_alive() and what is seen from now on have a
  /// gap between them.
  [[nodiscard]] Result<> begin_run(Time now);
  /// The run that has begun goes on. To be called now and then: a crash makes the gap longer by
  /// the time since the last call.
  [[nodiscard]] Result<> note_alive(Time now);

  /// One sentence for each stored row that since the last call made no sense: a state that does
  /// not exist (the row was left out), a kind that this version does not know (it is
  /// TransitionKind::other) or an alert whose details are unreadable (it was answered without them,
  /// and says so in its reason).
  [[nodiscard]] std::vector<std::string> take_complaints();

 private:
  explicit Store(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace tocsin::store
