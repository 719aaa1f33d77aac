#include "wire/smb2/message.h"

#include "base/text.h"
#include "wire/smb2/body.h"

namespace tocsin::smb2 {
namespace {

constexpr std::uint32_t kProtocolId = 0x424D53FE;  // FE 'S' 'M' 'B'

std::uint16_t size16(std::size_t size) { return static_cast<std::uint16_t>(size); }
std::uint32_t size32(std::size_t size) { return static_cast<std::uint32_t>(size); }

/// What a decoder answers: the struct (moved from there), or why the body is malformed.
template <typename T>
Result<T> answer(const Body& body, T& decoded) {
  if (auto ok = body.finish(); !ok) return fail(std::move(ok));
  return std::move(decoded);
}

/// The buffer of a request whose StructureSize counts one byte of it: an empty one is a zero.
void put_counted(Writer& out, BytesView buffer) {
  if (buffer.empty()) {
    out.u8(0);
  } else {
    out.bytes(buffer);
  }
}

}  // namespace

Result<Header> Header::decode(BytesView message) {
  Reader in(message);
  Header header;
  const auto protocol = in.u32();
  const auto size = in.u16();
  header.credit_charge = in.u16();
  header.status = static_cast<Status>(in.u32());
  header.command = static_cast<Command>(in.u16());
  header.credits = in.u16();
  header.flags = in.u32();
  header.next_command = in.u32();
  header.message_id = in.u64();
  if ((header.flags & kFlagAsync) != 0) {
    header.async_id = in.u64();
  } else {
    in.skip(4);
    header.tree_id = in.u32();
  }
  header.session_id = in.u64();
  header.signature = in.array<16>();
  if (auto ok = in.finish("SMB2 header"); !ok) return fail(std::move(ok));
  if (protocol != kProtocolId || size != kHeaderSize)
    return fail(ErrorKind::malformed, "not an SMB2 message");
  return header;
}

void Header::encode(Writer& out) const {
  out.u32(kProtocolId).u16(kHeaderSize).u16(credit_charge);
  out.u32(static_cast<std::uint32_t>(status)).u16(static_cast<std::uint16_t>(command));
  out.u16(credits).u32(flags).u32(next_command).u64(message_id);
  if ((flags & kFlagAsync) != 0) {
    out.u64(async_id);
  } else {
    out.u32(0).u32(tree_id);
  }
  out.u64(session_id).bytes(signature);
}

Result<SessionSetupRequest> SessionSetupRequest::decode(BytesView message) {
  Body body(message, 25, "SESSION_SETUP request");
  SessionSetupRequest out;
  out.flags = body.u8();
  out.security_mode = body.u8();
  out.capabilities = body.u32();
  body.skip(4);  // channel
  const auto offset = body.u16();
  const auto length = body.u16();
  out.previous_session_id = body.u64();
  out.token = body.buffer(offset, length);
  return answer(body, out);
}

void SessionSetupRequest::encode(Writer& out) const {
  out.u16(25).u8(flags).u8(security_mode).u32(capabilities).u32(0);
  out.u16(kHeaderSize + 24).u16(size16(token.size())).u64(previous_session_id);
  put_counted(out, token);
}

Result<SessionSetupResponse> SessionSetupResponse::decode(BytesView message) {
  Body body(message, 9, "SESSION_SETUP response");
  SessionSetupResponse out;
  out.flags = body.u16();
  const auto offset = body.u16();
  const auto length = body.u16();
  out.token = body.buffer(offset, length);
  return answer(body, out);
}

void SessionSetupResponse::encode(Writer& out) const {
  out.u16(9).u16(flags).u16(kHeaderSize + 8).u16(size16(token.size())).bytes(token);
}

Result<EmptyBody> EmptyBody::decode(BytesView message) {
  const Body body(message, 4, "empty message");
  EmptyBody out;
  return answer(body, out);
}

void EmptyBody::encode(Writer& out) const { out.u16(4).u16(0); }

Result<TreeConnectRequest> TreeConnectRequest::decode(BytesView message) {
  Body body(message, 9, "TREE_CONNECT request");
  TreeConnectRequest out;
  out.flags = body.u16();
  const auto offset = body.u16();
  const auto length = body.u16();
  out.path = from_utf16(body.buffer(offset, length));
  return answer(body, out);
}

void TreeConnectRequest::encode(Writer& out) const {
  const auto name = to_utf16(path);
  out.u16(9).u16(flags).u16(kHeaderSize + 8).u16(size16(name.size()));
  put_counted(out, name);
}

Result<TreeConnectResponse> TreeConnectResponse::decode(BytesView message) {
  Body body(message, 16, "TREE_CONNECT response");
  TreeConnectResponse out;
  out.share_type = body.u8();
  body.skip(1);
  out.share_flags = body.u32();
  out.capabilities = body.u32();
  out.maximal_access = body.u32();
  return answer(body, out);
}

void TreeConnectResponse::encode(Writer& out) const {
  out.u16(16).u8(share_type).u8(0).u32(share_flags).u32(capabilities).u32(maximal_access);
}

Result<CreateRequest> CreateRequest::decode(BytesView message) {
  Body body(message, 57, "CREATE request");
  CreateRequest out;
  body.skip(1);  // security flags
  out.oplock_level = body.u8();
  out.impersonation_level = body.u32();
  body.skip(16);  // create flags, reserved
  out.desired_access = body.u32();
  out.file_attributes = body.u32();
  out.share_access = body.u32();
  out.disposition = body.u32();
  out.options = body.u32();
  const auto offset = body.u16();
  const auto length = body.u16();
  body.skip(8);  // create contexts
  out.name = from_utf16(body.buffer(offset, length));
  return answer(body, out);
}

void CreateRequest::encode(Writer& out) const {
  const auto encoded_name = to_utf16(name);
  out.u16(57).u8(0).u8(oplock_level).u32(impersonation_level).zeros(16);
  out.u32(desired_access).u32(file_attributes).u32(share_access).u32(disposition).u32(options);
  out.u16(kHeaderSize + 56).u16(size16(encoded_name.size())).zeros(8);
  put_counted(out, encoded_name);
}

Result<CreateResponse> CreateResponse::decode(BytesView message) {
  Body body(message, 89, "CREATE response");
  CreateResponse out;
  out.oplock_level = body.u8();
  body.skip(1);
  out.action = body.u32();
  body.skip(48);  // four times, two sizes
  out.file_attributes = body.u32();
  body.skip(4);
  out.file = body.array<16>();
  body.skip(8);  // create contexts
  return answer(body, out);
}

void CreateResponse::encode(Writer& out) const {
  out.u16(89).u8(oplock_level).u8(0).u32(action).zeros(48).u32(file_attributes).u32(0);
  out.bytes(file).zeros(8);
}

Result<CloseRequest> CloseRequest::decode(BytesView message) {
  Body body(message, 24, "CLOSE request");
  CloseRequest out;
  out.flags = body.u16();
  body.skip(4);
  out.file = body.array<16>();
  return answer(body, out);
}

void CloseRequest::encode(Writer& out) const { out.u16(24).u16(flags).u32(0).bytes(file); }

Result<CloseResponse> CloseResponse::decode(BytesView message) {
  Body body(message, 60, "CLOSE response");
  CloseResponse out;
  out.flags = body.u16();
  body.skip(4 + 48);  // reserved, four times, two sizes
  out.file_attributes = body.u32();
  return answer(body, out);
}

void CloseResponse::encode(Writer& out) const {
  out.u16(60).u16(flags).zeros(4 + 48).u32(file_attributes);
}

Result<FlushRequest> FlushRequest::decode(BytesView message) {
  Body body(message, 24, "FLUSH request");
  FlushRequest out;
  body.skip(6);
  out.file = body.array<16>();
  return answer(body, out);
}

void FlushRequest::encode(Writer& out) const { out.u16(24).zeros(6).bytes(file); }

Result<ReadRequest> ReadRequest::decode(BytesView message) {
  Body body(message, 49, "READ request");
  ReadRequest out;
  body.skip(2);  // padding, flags
  out.length = body.u32();
  out.offset = body.u64();
  out.file = body.array<16>();
  out.minimum_count = body.u32();
  body.skip(12);  // channel, remaining bytes, channel info
  return answer(body, out);
}

void ReadRequest::encode(Writer& out) const {
  out.u16(49).u8(kHeaderSize + 16).u8(0).u32(length).u64(offset).bytes(file);
  out.u32(minimum_count).zeros(12);
  put_counted(out, {});
}

Result<ReadResponse> ReadResponse::decode(BytesView message) {
  Body body(message, 17, "READ response");
  ReadResponse out;
  const auto offset = body.u8();
  body.skip(1);
  const auto length = body.u32();
  out.remaining = body.u32();
  body.skip(4);
  out.data = body.buffer(offset, length);
  return answer(body, out);
}

void ReadResponse::encode(Writer& out) const {
  out.u16(17).u8(kHeaderSize + 16).u8(0).u32(size32(data.size())).u32(remaining).u32(0);
  out.bytes(data);
}

Result<WriteRequest> WriteRequest::decode(BytesView message) {
  Body body(message, 49, "WRITE request");
  WriteRequest out;
  const auto data_offset = body.u16();
  const auto length = body.u32();
  out.offset = body.u64();
  out.file = body.array<16>();
  body.skip(12);  // channel, remaining bytes, channel info
  out.flags = body.u32();
  out.data = body.buffer(data_offset, length);
  return answer(body, out);
}

void WriteRequest::encode(Writer& out) const {
  out.u16(49).u16(kHeaderSize + 48).u32(size32(data.size())).u64(offset).bytes(file);
  out.zeros(12).u32(flags);
  put_counted(out, data);
}

Result<WriteResponse> WriteResponse::decode(BytesView message) {
  Body body(message, 17, "WRITE response");
  WriteResponse out;
  body.skip(2);
  out.count = body.u32();
  body.skip(8);  // remaining, channel info
  return answer(body, out);
}

void WriteResponse::encode(Writer& out) const { out.u16(17).u16(0).u32(count).zeros(8); }

Result<IoctlRequest> IoctlRequest::decode(BytesView message) {
  Body body(message, 57, "IOCTL request");
  IoctlRequest out;
  body.skip(2);
  out.code = body.u32();
  out.file = body.array<16>();
  const auto offset = body.u32();
  const auto length = body.u32();
  out.max_input = body.u32();
  body.skip(8);  // output offset and count: a request has no output
  out.max_output = body.u32();
  out.flags = body.u32();
  body.skip(4);
  out.input = body.buffer(offset, length);
  return answer(body, out);
}

void IoctlRequest::encode(Writer& out) const {
  out.u16(57).u16(0).u32(code).bytes(file).u32(kHeaderSize + 56).u32(size32(input.size()));
  out.u32(max_input).zeros(8).u32(max_output).u32(flags).u32(0);
  put_counted(out, input);
}

Result<IoctlResponse> IoctlResponse::decode(BytesView message) {
  Body body(message, 49, "IOCTL response");
  IoctlResponse out;
  body.skip(2);
  out.code = body.u32();
  out.file = body.array<16>();
  body.skip(8);  // input offset and count: Windows counts an input that is not there
  const auto offset = body.u32();
  const auto length = body.u32();
  out.flags = body.u32();
  body.skip(4);
  out.output = body.buffer(offset, length);
  return answer(body, out);
}

void IoctlResponse::encode(Writer& out) const {
  out.u16(49).u16(0).u32(code).bytes(file).u32(kHeaderSize + 48).u32(0);
  out.u32(kHeaderSize + 48).u32(size32(output.size())).u32(flags).u32(0).bytes(output);
}

Result<QueryInfoRequest> QueryInfoRequest::decode(BytesView message) {
  Body body(message, 41, "QUERY_INFO request");
  QueryInfoRequest out;
  out.type = body.u8();
  out.info_class = body.u8();
  out.output_length = body.u32();
  const auto offset = body.u16();
  body.skip(2);
  const auto length = body.u32();
  out.additional = body.u32();
  out.flags = body.u32();
  out.file = body.array<16>();
  out.input = body.buffer(offset, length);
  return answer(body, out);
}

void QueryInfoRequest::encode(Writer& out) const {
  out.u16(41).u8(type).u8(info_class).u32(output_length).u16(kHeaderSize + 40).u16(0);
  out.u32(size32(input.size())).u32(additional).u32(flags).bytes(file);
  put_counted(out, input);
}

Result<QueryInfoResponse> QueryInfoResponse::decode(BytesView message) {
  Body body(message, 9, "QUERY_INFO response");
  QueryInfoResponse out;
  const auto offset = body.u16();
  const auto length = body.u32();
  out.data = body.buffer(offset, length);
  return answer(body, out);
}

void QueryInfoResponse::encode(Writer& out) const {
  out.u16(9).u16(kHeaderSize + 8).u32(size32(data.size())).bytes(data);
}

Result<ErrorResponse> ErrorResponse::decode(BytesView message) {
  Body body(message, 9, "error response");
  ErrorResponse out;
  body.skip(2);  // context count, reserved
  const auto length = body.u32();
  out.data = body.buffer(kHeaderSize + 8, length);
  return answer(body, out);
}

void ErrorResponse::encode(Writer& out) const {
  out.u16(9).u16(0).u32(size32(data.size()));
  put_counted(out, data);
}

}  // namespace tocsin::smb2
