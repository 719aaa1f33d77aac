#include "wire/smb2/negotiate.h"

#include <algorithm>

#include "base/text.h"
#include "wire/smb2/body.h"
#include "wire/smb2/message.h"

namespace tocsin::smb2 {
namespace {

enum class ContextType : std::uint16_t { preauth = 1, encryption = 2, net_name = 5, signing = 8 };

std::uint16_t size16(std::size_t size) { return static_cast<std::uint16_t>(size); }
std::uint32_t size32(std::size_t size) { return static_cast<std::uint32_t>(size); }

template <typename Choice>
std::vector<Choice> read_choices(Reader& in, std::size_t count) {
  std::vector<Choice> choices;
  choices.reserve(std::min(count, in.remaining() / 2));
  for (std::size_t i = 0; i < count && in.ok(); i++)
    choices.push_back(static_cast<Choice>(in.u16()));
  return choices;
}

template <typename Choice>
void put_choices(Writer& out, const std::vector<Choice>& choices) {
  for (const auto choice : choices) out.u16(static_cast<std::uint16_t>(choice));
}

/// A context's data into its place; nothing but the first of its kind has one.
template <typename Value>
bool fill(std::optional<Value>& place, Value value) {
  if (place) return false;
  place = std::move(value);
  return true;
}

bool read_context(NegotiateContexts& contexts, ContextType type, Reader& in) {
  switch (type) {
    case ContextType::preauth: {
      const auto count = in.u16();
      const auto salt_length = in.u16();
      auto hashes = read_choices<std::uint16_t>(in, count);
      return fill(contexts.preauth, {std::move(hashes), in.bytes(salt_length)});
    }
    case ContextType::encryption:
      return fill(contexts.ciphers, read_choices<crypto::Cipher>(in, in.u16()));
    case ContextType::signing:
      return fill(contexts.signing, read_choices<SigningAlgorithm>(in, in.u16()));
    case ContextType::net_name:
      return fill(contexts.net_name, from_utf16(in.rest()));
  }
  return true;
}

Result<NegotiateContexts> read_contexts(BytesView message, std::size_t offset, std::size_t count) {
  if (offset > message.size())
    return fail(ErrorKind::malformed, "negotiate contexts lie outside of the message");
  // Contexts are aligned to 8 from the message's start.
  Reader in(message);
  in.skip(offset);
  NegotiateContexts contexts;
  for (std::size_t i = 0; i < count && in.ok(); i++) {
    in.align(8);
    const auto type = static_cast<ContextType>(in.u16());
    const auto length = in.u16();
    in.skip(4);
    Reader data(in.bytes(length));
    if (!read_context(contexts, type, data))
      return fail(ErrorKind::malformed, "a negotiate context stands there twice");
    if (auto ok = data.finish("negotiate context"); !ok) return fail(std::move(ok));
  }
  if (auto ok = in.finish("negotiate context list"); !ok) return fail(std::move(ok));
  return contexts;
}

/// Appends contexts to a message that began where the writer did: a negotiation is never sealed.
class ContextWriter {
 public:
  explicit ContextWriter(Writer& out) : out_(out) { out_.align(8); }

  [[nodiscard]] std::uint16_t count() const { return count_; }
  void add(ContextType type, const Writer& data) {
    out_.align(8).u16(static_cast<std::uint16_t>(type)).u16(size16(data.size())).u32(0);
    out_.bytes(data.view());
    count_++;
  }
  void add_all(const NegotiateContexts& contexts) {
    if (contexts.preauth) {
      Writer data;
      data.u16(size16(contexts.preauth->hashes.size()));
      data.u16(size16(contexts.preauth->salt.size()));
      put_choices(data, contexts.preauth->hashes);
      data.bytes(contexts.preauth->salt);
      add(ContextType::preauth, data);
    }
    if (contexts.ciphers) {
      Writer data;
      data.u16(size16(contexts.ciphers->size()));
      put_choices(data, *contexts.ciphers);
      add(ContextType::encryption, data);
    }
    if (contexts.signing) {
      Writer data;
      data.u16(size16(contexts.signing->size()));
      put_choices(data, *contexts.signing);
      add(ContextType::signing, data);
    }
    if (contexts.net_name) {
      Writer data;
      data.bytes(to_utf16(*contexts.net_name));
      add(ContextType::net_name, data);
    }
  }

