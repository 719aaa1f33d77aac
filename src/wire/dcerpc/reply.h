// The reply to one call, put together from its fragments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/dcerpc/pdu.h"

namespace tocsin::dcerpc {

/// A reply longer than this is an attack or a mistake: svcctl's longest are 256 KiB.
inline constexpr std::size_t kMostReply = std::size_t{512} * 1024;

/// Fault codes that callers tell apart ([C706] appendix E, [MS-ERREF]).
enum FaultStatus : std::uint32_t {
  kAccessDenied = 5,
  kBadStub = 0x000006f7,
  kOpnumOutOfRange = 0x1c010002,  ///< the server lacks this call
  kUnknownInterface = 0x1c010003,
  kContextMismatch = 0x1c00001a,  ///< a handle that the server does not know (any more)
};

class ReplyStub {
 public:
  ReplyStub() = default;
  /// `even_fragment`: as that of the last reply of the same server.
  explicit ReplyStub(std::size_t even_fragment) : even_before_(even_fragment) {}

  /// Whether that was the last fragment. An error whose native code is a fault's status: the call
  /// has failed, and the connection is sound; unsupported for kOpnumOutOfRange, denied for
  /// kAccessDenied, else rejected. malformed: the server breaks the protocol.
  Result<bool> add(const Pdu& fragment);
  /// How many fragments may be read at the same time, because they must come: all that are left
  /// where the server has cut a reply like this one before; all but the last where two have said
  /// how much is left (alloc_hint), and those numbers agree. Else 0. By a capture of Windows XP;
  /// not yet tried against a live Windows.
  [[nodiscard]] std::size_t fragments_to_come() const;
  /// As add(), of fragments that were read at the same time, and may have come in any order: by how
  /// much is left they are put in theirs. malformed: they cannot be.
  Result<bool> add_unordered(std::vector<Pdu> fragments);
  /// Behind the last fragment: the size of each but that, where they had one size, and each has
  /// said truly how much was left; else 0. A reply of one fragment changes nothing of it.
  [[nodiscard]] std::size_t even_fragment() const { return even_; }
  [[nodiscard]] Bytes take() { return std::move(stub_); }

 private:
  bool begun_ = false;
  Bytes stub_;
  std::size_t left_ = 0;           ///< behind the last fragment, as it says
  std::size_t fragment_size_ = 0;  ///< of the last fragment; 0: what they say does not agree
  std::size_t even_before_ = 0;
  std::size_t even_ = even_before_;
};

/// One whole fragment of the answer to call `call_id`. malformed, unsupported.
[[nodiscard]] Result<Pdu> parse_answer(BytesView fragment, std::uint32_t call_id);

}  // namespace tocsin::dcerpc
