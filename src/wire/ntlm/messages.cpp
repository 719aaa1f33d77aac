#include "wire/ntlm/messages.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "base/try.h"

namespace tocsin::ntlm {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature{'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
enum class Type : std::uint32_t { negotiate = 1, challenge = 2, authenticate = 3 };

std::string decode_text(BytesView bytes, std::uint32_t flags) {
  if ((flags & flag::kUnicode) != 0) return from_utf16(bytes);
  return {bytes.begin(), bytes.end()};
}
Bytes encode_text(std::string_view text, std::uint32_t flags) {
  return (flags & flag::kUnicode) != 0 ? to_utf16(text) : to_bytes(as_bytes(text));
}

Version decode_version(Reader& in) {
  Version version{.major = in.u8(), .minor = in.u8(), .build = in.u16()};
  in.skip(3);
  version.revision = in.u8();
  return version;
}
void encode_version(Writer& out, const Version& version) {
  out.u8(version.major).u8(version.minor).u16(version.build).zeros(3).u8(version.revision);
}

bool starts_as(Reader& in, Type type) {
  return in.array<8>() == kSignature && in.u32() == static_cast<std::uint32_t>(type);
}

/// A field's length and offset; the bytes lie further back in the message.
BytesView decode_field(Reader& in) {
  const auto size = in.u16();
  in.skip(2);
  const auto offset = in.u32();
  if (size == 0) return {};
  if (const auto bytes = slice(in.all(), offset, size)) return *bytes;
  in.set_failed();
  return {};
}

/// A message with a fixed part and a payload that the fixed part points into.
class MessageWriter {
 public:
  MessageWriter(Type type, std::size_t fixed_size) : fixed_size_(fixed_size) {
    fixed_.bytes(kSignature).u32(static_cast<std::uint32_t>(type));
  }
  Writer& fixed() { return fixed_; }
  void field(BytesView bytes) {
    if (bytes.size() > 0xFFFF) throw std::length_error("a field of an NTLM message is too long");
    const auto size = static_cast<std::uint16_t>(bytes.size());
    fixed_.u16(size).u16(size).u32(static_cast<std::uint32_t>(fixed_size_ + payload_.size()));
    payload_.bytes(bytes);
  }
  Bytes take() && {
    fixed_.bytes(payload_.view());
    return std::move(fixed_).take();
  }