 private:
  Writer& out_;
  std::uint16_t count_ = 0;
};

bool has_contexts(const std::vector<Dialect>& dialects) {
  return std::ranges::find(dialects, Dialect::smb3_1_1) != dialects.end();
}

}  // namespace

Result<NegotiateRequest> NegotiateRequest::decode(BytesView message) {
  Body body(message, 36, "NEGOTIATE request");
  NegotiateRequest out;
  const auto dialect_count = body.u16();
  out.security_mode = body.u16();
  body.skip(2);
  out.capabilities = body.u32();
  out.client_guid = body.array<16>();
  const auto offset = body.u32();
  const auto count = body.u16();
  body.skip(2);
  out.dialects = read_choices<Dialect>(body, dialect_count);
  if (auto ok = body.finish(); !ok) return fail(std::move(ok));
  if (has_contexts(out.dialects)) {
    auto contexts = read_contexts(message, offset, count);
    if (!contexts) return fail(std::move(contexts));
    out.contexts = *std::move(contexts);
  }
  return out;
}

void NegotiateRequest::encode(Writer& out) const {
  out.u16(36).u16(size16(dialects.size())).u16(security_mode).u16(0).u32(capabilities);
  out.bytes(client_guid);
  const auto place = out.size();
  out.u64(0);
  put_choices(out, dialects);
  if (!has_contexts(dialects)) return;
  ContextWriter list(out);
  out.patch_u32(place, size32(out.size()));
  list.add_all(contexts);
  out.patch_u16(place + 4, list.count());
}

Result<NegotiateResponse> NegotiateResponse::decode(BytesView message) {
  Body body(message, 65, "NEGOTIATE response");
  NegotiateResponse out;
  out.security_mode = body.u16();
  out.dialect = static_cast<Dialect>(body.u16());
  const auto count = body.u16();
  out.server_guid = body.array<16>();
  out.capabilities = body.u32();
  out.max_transact = body.u32();
  out.max_read = body.u32();
  out.max_write = body.u32();
  out.system_time = body.u64();
  out.start_time = body.u64();
  const auto token_offset = body.u16();
  const auto token_length = body.u16();
  const auto offset = body.u32();
  out.token = body.buffer(token_offset, token_length);
  if (auto ok = body.finish(); !ok) return fail(std::move(ok));
  if (out.dialect == Dialect::smb3_1_1) {
    auto contexts = read_contexts(message, offset, count);
    if (!contexts) return fail(std::move(contexts));
    out.contexts = *std::move(contexts);
  }
  return out;
}

void NegotiateResponse::encode(Writer& out) const {
  out.u16(65).u16(security_mode).u16(static_cast<std::uint16_t>(dialect));
  const auto count_place = out.size();
  out.u16(0).bytes(server_guid).u32(capabilities);
  out.u32(max_transact).u32(max_read).u32(max_write).u64(system_time).u64(start_time);
  out.u16(kHeaderSize + 64).u16(size16(token.size()));
  const auto offset_place = out.size();
  out.u32(0).bytes(token);
  if (dialect != Dialect::smb3_1_1) return;
  ContextWriter list(out);
  out.patch_u32(offset_place, size32(out.size()));
  list.add_all(contexts);
  out.patch_u16(count_place, list.count());
}

Result<ValidateNegotiateRequest> ValidateNegotiateRequest::decode(BytesView input) {
  Reader in(input);
  ValidateNegotiateRequest out;
  out.capabilities = in.u32();
  out.client_guid = in.array<16>();
  out.security_mode = in.u16();
  out.dialects = read_choices<Dialect>(in, in.u16());
  if (auto ok = in.finish("VALIDATE_NEGOTIATE_INFO request"); !ok) return fail(std::move(ok));
  return out;
}

Bytes ValidateNegotiateRequest::encode() const {
  Writer out;
  out.u32(capabilities).bytes(client_guid).u16(security_mode).u16(size16(dialects.size()));
  put_choices(out, dialects);
  return std::move(out).take();
}

Result<ValidateNegotiateResponse> ValidateNegotiateResponse::decode(BytesView output) {
  Reader in(output);
  ValidateNegotiateResponse out;
  out.capabilities = in.u32();
  out.server_guid = in.array<16>();
  out.security_mode = in.u16();
  out.dialect = static_cast<Dialect>(in.u16());
  if (auto ok = in.finish("VALIDATE_NEGOTIATE_INFO response"); !ok) return fail(std::move(ok));
  return out;
}

Bytes ValidateNegotiateResponse::encode() const {
  Writer out;
  out.u32(capabilities).bytes(server_guid).u16(security_mode);
  out.u16(static_cast<std::uint16_t>(dialect));
  return std::move(out).take();
}

}  // namespace tocsin::smb2
