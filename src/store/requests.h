// Requests to a running tocsin: commands write them, `run` reads and answers them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "domain/ack.h"
#include "domain/action.h"
#include "domain/silence.h"

namespace tocsin::store {

struct Opened;

/// What became of the request to read the configuration again.
struct ReloadAnswer {
  bool good = false;
  std::string text;  ///< what has changed, or why nothing has
};

/// What somebody did to services of the action's host.
struct ControlByPerson {
  Action action;
  std::vector<ServiceName> stopped;  ///< recovery leaves them alone until they have run again
  std::vector<ServiceName> started;  ///< recovery makes all attempts for them again
};

/// Tables of the store with a connection of their own. Blocking; one thread at a time. Errors are
/// as those of Store. What somebody does is an action in the history, in the same transaction; of
/// the actions the latest 100,000 are kept.
class Requests {
 public:
  /// Takes no lock: works beside a process that runs. Makes no database.
  static Result<Requests> open(const std::filesystem::path& directory);
  /// For commands that only list: the right to read the directory is enough.
  static Result<Requests> open_read_only(const std::filesystem::path& directory);
  Requests(Requests&&) noexcept;
  Requests& operator=(Requests&&) noexcept;
  ~Requests();

  /// After Store::restore_if_displaced(): opens the new file.
  [[nodiscard]] Result<> follow();

  /// Answers its id.
  [[nodiscard]] Result<std::int64_t> add_silence(const Silence& silence);
  /// Ends one that has not ended; answers whether there was one.
  [[nodiscard]] Result<bool> end_silence(std::int64_t id, const Actor& by);
  /// Lets one that has not ended end at `end`; answers whether there was one.
  [[nodiscard]] Result<bool> extend_silence(std::int64_t id, Time end, const Actor& by);
  /// Those that end after `since`, in the order in which they were made.
  [[nodiscard]] Result<std::vector<Silence>> load_silences(Time since);

  /// Answers its id.
  [[nodiscard]] Result<std::int64_t> add_ack(const Ack& ack);
  /// Takes back one that has not ended; answers whether there was one.
  [[nodiscard]] Result<bool> take_back_ack(std::int64_t id, const Actor& by);
  /// The alert of this one has ended, which nobody did.
  [[nodiscard]] Result<> end_ack(std::int64_t id, Time now);
  /// Those that have not ended, in the order in which they were made.
  [[nodiscard]] Result<std::vector<Ack>> load_acks();

  /// What became of asking for dead letters to be sent again.
  struct Retries {
    std::size_t asked = 0;
    /// Not sent again: a later delivery about the service was delivered, or waits.
    std::size_t outdated = 0;
  };
  /// For the dead letter of this id, or those of this message, and all later ones for the same
  /// destination and service; of an empty id for all.
  [[nodiscard]] Result<Retries> ask_for_retry(const std::string& id, const Actor& by);
  /// For all dead letters of this destination, by its key.
  [[nodiscard]] Result<Retries> ask_for_retry_of(const std::string& destination, const Actor& by);
  /// Whether somebody has asked, and Store::take_retries() has not been called since.
  [[nodiscard]] Result<bool> has_retries();

  /// Whether a `run` works with the directory now.
  [[nodiscard]] Result<bool> is_anybody_there();
  /// Answers the id of the request.
  [[nodiscard]] Result<std::int64_t> ask_for_reload(const Actor& by);
  /// The latest request without an answer.
  [[nodiscard]] Result<std::optional<std::int64_t>> find_reload();
  /// Answers this request and those before it.
  [[nodiscard]] Result<> answer_reload(std::int64_t id, const ReloadAnswer& answer);
  [[nodiscard]] Result<std::optional<ReloadAnswer>> find_answer(std::int64_t id);

  /// One that leaves nothing else to be done by way of the store.
  [[nodiscard]] Result<> add_action(const Action& action);
  [[nodiscard]] Result<> add_control(const ControlByPerson& control);

 private:
  struct Database;
  explicit Requests(std::unique_ptr<Database> database);
  static Result<Requests> with(Result<Opened> opened);
  /// Empty: all.
  struct DeadLetters {
    std::string id;
    std::string destination;
  };
  Result<Retries> ask_for_retry(const DeadLetters& meant, const Actor& by);
  Result<bool> set_end_of_silence(std::int64_t id, Time end, Action action);
  std::unique_ptr<Database> database_;
};

}  // namespace tocsin::store