 private:
  std::size_t fixed_size_;
  Writer fixed_;
  Writer payload_;
};

constexpr std::size_t kNegotiateSize = 40;
constexpr std::size_t kChallengeSize = 56;
constexpr std::size_t kAuthenticateSize = 72;

std::unexpected<Error> not_a(std::string_view name) {
  return fail(ErrorKind::malformed, "this is no " + std::string(name));
}

}  // namespace

const Bytes* find(const AvPairs& pairs, AvId id) {
  const auto found = std::ranges::find(pairs, id, &AvPair::id);
  return found == pairs.end() ? nullptr : &found->value;
}

Bytes encode(const AvPairs& pairs) {
  Writer out;
  for (const auto& pair : pairs) {
    if (pair.value.size() > 0xFFFF) throw std::length_error("an NTLM AV_PAIR is too long");
    out.u16(static_cast<std::uint16_t>(pair.id))
        .u16(static_cast<std::uint16_t>(pair.value.size()))
        .bytes(pair.value);
  }
  out.u16(static_cast<std::uint16_t>(AvId::eol)).u16(0);
  return std::move(out).take();
}

Result<AvPairs> decode_av_pairs(BytesView bytes) {
  AvPairs pairs;
  Reader in(bytes);
  while (true) {
    const AvId id{in.u16()};
    const auto value = in.bytes(in.u16());
    if (!in.ok())
      return fail(ErrorKind::malformed, "the target info of an NTLM message is cut short");
    if (id == AvId::eol) return pairs;
    pairs.push_back({id, to_bytes(value)});
  }
}

Bytes encode(const Negotiate& message) {
  MessageWriter out(Type::negotiate, kNegotiateSize);
  out.fixed().u32(message.flags);
  out.field(as_bytes(message.domain));
  out.field(as_bytes(message.workstation));
  encode_version(out.fixed(), message.version);
  return std::move(out).take();
}

Result<Negotiate> decode_negotiate(BytesView bytes) {
  Reader in(bytes);
  if (!starts_as(in, Type::negotiate)) return not_a("NTLM NEGOTIATE_MESSAGE");
  Negotiate message{.flags = in.u32()};
  // Old clients end here, and impacket before the version.
  if (in.remaining() > 0) {
    message.domain = decode_text(decode_field(in), 0);
    message.workstation = decode_text(decode_field(in), 0);
    if ((message.flags & flag::kVersion) != 0) message.version = decode_version(in);
  }
  TRY(in.finish("the NTLM NEGOTIATE_MESSAGE"));
  return message;
}

Bytes encode(const Challenge& message) {
  MessageWriter out(Type::challenge, kChallengeSize);
  out.field(encode_text(message.target, message.flags));
  out.fixed().u32(message.flags).bytes(message.server_challenge).zeros(8);
  out.field(message.target_info.empty() ? Bytes{} : encode(message.target_info));
  encode_version(out.fixed(), message.version);
  return std::move(out).take();
}

Result<Challenge> decode_challenge(BytesView bytes) {
  Reader in(bytes);
  if (!starts_as(in, Type::challenge)) return not_a("NTLM CHALLENGE_MESSAGE");
  Challenge message;
  const auto target = decode_field(in);
  message.flags = in.u32();
  message.target = decode_text(target, message.flags);
  message.server_challenge = in.array<8>();
  in.skip(8);
  const auto target_info = decode_field(in);
  if ((message.flags & flag::kVersion) != 0) message.version = decode_version(in);
  TRY(in.finish("the NTLM CHALLENGE_MESSAGE"));
  if (!target_info.empty()) {
    TRY(auto pairs, decode_av_pairs(target_info));
    message.target_info = std::move(pairs);
  }
  return message;
}

Bytes encode(const Authenticate& message) {
  MessageWriter out(Type::authenticate, kAuthenticateSize + (message.mic ? kMicSize : 0));
  out.field(message.lm_response);
  out.field(message.nt_response);
  out.field(encode_text(message.domain, message.flags));
  out.field(encode_text(message.user, message.flags));
  out.field(encode_text(message.workstation, message.flags));
  out.field(message.encrypted_session_key);
  out.fixed().u32(message.flags);
  encode_version(out.fixed(), message.version);
  if (message.mic) out.fixed().bytes(*message.mic);
  return std::move(out).take();
}

Result<Authenticate> decode_authenticate(BytesView bytes) {
  Reader in(bytes);
  if (!starts_as(in, Type::authenticate)) return not_a("NTLM AUTHENTICATE_MESSAGE");
  std::array<BytesView, 6> fields;
  // The payload begins where its first field does, and leaves room for a MIC or not.
  auto payload = bytes.size();
  for (auto& field : fields) {
    field = decode_field(in);
    if (!field.empty())
      payload = std::min(payload, static_cast<std::size_t>(field.data() - bytes.data()));
  }
  Authenticate message{.flags = in.u32()};
  message.lm_response = to_bytes(fields[0]);
  message.nt_response = to_bytes(fields[1]);
  message.domain = decode_text(fields[2], message.flags);
  message.user = decode_text(fields[3], message.flags);
  message.workstation = decode_text(fields[4], message.flags);
  message.encrypted_session_key = to_bytes(fields[5]);
  if ((message.flags & flag::kVersion) != 0) message.version = decode_version(in);
  TRY(in.finish("the NTLM AUTHENTICATE_MESSAGE"));
  if (payload >= kMicOffset + kMicSize)
    message.mic = Reader(bytes.subspan(kMicOffset)).array<kMicSize>();
  return message;
}

Bytes encode(const ClientChallenge& challenge) {
  Writer out;
  out.u8(1).u8(1).zeros(6).u64(challenge.filetime).bytes(challenge.challenge).zeros(4);
  out.bytes(encode(challenge.target_info)).zeros(4);
  return std::move(out).take();
}

Result<ClientChallenge> decode_client_challenge(BytesView bytes) {
  Reader in(bytes);
  const auto versions = in.u16();
  in.skip(6);
  ClientChallenge challenge{.filetime = in.u64(), .challenge = in.array<8>()};
  in.skip(4);
  if (!in.ok() || versions != 0x0101) return not_a("NTLMv2 response");
  TRY(auto pairs, decode_av_pairs(in.rest()));
  challenge.target_info = std::move(pairs);
  return challenge;
}

}  // namespace tocsin::ntlm
