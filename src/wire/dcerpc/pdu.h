// The protocol data units of connection-oriented DCE/RPC as far as named pipes need them.
// [C706] chapter 12, [MS-RPCE] 2.2.2
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace tocsin::dcerpc {

inline constexpr std::size_t kHeaderSize = 16;
/// What Windows cuts its messages to on named pipes.
inline constexpr std::uint16_t kWindowsFragment = 4280;
/// The least that every implementation must take ([C706] 12.6.3.1, MustRecvFragSize).
inline constexpr std::uint16_t kLeastFragment = 1432;

/// An interface or a transfer syntax with its version (p_syntax_id_t); the UUID as it is sent.
struct SyntaxId {
  std::array<std::uint8_t, 16> uuid{};
  std::uint32_t version = 0;  ///< major in the lower half, minor in the upper one
  friend bool operator==(const SyntaxId&, const SyntaxId&) = default;
};

/// 8a885d04-1ceb-11c9-9fe8-08002b104860 version 2: NDR in 32 bits.
inline constexpr SyntaxId kNdr32{{0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08,
                                  0x00, 0x2b, 0x10, 0x48, 0x60},
                                 2};

enum class PacketType : std::uint8_t {
  request = 0,
  response = 2,
  fault = 3,
  bind = 11,
  bind_ack = 12,
  bind_nak = 13,
  auth3 = 16,
};

enum Flags : std::uint8_t {
  kFirstFragment = 1,
  kLastFragment = 2,
  /// PFC_CONC_MPX, of a bind and its answer: several calls may be under way at a time.
  kConcurrentMultiplexing = 0x10,
  kObjectUuid = 0x80,
};

/// What every fragment starts with.
struct Header {
  PacketType type{};
  std::uint8_t flags = 0;
  std::uint16_t fragment_length = 0;  ///< of all of it, this header included
  std::uint16_t auth_length = 0;
  std::uint32_t call_id = 0;
};

/// malformed: not version 5, or lengths that contradict each other; unsupported: big-endian.
[[nodiscard]] Result<Header> parse_header(BytesView fragment);

/// p_cont_elem_t
struct PresentationContext {
  std::uint16_t id = 0;
  SyntaxId abstract;
  std::vector<SyntaxId> transfer;
  friend bool operator==(const PresentationContext&, const PresentationContext&) = default;
};

struct Bind {
  std::uint16_t max_transmit = kWindowsFragment;
  std::uint16_t max_receive = kWindowsFragment;
  std::uint32_t group = 0;
  std::vector<PresentationContext> contexts;
  friend bool operator==(const Bind&, const Bind&) = default;
};

enum class ContextResult : std::uint16_t {
  acceptance = 0,
  user_rejection = 1,
  provider_rejection = 2,
  negotiate_ack = 3,  ///< the answer to bind time feature negotiation, [MS-RPCE] 2.2.2.4
};

/// p_result_t
struct ContextAnswer {
  ContextResult result{};
  std::uint16_t reason = 0;
  SyntaxId transfer;
  friend bool operator==(const ContextAnswer&, const ContextAnswer&) = default;
};

struct BindAck {
  std::uint16_t max_transmit = kWindowsFragment;
  std::uint16_t max_receive = kWindowsFragment;
  std::uint32_t group = 0;
  std::string secondary_address;       ///< "\pipe\ntsvcs" from Windows whatever was opened
  std::vector<ContextAnswer> answers;  ///< in the order of the contexts that were offered
  friend bool operator==(const BindAck&, const BindAck&) = default;
};

struct BindNak {
  std::uint16_t reason = 0;
  friend bool operator==(const BindNak&, const BindNak&) = default;
};

/// Stubs are views into the fragment that was parsed, or into what is to be encoded.
struct Request {
  std::uint32_t alloc_hint = 0;
  std::uint16_t context = 0;
  std::uint16_t opnum = 0;
  BytesView stub{};
};

struct Response {
  std::uint32_t alloc_hint = 0;  ///< of what is still to come: a total in the first fragment only
  std::uint16_t context = 0;
  BytesView stub{};
};

struct Fault {
  std::uint32_t alloc_hint = 0;
  std::uint16_t context = 0;
  std::uint32_t status = 0;
};

struct Auth3 {};

/// sec_trailer with its value; SMB protects our pipes, so we never send one.
struct AuthTrailer {
  std::uint8_t type = 0;
  std::uint8_t level = 0;
  std::uint8_t pad = 0;  ///< bytes between the stub and the trailer
  std::uint32_t context = 0;
  BytesView value;
};

/// One fragment.
struct Pdu {
  std::uint8_t flags = kFirstFragment | kLastFragment;
  std::uint32_t call_id = 0;
  std::variant<Request, Response, Fault, Bind, BindAck, BindNak, Auth3> body;
  std::optional<AuthTrailer> auth{};
};

/// Exactly one fragment. malformed, unsupported.
[[nodiscard]] Result<Pdu> parse_pdu(BytesView fragment);
/// An object UUID is not written. The whole must fit into 64 KiB.
[[nodiscard]] Bytes encode(const Pdu& pdu);

}  // namespace tocsin::dcerpc
