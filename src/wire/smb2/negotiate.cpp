#include "wire/smb2/negotiate.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/text.h"
#include "base/try.h"
#include "wire/smb2/fields.h"
#include "wire/smb2/message.h"

namespace tocsin::smb2 {
namespace {

enum class ContextType : std::uint16_t { preauth = 1, encryption = 2, net_name = 5, signing = 8 };

std::uint16_t size16(std::size_t size) { return static_cast<std::uint16_t>(size); }
std::uint32_t size32(std::size_t size) { return static_cast<std::uint32_t>(size); }

/// False: it stands there twice.
bool read_context(NegotiateContexts& contexts, ContextType type, FieldReader& in) {
  switch (type) {
    case ContextType::preauth: {
      if (contexts.preauth) return false;
      const auto count = in.u16();
      const auto salt_length = in.u16();
      in.list(contexts.preauth.emplace().hashes, count);
      contexts.preauth->salt = in.bytes(salt_length);
      break;
    }
    case ContextType::encryption:
      if (contexts.ciphers) return false;
      in(contexts.ciphers.emplace());
      break;
    case ContextType::signing:
      if (contexts.signing) return false;
      in(contexts.signing.emplace());
      break;
    case ContextType::net_name:
      if (contexts.net_name) return false;
      contexts.net_name = from_utf16(in.rest());
      break;
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
    FieldReader data(in.bytes(length));
    if (!read_context(contexts, type, data))
      return fail(ErrorKind::malformed, "a negotiate context stands there twice");
    TRY(data.finish("negotiate context"));
  }
  TRY(in.finish("negotiate context list"));
  return contexts;
}

/// Contexts as they follow a message: each begins at a multiple of 8.
class ContextWriter {
 public:
  explicit ContextWriter(const NegotiateContexts& contexts) {
    if (contexts.preauth) {
      Writer data;
      data.u16(size16(contexts.preauth->hashes.size()));
      data.u16(size16(contexts.preauth->salt.size()));
      FieldWriter(data).list(contexts.preauth->hashes, contexts.preauth->hashes.size());
      data.bytes(contexts.preauth->salt);
      add(ContextType::preauth, data);
    }
    if (contexts.ciphers) {
      Writer data;
      FieldWriter{data}(*contexts.ciphers);
      add(ContextType::encryption, data);
    }
    if (contexts.signing) {
      Writer data;
      FieldWriter{data}(*contexts.signing);
      add(ContextType::signing, data);
    }
    if (contexts.net_name) {
      Writer data;
      data.bytes(to_utf16(*contexts.net_name));
      add(ContextType::net_name, data);
    }
  }
  [[nodiscard]] std::uint16_t count() const { return count_; }
  [[nodiscard]] BytesView view() const { return out_.view(); }

 private:
  void add(ContextType type, const Writer& data) {
    out_.align(8).u16(static_cast<std::uint16_t>(type)).u16(size16(data.size())).u32(0);
    out_.bytes(data.view());
    count_++;
  }

  Writer out_;
  std::uint16_t count_ = 0;
};

/// What a fixed part says of what follows it.
struct Following {
  std::uint16_t dialects = 0;
  std::uint16_t contexts = 0;
  std::uint32_t offset = 0;  ///< of the contexts

  /// They come behind a message of `size` bytes.
  void announce(const ContextWriter& list, std::size_t size) {
    contexts = list.count();
    offset = size32(size + (8 - size % 8) % 8);
  }
};

constexpr Structure kRequest{36, "NEGOTIATE request"};

void request_fields(auto& io, auto& request, auto& following) {
  io(following.dialects, request.security_mode, kReserved<2>, request.capabilities,
     request.client_guid, following.offset, following.contexts, kReserved<2>);
  io.list(request.dialects, following.dialects);
}

constexpr Structure kResponse{65, "NEGOTIATE response"};

void response_fields(auto& io, auto& response, auto& following) {
  io(response.security_mode, response.dialect, following.contexts, response.server_guid,
     response.capabilities, response.max_transact, response.max_read, response.max_write,
     response.system_time, response.start_time, kOffset16, kLength16, following.offset,
     response.token);
}

}  // namespace

Result<NegotiateRequest> NegotiateRequest::decode(BytesView message) {
  FieldReader in(message, kRequest);
  NegotiateRequest out;
  Following following;
  request_fields(in, out, following);
  TRY(in.finish(kRequest.name));
  if (contains(out.dialects, Dialect::smb3_1_1)) {
    TRY(auto contexts, read_contexts(message, following.offset, following.contexts));
    out.contexts = std::move(contexts);
  }
  return out;
}

void NegotiateRequest::encode(Writer& out) const {
  const auto list =
      contains(dialects, Dialect::smb3_1_1) ? std::optional<ContextWriter>(contexts) : std::nullopt;
  Following following{.dialects = size16(dialects.size())};
  if (list) following.announce(*list, kRequest.end() + 2 * dialects.size());
  FieldWriter io(out, kRequest);
  request_fields(io, *this, following);
  if (list) out.align(8).bytes(list->view());
}

Result<NegotiateResponse> NegotiateResponse::decode(BytesView message) {
  FieldReader in(message, kResponse);
  NegotiateResponse out;
  Following following;
  response_fields(in, out, following);
  TRY(in.finish(kResponse.name));
  if (out.dialect == Dialect::smb3_1_1) {
    TRY(auto contexts, read_contexts(message, following.offset, following.contexts));
    out.contexts = std::move(contexts);
  }
  return out;
}

void NegotiateResponse::encode(Writer& out) const {
  const auto list =
      dialect == Dialect::smb3_1_1 ? std::optional<ContextWriter>(contexts) : std::nullopt;
  Following following;
  if (list) following.announce(*list, kResponse.end() + token.size());
  FieldWriter io(out, kResponse);
  response_fields(io, *this, following);
  if (list) out.align(8).bytes(list->view());
}

}  // namespace tocsin::smb2
