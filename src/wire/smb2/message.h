// SMB2 messages as structs, both ways ([MS-SMB2] 2.2; negotiate.h has the negotiation).
//
// decode() and encode() are as in Body (fields.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "wire/smb2/fields.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {

enum class Command : std::uint16_t {
  negotiate = 0,
  session_setup = 1,
  logoff = 2,
  tree_connect = 3,
  tree_disconnect = 4,
  create = 5,
  close = 6,
  flush = 7,
  read = 8,
  write = 9,
  lock = 10,
  ioctl = 11,
  cancel = 12,
  echo = 13,
  query_directory = 14,
  change_notify = 15,
  query_info = 16,
  set_info = 17,
  oplock_break = 18,
};

inline constexpr std::uint32_t kFlagResponse = 0x1;
inline constexpr std::uint32_t kFlagAsync = 0x2;
inline constexpr std::uint32_t kFlagRelated = 0x4;
inline constexpr std::uint32_t kFlagSigned = 0x8;

inline constexpr std::uint16_t kSigningEnabled = 0x1;
inline constexpr std::uint16_t kSigningRequired = 0x2;
inline constexpr std::uint16_t kSigningDemanded = kSigningEnabled | kSigningRequired;

/// 2.2.1
struct Header {
  std::uint16_t credit_charge = 0;
  Status status = Status::success;  ///< of a response; a request has a channel sequence here
  Command command = Command::negotiate;
  std::uint16_t credits = 0;  ///< requested or granted
  std::uint32_t flags = 0;
  std::uint32_t next_command = 0;
  std::uint64_t message_id = 0;
  std::uint64_t async_id = 0;  ///< with kFlagAsync
  std::uint32_t tree_id = 0;   ///< without it
  std::uint64_t session_id = 0;
  std::array<std::uint8_t, 16> signature{};

  [[nodiscard]] static Result<Header> decode(BytesView message);
  void encode(Writer& out) const;
  void fields(this auto& self, auto& io) {
    io(self.credit_charge, self.status, self.command, self.credits, self.flags, self.next_command,
       self.message_id);
    if ((self.flags & kFlagAsync) != 0) {
      io(self.async_id);
    } else {
      io(kReserved<4>, self.tree_id);
    }
    io(self.session_id, self.signature);
  }
};

using FileId = std::array<std::uint8_t, 16>;

/// 2.2.5
struct SessionSetupRequest : Body<SessionSetupRequest> {
  static constexpr Structure kStructure{25, "SESSION_SETUP request"};
  std::uint8_t flags = 0;
  std::uint8_t security_mode = 0;
  std::uint32_t capabilities = 0;
  std::uint64_t previous_session_id = 0;
  BytesView token{};

  void fields(this auto& self, auto& io) {
    io(self.flags, self.security_mode, self.capabilities, kReserved<4>,  // channel
       kOffset16, kLength16, self.previous_session_id, self.token, kFiller);
  }
};

inline constexpr std::uint16_t kSessionIsGuest = 0x1;
inline constexpr std::uint16_t kSessionIsNull = 0x2;
inline constexpr std::uint16_t kSessionEncryptData = 0x4;

/// 2.2.6
struct SessionSetupResponse : Body<SessionSetupResponse> {
  static constexpr Structure kStructure{9, "SESSION_SETUP response"};
  std::uint16_t flags = 0;
  BytesView token{};

  void fields(this auto& self, auto& io) { io(self.flags, kOffset16, kLength16, self.token); }
};

/// The bodies that say nothing: LOGOFF, TREE_DISCONNECT, ECHO, CANCEL, both ways, and the response
/// of FLUSH.
struct EmptyBody : Body<EmptyBody> {
  static constexpr Structure kStructure{4, "empty message"};
  void fields(this auto& /*self*/, auto& io) { io(kReserved<2>); }
};

/// 2.2.9
struct TreeConnectRequest : Body<TreeConnectRequest> {
  static constexpr Structure kStructure{9, "TREE_CONNECT request"};
  std::uint16_t flags = 0;
  std::string path{};  ///< \\server\share

