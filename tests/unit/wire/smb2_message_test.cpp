// Frames and codecs: what is encoded decodes to the same, and nothing outside a message is read.
#include <set>

#include <gmock/gmock.h>

#include "wire/smb2/frame.h"
#include "wire/smb2/message.h"
#include "wire/smb2/negotiate.h"
#include "wire/smb2/status.h"

namespace tocsin::smb2 {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr FileId kFile{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

template <typename Body>
Bytes encode(const Body& body) {
  Writer out;
  Header{}.encode(out);
  body.encode(out);
  return std::move(out).take();
}

/// What was encoded, decoded and encoded again is the same; cut short anywhere it is an error that
/// names the message, or - when only padding is gone - still the same.
template <typename Body>
void expect_round_trip(const Body& body, std::string_view name) {
  const auto bytes = encode(body);
  const auto decoded = Body::decode(bytes);
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(to_hex(encode(*decoded)), to_hex(bytes));
  for (std::size_t size = 0; size < bytes.size(); size++) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto cut = Body::decode(part);
    if (cut) {
      EXPECT_EQ(to_hex(encode(*cut)), to_hex(bytes)) << size;
    } else {
      EXPECT_EQ(cut.error().kind, ErrorKind::malformed);
      EXPECT_NE(cut.error().what.find(name), std::string::npos) << cut.error().what;
    }
  }
  auto wrong = bytes;
  wrong[kHeaderSize]++;
  EXPECT_EQ(Body::decode(wrong).error().what, std::string(name) + " has a wrong structure size");
}

TEST(Smb2Message, RoundTrips) {
  const auto data = to_bytes(as_bytes("some data"));
  expect_round_trip(SessionSetupRequest{.flags = 1,
                                        .security_mode = 2,
                                        .capabilities = 3,
                                        .previous_session_id = 4,
                                        .token = data},
                    "SESSION_SETUP request");
  expect_round_trip(SessionSetupResponse{.flags = 4, .token = data}, "SESSION_SETUP response");
  expect_round_trip(SessionSetupResponse{}, "SESSION_SETUP response");
  expect_round_trip(EmptyBody{}, "empty message");
  expect_round_trip(TreeConnectRequest{.flags = 1, .path = "\\\\höst\\IPC$"},
                    "TREE_CONNECT request");
  expect_round_trip(
      TreeConnectResponse{
          .share_type = 2, .share_flags = 0x8000, .capabilities = 1, .maximal_access = 7},
      "TREE_CONNECT response");
  expect_round_trip(CreateRequest{.oplock_level = 1,
                                  .impersonation_level = 2,
                                  .desired_access = 3,
                                  .file_attributes = 4,
                                  .share_access = 5,
                                  .disposition = 6,
                                  .options = 7,
                                  .name = "svcctl"},
                    "CREATE request");
  expect_round_trip(
      CreateResponse{.oplock_level = 1, .action = 2, .file_attributes = 3, .file = kFile},
      "CREATE response");
  expect_round_trip(CloseRequest{.flags = 1, .file = kFile}, "CLOSE request");
  expect_round_trip(CloseResponse{.flags = 1, .file_attributes = 2}, "CLOSE response");
  expect_round_trip(FlushRequest{.file = kFile}, "FLUSH request");
  expect_round_trip(ReadRequest{.length = 1, .offset = 2, .file = kFile, .minimum_count = 3},
                    "READ request");
  expect_round_trip(ReadResponse{.data = data, .remaining = 1}, "READ response");
  expect_round_trip(WriteRequest{.offset = 1, .file = kFile, .flags = 2, .data = data},
                    "WRITE request");
  expect_round_trip(WriteResponse{.count = 9}, "WRITE response");
  expect_round_trip(IoctlRequest{.code = kFsctlPipeTransceive,
                                 .file = kFile,
                                 .input = data,
                                 .max_input = 1,
                                 .max_output = 2},
                    "IOCTL request");
  expect_round_trip(IoctlResponse{.code = 1, .file = kFile, .output = data, .flags = 2},
                    "IOCTL response");
  expect_round_trip(QueryInfoRequest{.type = 1,
                                     .info_class = 5,
                                     .output_length = 24,
                                     .additional = 1,
                                     .flags = 2,
                                     .file = kFile,
                                     .input = data},
                    "QUERY_INFO request");
  expect_round_trip(QueryInfoResponse{.data = data}, "QUERY_INFO response");
  expect_round_trip(ErrorResponse{.data = data}, "error response");
  expect_round_trip(ErrorResponse{}, "error response");
}

TEST(Smb2Message, NegotiationsRoundTrip) {
  const auto salt = to_bytes(as_bytes("salt"));
  NegotiateRequest request{.security_mode = 3,
                           .capabilities = 0x44,
                           .client_guid = kFile,
                           .dialects = {Dialect::smb2_1, Dialect::smb3_1_1}};
  request.contexts = {.preauth = PreauthIntegrity{.hashes = {kHashSha512}, .salt = salt},
                      .ciphers = {{crypto::Cipher::aes128_gcm, crypto::Cipher::aes128_ccm}},
                      .signing = {{SigningAlgorithm::aes_gmac}},
                      .net_name = "host"};
  auto bytes = encode(request);
  auto decoded = NegotiateRequest::decode(bytes);
  ASSERT_TRUE(decoded) << decoded.error().what;
  EXPECT_EQ(to_hex(encode(*decoded)), to_hex(bytes));
  EXPECT_EQ(decoded->contexts.net_name, "host");
  EXPECT_EQ(decoded->contexts.ciphers, request.contexts.ciphers);
  for (std::size_t size = 0; size < bytes.size(); size++)
    EXPECT_FALSE(NegotiateRequest::decode(BytesView(bytes).first(size))) << size;

  NegotiateResponse response{.security_mode = 3,
                             .dialect = Dialect::smb3_1_1,
                             .server_guid = kFile,
                             .capabilities = 7,
                             .max_transact = 1,
                             .max_read = 2,
                             .max_write = 3,
                             .system_time = 4,
                             .start_time = 5,
                             .token = salt,
                             .contexts = request.contexts};
  bytes = encode(response);
  auto answered = NegotiateResponse::decode(bytes);
  ASSERT_TRUE(answered) << answered.error().what;
  EXPECT_EQ(to_hex(encode(*answered)), to_hex(bytes));
  for (std::size_t size = 0; size < bytes.size(); size++)
    EXPECT_FALSE(NegotiateResponse::decode(BytesView(bytes).first(size))) << size;
}

TEST(Smb2Message, AContextMayStandThereOnce) {
  NegotiateRequest request{.dialects = {Dialect::smb3_1_1}};
  request.contexts.ciphers = {{crypto::Cipher::aes128_gcm}};
  request.contexts.signing = {{SigningAlgorithm::aes_gmac}};
  auto bytes = encode(request);
  ASSERT_TRUE(NegotiateRequest::decode(bytes));
  // Each of the two contexts has 12 bytes; the second begins at the next multiple of 8.
  bytes[bytes.size() - 12] = bytes[bytes.size() - 28];
  EXPECT_EQ(NegotiateRequest::decode(bytes).error().what, "a negotiate context stands there twice");
}

TEST(Smb2Message, BuffersOutsideOfTheMessageAreRefused) {
  const auto data = to_bytes(as_bytes("0123456789"));
  const auto expect_refused = [](BytesView bytes) {
    EXPECT_EQ(IoctlResponse::decode(bytes).error().what, "IOCTL response points outside of itself");
  };
  constexpr std::size_t kOffset = kHeaderSize + 32;
  constexpr std::size_t kLength = kHeaderSize + 36;
  for (const std::uint32_t offset : {0U, 64U, 111U, 113U, 122U, 0x80000000U, 0xFFFFFFFFU}) {
    Writer out;
    out.bytes(encode(IoctlResponse{.output = data}));
    out.patch_u32(kOffset, offset);
    expect_refused(out.view());
  }
  for (const std::uint32_t length : {11U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    Writer out;
    out.bytes(encode(IoctlResponse{.output = data}));
    out.patch_u32(kLength, length);
    expect_refused(out.view());
  }
  // Windows leaves nonsense in the offset of a buffer that is empty.
  Writer out;
  out.bytes(encode(IoctlResponse{}));
  out.patch_u32(kOffset, 0xFFFFFFFF);
  EXPECT_TRUE(IoctlResponse::decode(out.view()));
}

TEST(Smb2Message, ErrorBodiesHaveEightOrNineBytes) {
  const auto bytes = encode(ErrorResponse{});
  EXPECT_EQ(bytes.size(), kHeaderSize + 9);
  EXPECT_TRUE(ErrorResponse::decode(bytes));
  EXPECT_TRUE(ErrorResponse::decode(BytesView(bytes).first(kHeaderSize + 8)));
}

TEST(Smb2Message, HeadersRoundTrip) {
  for (const std::uint32_t flags : {0U, kFlagResponse | kFlagAsync}) {
    Header header{.credit_charge = 1,
                  .status = Status::pending,
                  .command = Command::ioctl,
                  .credits = 2,
                  .flags = flags,
                  .next_command = 3,
                  .message_id = 4,
                  .session_id = 7};
    header.signature.fill(8);
    if (flags == 0) {
      header.tree_id = 5;
    } else {
      header.async_id = 5;
    }
    Writer out;
    header.encode(out);
    ASSERT_EQ(out.size(), kHeaderSize);
    const auto decoded = Header::decode(out.view());
    ASSERT_TRUE(decoded);
    Writer again;
    decoded->encode(again);
    EXPECT_EQ(to_hex(again.view()), to_hex(out.view()));
    EXPECT_EQ(decoded->tree_id + decoded->async_id, 5);
  }
  EXPECT_EQ(Header::decode(Bytes(63)).error().what, "SMB2 header is cut short");
  EXPECT_EQ(Header::decode(Bytes(64)).error().what, "not an SMB2 message");
}

TEST(Smb2Frame, LengthsRoundTripUpToTheLimit) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{0x1234}, kMostMessage})
    EXPECT_EQ(parse_frame_header(frame_header(size)), size);
  EXPECT_EQ(parse_frame_header(frame_header(kMostMessage + 1)).error().what,
            "frame of 1048577 bytes is too long");
  EXPECT_EQ(parse_frame_header(as_bytes("HTTP")).error().what, "not an SMB frame");
  EXPECT_EQ(parse_frame_header(Bytes(3)).error().what, "frame header is cut short");
}

