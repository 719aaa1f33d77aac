#include "simulate/mischief.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <utility>

#include "wire/smb2/frame.h"

namespace tocsin::simulate {
namespace {

// Of the SMB2 header, [MS-SMB2] 2.2.1.2, and of the transform header, 2.2.41.
constexpr std::size_t kHeaderSize = 64;
constexpr std::size_t kFlagsAt = 16;
constexpr std::uint8_t kSignedFlag = 0x08;
constexpr std::size_t kSignatureAt = 48;
constexpr std::size_t kTransformSessionAt = 44;
constexpr std::uint8_t kPlainMark = 0xfe;
constexpr std::uint8_t kSealedMark = 0xfd;

void strip_signature(Bytes& reply) {
  if (reply.size() < kHeaderSize || reply[0] != kPlainMark) return;
  reply[kFlagsAt] &= static_cast<std::uint8_t>(~kSignedFlag);
  std::fill_n(reply.begin() + kSignatureAt, 16, std::uint8_t{0});
}

/// A successful answer to an IOCTL in the clear. Every request so far took one message id.
Bytes plain_answer(BytesView sealed, std::uint32_t message_id) {
  Writer out;
  out.u32(0x424d53fe).u16(kHeaderSize).u16(1).u32(0).u16(11).u16(1).u32(1).u32(0);
  out.u64(message_id).u32(0).u32(1).bytes(sealed.subspan(kTransformSessionAt, 8)).zeros(16);
  out.u16(9).zeros(7);
  return std::move(out).take();
}

Bytes framed(BytesView message) {
  Bytes frame;
  frame.reserve(smb2::kFrameHeaderSize + message.size());
  const auto header = smb2::frame_header(message.size());
  frame.assign(header.begin(), header.end());
  frame.insert(frame.end(), message.begin(), message.end());
  return frame;
}

}  // namespace

Result<Behaviour> parse_behaviour(std::string_view text) {
  const auto colon = text.find(':');
  const auto mischief = parse_word<Mischief>(text.substr(0, colon));
  if (!mischief)
    return fail(ErrorKind::invalid_config, "unknown misbehaviour '" + std::string(text) + "'");
  Behaviour behaviour{.mischief = *mischief};
  if (behaviour.mischief == Mischief::slow) behaviour.number = 1000;
  if (behaviour.mischief == Mischief::expiring) behaviour.number = 10;
  if (colon == std::string_view::npos) return behaviour;
  const auto number = text.substr(colon + 1);
  const auto* end = std::to_address(number.end());
  const auto [stop, error] =
      std::from_chars(std::to_address(number.begin()), end, behaviour.number);
  if (error != std::errc{} || stop != end)
    return fail(ErrorKind::invalid_config, "'" + std::string(number) + "' is not a number");
  return behaviour;
}

bool Spoiler::expires() {
  return behaviour_.mischief == Mischief::expiring && behaviour_.number > 0 &&
         ++requests_ % behaviour_.number == 0;
}

Transmission Spoiler::transmit(Bytes reply) {
  const auto mischief = behaviour_.mischief;
  if (mischief == Mischief::slow)
    return {.frame = framed(reply), .pause = Duration(behaviour_.number)};
  if (mischief == Mischief::none || mischief == Mischief::expiring ||
      replies_++ < behaviour_.number) {
    auto frame = framed(reply);
    if (mischief == Mischief::replayed) previous_ = std::move(reply);
    return {.frame = std::move(frame)};
  }
  if (mischief == Mischief::silent) return {};
  spoil(reply);
  auto frame = framed(reply);
  if (mischief == Mischief::oversized) std::fill_n(frame.begin() + 1, 3, std::uint8_t{0xff});
  return {.frame = std::move(frame), .byte_by_byte = mischief == Mischief::dribbling};
}

void Spoiler::spoil(Bytes& reply) {
  switch (behaviour_.mischief) {
    case Mischief::unsigned_replies:
      strip_signature(reply);
      break;
    case Mischief::flipped:
      reply.back() ^= 1;
      break;
    case Mischief::truncated:
      reply.resize(reply.size() / 2);
      break;
    case Mischief::garbage:
      for (std::size_t i = 0; i < reply.size(); i++) reply[i] = static_cast<std::uint8_t>(i * 7);
      break;
    case Mischief::replayed:
      if (!previous_.empty()) reply = previous_;
      break;
    case Mischief::plain:
      if (reply[0] == kSealedMark) reply = plain_answer(reply, replies_ - 1);
      break;
    default:
      break;
  }
}

}  // namespace tocsin::simulate
