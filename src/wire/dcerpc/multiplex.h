// Several RPC calls on one pipe, told apart by their ids where they are under way at the same time.
// [C706] 12.6.3.1 (PFC_CONC_MPX)
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/conversation.h"
#include "wire/smb2/client.h"

namespace tocsin::dcerpc {

/// How long a call may go without an answer.
enum class Patience : std::uint8_t {
  answered_soon,
  for_days,  ///< the server waits for something before it answers
};

/// How many calls a server takes at a time on one pipe.
enum class Calls : std::uint8_t {
  any_number,
  one_at_a_time,  ///< each is written when those before it are answered
};

/// Requests are written, replies are read: a TRANSCEIVE would take the reply to another call, or
/// find the pipe busy. As many reads are outstanding as there are calls that are answered soon, so
/// that many replies cost one round trip; one is enough for any number of calls that wait for days.
///
/// Reads may be answered out of order, and fragments are not numbered: the first and the last one
/// of a reply say so, but one in between is malformed while more than one read is outstanding.
///
/// It outlives the conversations and the waiters, and `transport` outlives it. Its end cancels the
/// reads, so no conversation that it wakes may bring that about.
class Multiplex {
 public:
  /// Who is brought the reply to one call at a time. No coroutine need wait meanwhile, so that many
  /// may wait for days at the cost of an entry in a table.
  class Waiter {
   public:
    explicit Waiter(Patience patience) : patience_(patience) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// The reply will come all the same, but not here.
    void leave();
    [[nodiscard]] bool is_waiting() const { return of_ != nullptr; }

   protected:
    ~Waiter() { leave(); }
    /// Of the call that it waits for, or has waited for.
    [[nodiscard]] std::uint32_t call_id() const { return id_; }
    /// The fragments of the reply, at least one, when it no longer waits.
    virtual void end(Result<std::vector<Bytes>> fragments) = 0;

   private:
    friend class Multiplex;
    Multiplex* of_ = nullptr;  ///< null: it does not wait
    std::uint32_t id_ = 0;
    Patience patience_;
  };

  Multiplex(smb2::Client& transport, smb2::Pipe pipe, Calls calls)
      : transport_(transport), pipe_(pipe), takes_(calls) {}
  Multiplex(const Multiplex&) = delete;
  Multiplex& operator=(const Multiplex&) = delete;

  [[nodiscard]] std::uint32_t next_call_id() { return ++last_call_id_; }
  /// Writes the fragments of a request, in its turn; ends when that is done, and the waiter may
  /// have been brought the reply before. Errors of reading, and malformed replies, end all calls.
  Conversation<bool> begin(Port& port, std::uint32_t call_id, std::vector<Bytes> request,
                           Waiter& waiter);
  /// As that, and answers the fragments of the reply, which comes soon. A conversation that is
  /// destroyed before its end leaves the others alone.
  Conversation<Result<std::vector<Bytes>>> exchange(Port& port, std::uint32_t call_id,
                                                    std::vector<Bytes> request);

 private:
  /// All of them may be pending: Windows allows 512 to a server's client, 64 to that of a desktop,
  /// and refuses what is more ([MS-SMB2] 3.3.5.2.10, <242>). Then fewer must do.
  static constexpr std::size_t kMostReads = 256;

  class Call;
  struct Entry {
    Waiter* waiter = nullptr;  ///< null: nobody waits any more
    Patience patience{};
    std::vector<Bytes> fragments{};  ///< that have come
    std::size_t size = 0;            ///< of all of them

    /// malformed
    Result<> add(Bytes fragment);
  };

  static void end(Waiter* waiter, Result<std::vector<Bytes>> fragments);
  [[nodiscard]] bool must_wait() const {
    return takes_ == Calls::one_at_a_time && (!calls_.empty() || turns_.size() > 0);
  }
  void let_the_next_begin();

  Conversation<Result<>> write(Port& port, std::vector<Bytes> fragments);
  /// Starts as many reads as are wanted.
  Conversation<Result<>> begin_reading(Port& port);
  Conversation<bool> read(Port& port);
  [[nodiscard]] std::size_t wanted_reads() const;
  Result<> deliver(Bytes fragment);
  void fail_all(const Error& error);

  smb2::Client& transport_;
  smb2::Pipe pipe_;
  Calls takes_;
  WaitingLine turns_;  ///< where it takes one at a time
  std::uint32_t last_call_id_ = 0;
  std::map<std::uint32_t, Entry> calls_;
  std::size_t patient_ = 0;  ///< of them, those that wait for days
  std::vector<Conversation<bool>> readers_;
  std::size_t reads_ = 0;  ///< outstanding
  std::size_t most_reads_ = kMostReads;
  std::optional<Error> failure_;
};

}  // namespace tocsin::dcerpc