  void fields(this auto& self, auto& io) {
    io(self.flags, kOffset16, kLength16, self.path, kFiller);
  }
};

inline constexpr std::uint8_t kShareIsPipe = 0x2;
inline constexpr std::uint32_t kShareEncryptData = 0x8000;

/// 2.2.10
struct TreeConnectResponse : Body<TreeConnectResponse> {
  static constexpr Structure kStructure{16, "TREE_CONNECT response"};
  std::uint8_t share_type = 0;
  std::uint32_t share_flags = 0;
  std::uint32_t capabilities = 0;
  std::uint32_t maximal_access = 0;

  void fields(this auto& self, auto& io) {
    io(self.share_type, kReserved<1>, self.share_flags, self.capabilities, self.maximal_access);
  }
};

/// 2.2.13, without create contexts: pipes need none.
struct CreateRequest : Body<CreateRequest> {
  static constexpr Structure kStructure{57, "CREATE request"};
  std::uint8_t oplock_level = 0;
  std::uint32_t impersonation_level = 0;
  std::uint32_t desired_access = 0;
  std::uint32_t file_attributes = 0;
  std::uint32_t share_access = 0;
  std::uint32_t disposition = 0;
  std::uint32_t options = 0;
  std::string name{};

  void fields(this auto& self, auto& io) {
    io(kReserved<1>,                                                // security flags
       self.oplock_level, self.impersonation_level, kReserved<16>,  // create flags, reserved
       self.desired_access, self.file_attributes, self.share_access, self.disposition, self.options,
       kOffset16, kLength16, kReserved<8>,  // create contexts
       self.name, kFiller);
  }
};

/// 2.2.14, without times, sizes and create contexts.
struct CreateResponse : Body<CreateResponse> {
  static constexpr Structure kStructure{89, "CREATE response"};
  std::uint8_t oplock_level = 0;
  std::uint32_t action = 0;
  std::uint32_t file_attributes = 0;
  FileId file{};

  void fields(this auto& self, auto& io) {
    io(self.oplock_level, kReserved<1>, self.action, kReserved<48>,   // four times, two sizes
       self.file_attributes, kReserved<4>, self.file, kReserved<8>);  // create contexts
  }
};

/// 2.2.15
struct CloseRequest : Body<CloseRequest> {
  static constexpr Structure kStructure{24, "CLOSE request"};
  std::uint16_t flags = 0;
  FileId file{};

  void fields(this auto& self, auto& io) { io(self.flags, kReserved<4>, self.file); }
};

/// 2.2.16, without times and sizes.
struct CloseResponse : Body<CloseResponse> {
  static constexpr Structure kStructure{60, "CLOSE response"};
  std::uint16_t flags = 0;
  std::uint32_t file_attributes = 0;

  void fields(this auto& self, auto& io) {
    io(self.flags, kReserved<4 + 48>,  // reserved, four times, two sizes
       self.file_attributes);
  }
};

/// 2.2.17
struct FlushRequest : Body<FlushRequest> {
  static constexpr Structure kStructure{24, "FLUSH request"};
  FileId file{};

  void fields(this auto& self, auto& io) { io(kReserved<6>, self.file); }
};

/// 2.2.19
struct ReadRequest : Body<ReadRequest> {
  static constexpr Structure kStructure{49, "READ request"};
  std::uint8_t padding = kHeaderSize + 16;  ///< where the data of the reply should begin
  std::uint32_t length = 0;
  std::uint64_t offset = 0;
  FileId file{};
  std::uint32_t minimum_count = 0;

  void fields(this auto& self, auto& io) {
    io(self.padding, kReserved<1>, self.length, self.offset, self.file, self.minimum_count,
       kReserved<12>,  // channel, remaining bytes, channel info
       kFiller);
  }
};

/// 2.2.20
struct ReadResponse : Body<ReadResponse> {
  static constexpr Structure kStructure{17, "READ response"};
  BytesView data{};
  std::uint32_t remaining = 0;

