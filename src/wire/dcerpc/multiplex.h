// Several RPC calls under way on one pipe, told apart by their ids. [C706] 12.6.3.1 (PFC_CONC_MPX)
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

/// Requests are written, replies are read: a TRANSCEIVE would take the reply to another call, or
/// find the pipe busy. As many reads are outstanding as there are calls that are answered soon, so
/// that many replies cost one round trip; one is enough for any number of calls that wait for days.
///
/// Reads may be answered out of order, and fragments are not numbered: the first and the last one
/// of a reply say so, but one in between is malformed while more than one read is outstanding.
///
/// It outlives the conversations, and `transport` outlives it. Its end cancels the reads, so no
/// conversation that it wakes may bring that about.
class Multiplex {
 public:
  Multiplex(smb2::Client& transport, smb2::Pipe pipe) : transport_(transport), pipe_(pipe) {}
  Multiplex(const Multiplex&) = delete;
  Multiplex& operator=(const Multiplex&) = delete;

  [[nodiscard]] std::uint32_t next_call_id() { return ++last_call_id_; }
  /// Writes the fragments of a request, and answers those of its reply, at least one. Errors of
  /// reading, and malformed replies, end all calls. A conversation that is destroyed before its end
  /// leaves the others alone.
  Conversation<Result<std::vector<Bytes>>> exchange(Port& port, std::uint32_t call_id,
                                                    std::vector<Bytes> request, Patience patience);

 private:
  /// All of them may be pending: Windows allows 512 to a server's client, 64 to that of a desktop,
  /// and refuses what is more ([MS-SMB2] 3.3.5.2.10, <242>). Then fewer must do.
  static constexpr std::size_t kMostReads = 256;

  class Call;
  struct Entry {
    Call* call = nullptr;  ///< null: nobody waits any more
    Patience patience{};
  };

  Conversation<Result<>> write(Port& port, std::vector<Bytes> fragments);
  /// Starts as many reads as are wanted.
  Conversation<Result<>> begin_reading(Port& port);
  Conversation<bool> read(Port& port);
  [[nodiscard]] std::size_t wanted_reads() const;
  Result<> deliver(Bytes fragment);
  void fail_all(const Error& error);

  smb2::Client& transport_;
  smb2::Pipe pipe_;
  std::uint32_t last_call_id_ = 0;
  std::map<std::uint32_t, Entry> calls_;
  std::size_t patient_ = 0;  ///< of them, those that wait for days
  std::vector<Conversation<bool>> readers_;
  std::size_t reads_ = 0;  ///< outstanding
  std::size_t most_reads_ = kMostReads;
  std::optional<Error> failure_;
};

}  // namespace tocsin::dcerpc
