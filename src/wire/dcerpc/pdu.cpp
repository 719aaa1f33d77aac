#include "wire/dcerpc/pdu.h"

#include <utility>

#include "base/try.h"

namespace tocsin::dcerpc {
namespace {

constexpr std::uint8_t kVersion = 5;
/// Little-endian integers, ASCII, IEEE floating point.
constexpr std::uint32_t kDataRepresentation = 0x00000010;
constexpr std::size_t kAuthTrailerSize = 8;
/// Of most requests.
constexpr std::size_t kUsualSize = 128;

SyntaxId read_syntax(Reader& in) { return {.uuid = in.array<16>(), .version = in.u32()}; }
void write_syntax(Writer& out, const SyntaxId& syntax) {
  out.bytes(syntax.uuid).u32(syntax.version);
}

Bind read_bind(Reader& in) {
  Bind bind{.max_transmit = in.u16(), .max_receive = in.u16(), .group = in.u32(), .contexts = {}};
  const auto count = in.u8();
  in.skip(3);
  for (unsigned i = 0; i < count && in.ok(); i++) {
    PresentationContext context{.id = in.u16(), .abstract = {}, .transfer = {}};
    const auto syntaxes = in.u8();
    in.skip(1);
    context.abstract = read_syntax(in);
    for (unsigned j = 0; j < syntaxes && in.ok(); j++) context.transfer.push_back(read_syntax(in));
    bind.contexts.push_back(std::move(context));
  }
  return bind;
}

void write(Writer& out, const Bind& bind) {
  out.u16(bind.max_transmit).u16(bind.max_receive).u32(bind.group);
  out.u8(static_cast<std::uint8_t>(bind.contexts.size())).zeros(3);
  for (const auto& context : bind.contexts) {
    out.u16(context.id).u8(static_cast<std::uint8_t>(context.transfer.size())).u8(0);
    write_syntax(out, context.abstract);
    for (const auto& syntax : context.transfer) write_syntax(out, syntax);
  }
}

BindAck read_bind_ack(Reader& in) {
  BindAck ack{.max_transmit = in.u16(),
              .max_receive = in.u16(),
              .group = in.u32(),
              .secondary_address = {},
              .answers = {}};
  const auto address = in.bytes(in.u16());
  for (const auto c : address)
    if (c != 0) ack.secondary_address += static_cast<char>(c);
  in.align(4);
  const auto count = in.u8();
  in.skip(3);
  for (unsigned i = 0; i < count && in.ok(); i++)
    ack.answers.push_back({.result = static_cast<ContextResult>(in.u16()),
                           .reason = in.u16(),
                           .transfer = read_syntax(in)});
  return ack;
}

void write(Writer& out, const BindAck& ack) {
  out.u16(ack.max_transmit).u16(ack.max_receive).u32(ack.group);
  out.u16(static_cast<std::uint16_t>(ack.secondary_address.size() + 1));
  out.bytes(as_bytes(ack.secondary_address)).u8(0).align(4);
  out.u8(static_cast<std::uint8_t>(ack.answers.size())).zeros(3);
  for (const auto& answer : ack.answers) {
    out.u16(std::to_underlying(answer.result)).u16(answer.reason);
    write_syntax(out, answer.transfer);
  }
}

Request read_request(Reader& in, std::uint8_t flags) {
  Request request{.alloc_hint = in.u32(), .context = in.u16(), .opnum = in.u16(), .stub = {}};
  if ((flags & kObjectUuid) != 0) in.skip(16);
  request.stub = in.bytes(in.remaining());
  return request;
}

Response read_response(Reader& in) {
  Response response{.alloc_hint = in.u32(), .context = in.u16(), .stub = {}};
  in.skip(2);  // the cancel count, and one reserved byte
  response.stub = in.bytes(in.remaining());
  return response;
}

Fault read_fault(Reader& in) {
  Fault fault{.alloc_hint = in.u32(), .context = in.u16(), .status = 0};
  in.skip(2);
  fault.status = in.u32();
  return fault;
}

void write(Writer& out, const Request& request) {
  out.u32(request.alloc_hint).u16(request.context).u16(request.opnum).bytes(request.stub);
}
void write(Writer& out, const Response& response) {
  out.u32(response.alloc_hint).u16(response.context).u16(0).bytes(response.stub);
}
void write(Writer& out, const Fault& fault) {
  out.u32(fault.alloc_hint).u16(fault.context).u16(0).u32(fault.status).u32(0);
}
void write(Writer& out, const BindNak& nak) { out.u16(nak.reason); }
void write(Writer& out, const Auth3& /*empty*/) { out.u32(0); }

/// Cuts trailer and padding off `body`.
Result<std::optional<AuthTrailer>> take_auth_trailer(BytesView& body, std::size_t length) {
  if (length == 0) return std::nullopt;
  if (body.size() < length + kAuthTrailerSize)
    return fail(ErrorKind::malformed, "an RPC fragment is shorter than its authentication trailer");
  Reader in(body.last(length + kAuthTrailerSize));
  AuthTrailer auth{.type = in.u8(), .level = in.u8(), .pad = in.u8(), .context = 0, .value = {}};
  in.skip(1);
  auth.context = in.u32();
  auth.value = in.rest();
  const auto cut = length + kAuthTrailerSize + auth.pad;
  if (body.size() < cut)
    return fail(ErrorKind::malformed, "an RPC fragment is shorter than its padding");
  body = body.first(body.size() - cut);
  return auth;
}

}  // namespace

Result<Header> parse_header(BytesView fragment) {
  Reader in(fragment);
  const auto version = in.u8();
  const auto minor = in.u8();
  Header header{.type = static_cast<PacketType>(in.u8()),
                .flags = in.u8(),
                .fragment_length = 0,
                .auth_length = 0,
                .call_id = 0};
  const auto representation = in.u32();
  header.fragment_length = in.u16();
  header.auth_length = in.u16();
  header.call_id = in.u32();
  TRY(in.finish("an RPC header"));
  if (version != kVersion || minor > 1)
    return fail(ErrorKind::malformed, "an RPC message that is not of version 5");
  if (representation != kDataRepresentation)
    return fail(ErrorKind::unsupported, "an RPC message that is not little-endian");
  if (header.fragment_length < kHeaderSize)
    return fail(ErrorKind::malformed, "an RPC fragment that is shorter than its header");
  return header;
}

Result<Pdu> parse_pdu(BytesView fragment) {
  TRY(auto header, parse_header(fragment));
  if (header.fragment_length != fragment.size())
    return fail(ErrorKind::malformed, "an RPC fragment is not as long as it says");
  auto body = fragment.subspan(kHeaderSize);
  TRY(auto auth, take_auth_trailer(body, header.auth_length));

  Pdu pdu{.flags = header.flags, .call_id = header.call_id, .body = {}, .auth = auth};
  // Positions count from the start of the fragment: alignment does.
  Reader in(fragment.first(kHeaderSize + body.size()));
  in.skip(kHeaderSize);
  switch (header.type) {
    case PacketType::request:
      pdu.body = read_request(in, header.flags);
      break;
    case PacketType::response:
      pdu.body = read_response(in);
      break;
    case PacketType::fault:
      pdu.body = read_fault(in);
      break;
    case PacketType::bind:
      pdu.body = read_bind(in);
      break;
    case PacketType::bind_ack:
      pdu.body = read_bind_ack(in);
      break;
    case PacketType::bind_nak:
      pdu.body = BindNak{.reason = in.u16()};
      break;
    case PacketType::auth3:
      pdu.body = Auth3{};
      break;
    default:
      return fail(ErrorKind::malformed, "an RPC message of an unknown type");
  }
  TRY(in.finish("an RPC message"));
  return pdu;
}

Bytes encode(const Pdu& pdu) {
  // In the order of the alternatives of Pdu::body.
  static constexpr PacketType kTypeOf[] = {
      PacketType::request,  PacketType::response, PacketType::fault, PacketType::bind,
      PacketType::bind_ack, PacketType::bind_nak, PacketType::auth3};
  Writer out;
  out.reserve(kUsualSize);
  out.u8(kVersion).u8(0).u8(std::to_underlying(kTypeOf[pdu.body.index()]));
  out.u8(static_cast<std::uint8_t>(pdu.flags & ~kObjectUuid)).u32(kDataRepresentation);
  const auto lengths = out.size();
  out.u16(0).u16(0).u32(pdu.call_id);
  std::visit([&](const auto& body) { write(out, body); }, pdu.body);
  if (pdu.auth) {
    out.zeros(pdu.auth->pad);
    out.u8(pdu.auth->type).u8(pdu.auth->level).u8(pdu.auth->pad).u8(0).u32(pdu.auth->context);
    out.bytes(pdu.auth->value);
    out.patch_u16(lengths + 2, static_cast<std::uint16_t>(pdu.auth->value.size()));
  }
  out.patch_u16(lengths, static_cast<std::uint16_t>(out.size()));
  return std::move(out).take();
}

}  // namespace tocsin::dcerpc