TEST(Smb2Status, TellsWhatAnAdministratorCanDoSomethingAbout) {
  const auto error = to_error(Status::logon_failure);
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(error.what,
            "logon failure: wrong user name or password; correct them in the configuration");
  EXPECT_EQ(error.native, 0xC000006D);
  EXPECT_EQ(to_error(Status::object_name_not_found).kind, ErrorKind::not_found);
  EXPECT_EQ(to_error(Status::access_denied).kind, ErrorKind::denied);
  EXPECT_EQ(to_error(Status::user_session_deleted).kind, ErrorKind::unreachable);
  const auto unknown = to_error(static_cast<Status>(0xC0ABCDEF));
  EXPECT_EQ(unknown.kind, ErrorKind::rejected);
  EXPECT_EQ(unknown.what, "the server answers NTSTATUS 0xc0abcdef");
}

TEST(Smb2Status, EveryRefusedLogonHasASentenceOfItsOwnThatSaysWhatToDo) {
  std::set<std::string> sentences;
  for (const std::uint32_t code : {0xC0000022, 0xC0000064, 0xC000006A, 0xC000006D, 0xC000006E,
                                   0xC000006F, 0xC0000070, 0xC0000071, 0xC0000072, 0xC000015B,
                                   0xC0000193, 0xC0000224, 0xC0000234, 0xC0000413, 0xC0000418}) {
    const auto error = to_logon_error(static_cast<Status>(code));
    EXPECT_EQ(error.kind, ErrorKind::login_refused) << error.what;
    EXPECT_EQ(error.native, code);
    EXPECT_THAT(error.what, StartsWith("logon failure: "));
    EXPECT_THAT(error.what, HasSubstr("; ")) << "what to do stands behind what happened";
    EXPECT_TRUE(sentences.insert(error.what).second) << error.what;
  }
  EXPECT_THAT(to_logon_error(static_cast<Status>(0xC0000234)).what, HasSubstr("locked out"));
}

TEST(Smb2Status, TellsACheckedNameFromMissingRights) {
  EXPECT_THAT(to_logon_error(Status::access_denied).what, HasSubstr("SrvAllowedServerNames"));
  EXPECT_EQ(to_error(Status::access_denied).what, "access denied");
}

}  // namespace
}  // namespace tocsin::smb2
