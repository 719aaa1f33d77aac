#include "wire/smb2/message.h"

#include "base/try.h"

namespace tocsin::smb2 {
namespace {

constexpr std::uint32_t kProtocolId = 0x424D53FE;  // FE 'S' 'M' 'B'

}  // namespace

Result<Header> Header::decode(BytesView message) {
  FieldReader in(message);
  const auto protocol = in.u32();
  const auto size = in.u16();
  Header header;
  header.fields(in);
  TRY(in.finish("SMB2 header"));
  if (protocol != kProtocolId || size != kHeaderSize)
    return fail(ErrorKind::malformed, "not an SMB2 message");
  return header;
}

void Header::encode(Writer& out) const {
  out.u32(kProtocolId).u16(kHeaderSize);
  FieldWriter io(out);
  fields(io);
}

}  // namespace tocsin::smb2
