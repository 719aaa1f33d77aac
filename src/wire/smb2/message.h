// SMB2 messages as structs, both ways ([MS-SMB2] 2.2; negotiate.h has the negotiation).
//
// decode() takes a whole message, header included, because its offsets count from there; it checks
// every bound (malformed, naming the message) and ignores what is reserved. Views in the result
// point into the message. encode() appends the body behind a header that was just written.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {

inline constexpr std::size_t kHeaderSize = 64;

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
};

using FileId = std::array<std::uint8_t, 16>;

/// 2.2.5
struct SessionSetupRequest {
  std::uint8_t flags = 0;
  std::uint8_t security_mode = 0;
  std::uint32_t capabilities = 0;
  std::uint64_t previous_session_id = 0;
  BytesView token{};

  [[nodiscard]] static Result<SessionSetupRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

inline constexpr std::uint16_t kSessionIsGuest = 0x1;
inline constexpr std::uint16_t kSessionIsNull = 0x2;
inline constexpr std::uint16_t kSessionEncryptData = 0x4;

/// 2.2.6
struct SessionSetupResponse {
  std::uint16_t flags = 0;
  BytesView token{};

  [[nodiscard]] static Result<SessionSetupResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// The bodies that say nothing: LOGOFF, TREE_DISCONNECT, ECHO, CANCEL, both ways, and the response
/// of FLUSH.
struct EmptyBody {
  [[nodiscard]] static Result<EmptyBody> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.9
struct TreeConnectRequest {
  std::uint16_t flags = 0;
  std::string path{};  ///< \\server\share

  [[nodiscard]] static Result<TreeConnectRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

inline constexpr std::uint8_t kShareIsPipe = 0x2;
inline constexpr std::uint32_t kShareEncryptData = 0x8000;

/// 2.2.10
struct TreeConnectResponse {
  std::uint8_t share_type = 0;
  std::uint32_t share_flags = 0;
  std::uint32_t capabilities = 0;
  std::uint32_t maximal_access = 0;

  [[nodiscard]] static Result<TreeConnectResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.13, without create contexts: pipes need none.
struct CreateRequest {
  std::uint8_t oplock_level = 0;
  std::uint32_t impersonation_level = 0;
  std::uint32_t desired_access = 0;
  std::uint32_t file_attributes = 0;
  std::uint32_t share_access = 0;
  std::uint32_t disposition = 0;
  std::uint32_t options = 0;
  std::string name{};

  [[nodiscard]] static Result<CreateRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.14, without times, sizes and create contexts.
struct CreateResponse {
  std::uint8_t oplock_level = 0;
  std::uint32_t action = 0;
  std::uint32_t file_attributes = 0;
  FileId file{};

  [[nodiscard]] static Result<CreateResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.15
struct CloseRequest {
  std::uint16_t flags = 0;
  FileId file{};

  [[nodiscard]] static Result<CloseRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.16, without times and sizes.
struct CloseResponse {
  std::uint16_t flags = 0;
  std::uint32_t file_attributes = 0;

  [[nodiscard]] static Result<CloseResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.17
struct FlushRequest {
  FileId file{};

  [[nodiscard]] static Result<FlushRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.19
struct ReadRequest {
  std::uint32_t length = 0;
  std::uint64_t offset = 0;
  FileId file{};
  std::uint32_t minimum_count = 0;

  [[nodiscard]] static Result<ReadRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.20
struct ReadResponse {
  BytesView data{};
  std::uint32_t remaining = 0;

  [[nodiscard]] static Result<ReadResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.21
struct WriteRequest {
  std::uint64_t offset = 0;
  FileId file{};
  std::uint32_t flags = 0;
  BytesView data{};

  [[nodiscard]] static Result<WriteRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.22
struct WriteResponse {
  std::uint32_t count = 0;

  [[nodiscard]] static Result<WriteResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

inline constexpr std::uint32_t kFsctlDfsGetReferrals = 0x00060194;
inline constexpr std::uint32_t kFsctlDfsGetReferralsEx = 0x000601B0;
inline constexpr std::uint32_t kFsctlPipeWait = 0x00110018;
inline constexpr std::uint32_t kFsctlPipeTransceive = 0x0011C017;
inline constexpr std::uint32_t kFsctlValidateNegotiateInfo = 0x00140204;
inline constexpr std::uint32_t kIoctlIsFsctl = 0x1;

/// 2.2.31
struct IoctlRequest {
  std::uint32_t code = 0;
  FileId file{};
  BytesView input{};
  std::uint32_t max_input = 0;
  std::uint32_t max_output = 0;
  std::uint32_t flags = kIoctlIsFsctl;

  [[nodiscard]] static Result<IoctlRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.32
struct IoctlResponse {
  std::uint32_t code = 0;
  FileId file{};
  BytesView output{};
  std::uint32_t flags = 0;

  [[nodiscard]] static Result<IoctlResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.37
struct QueryInfoRequest {
  std::uint8_t type = 0;
  std::uint8_t info_class = 0;
  std::uint32_t output_length = 0;
  std::uint32_t additional = 0;
  std::uint32_t flags = 0;
  FileId file{};
  BytesView input{};

  [[nodiscard]] static Result<QueryInfoRequest> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.38
struct QueryInfoResponse {
  BytesView data{};

  [[nodiscard]] static Result<QueryInfoResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

/// 2.2.2; the answer to any command that failed. Its data may be missing altogether (8 bytes of
/// body) or be one byte of padding (9).
struct ErrorResponse {
  BytesView data{};

  [[nodiscard]] static Result<ErrorResponse> decode(BytesView message);
  void encode(Writer& out) const;
};

}  // namespace tocsin::smb2