  void fields(this auto& self, auto& io) {
    io(kOffset8, kReserved<1>, kLength32, self.remaining, kReserved<4>, self.data);
  }
};

/// 2.2.21
struct WriteRequest : Body<WriteRequest> {
  static constexpr Structure kStructure{49, "WRITE request"};
  std::uint64_t offset = 0;
  FileId file{};
  std::uint32_t flags = 0;
  BytesView data{};

  void fields(this auto& self, auto& io) {
    io(kOffset16, kLength32, self.offset, self.file,
       kReserved<12>,  // channel, remaining bytes, channel info
       self.flags, self.data, kFiller);
  }
};

/// 2.2.22
struct WriteResponse : Body<WriteResponse> {
  static constexpr Structure kStructure{17, "WRITE response"};
  std::uint32_t count = 0;

  void fields(this auto& self, auto& io) {
    io(kReserved<2>, self.count, kReserved<8>);  // remaining, channel info
  }
};

inline constexpr std::uint32_t kFsctlDfsGetReferrals = 0x00060194;
inline constexpr std::uint32_t kFsctlDfsGetReferralsEx = 0x000601B0;
inline constexpr std::uint32_t kFsctlPipeWait = 0x00110018;
inline constexpr std::uint32_t kFsctlPipeTransceive = 0x0011C017;
inline constexpr std::uint32_t kFsctlValidateNegotiateInfo = 0x00140204;
inline constexpr std::uint32_t kIoctlIsFsctl = 0x1;

/// 2.2.31
struct IoctlRequest : Body<IoctlRequest> {
  static constexpr Structure kStructure{57, "IOCTL request"};
  std::uint32_t code = 0;
  FileId file{};
  BytesView input{};
  std::uint32_t max_input = 0;
  std::uint32_t max_output = 0;
  std::uint32_t flags = kIoctlIsFsctl;

  void fields(this auto& self, auto& io) {
    io(kReserved<2>, self.code, self.file, kOffset32, kLength32, self.max_input,
       kReserved<8>,  // output offset and count: a request has no output
       self.max_output, self.flags, kReserved<4>, self.input, kFiller);
  }
};

/// 2.2.32
struct IoctlResponse : Body<IoctlResponse> {
  static constexpr Structure kStructure{49, "IOCTL response"};
  std::uint32_t code = 0;
  FileId file{};
  BytesView output{};
  std::uint32_t flags = 0;

  void fields(this auto& self, auto& io) {
    io(kReserved<2>, self.code, self.file, kOffset32,
       kReserved<4>,  // the length of the input: Windows counts one that is not there
       kOffset32, kLength32, self.flags, kReserved<4>, self.output);
  }
};

/// 2.2.37
struct QueryInfoRequest : Body<QueryInfoRequest> {
  static constexpr Structure kStructure{41, "QUERY_INFO request"};
  std::uint8_t type = 0;
  std::uint8_t info_class = 0;
  std::uint32_t output_length = 0;
  std::uint32_t additional = 0;
  std::uint32_t flags = 0;
  FileId file{};
  BytesView input{};

  void fields(this auto& self, auto& io) {
    io(self.type, self.info_class, self.output_length, kOffset16, kReserved<2>, kLength32,
       self.additional, self.flags, self.file, self.input, kFiller);
  }
};

/// 2.2.38
struct QueryInfoResponse : Body<QueryInfoResponse> {
  static constexpr Structure kStructure{9, "QUERY_INFO response"};
  BytesView data{};

  void fields(this auto& self, auto& io) { io(kOffset16, kLength32, self.data); }
};

/// 2.2.2; the answer to any command that failed. Its data may be missing altogether (8 bytes of
/// body) or be one byte of padding (9).
struct ErrorResponse : Body<ErrorResponse> {
  static constexpr Structure kStructure{9, "error response"};
  BytesView data{};

  void fields(this auto& self, auto& io) {
    io(kReserved<2>, kLength32, self.data, kFiller);  // the context count, reserved
  }
};

}  // namespace tocsin::smb2
