// RPC fragments: what decodes encodes to something that decodes alike; a server survives them.
#include <cstdint>
#include <cstdlib>
#include <expected>

#include "wire/dcerpc/pdu.h"
#include "wire/dcerpc/server.h"
#include "wire/svcctl/messages.h"

using namespace tocsin;

namespace {

void round_trip(BytesView input) {
  const auto pdu = dcerpc::parse_pdu(input);
  if (!pdu) return;
  const auto once = dcerpc::encode(*pdu);
  const auto again = dcerpc::parse_pdu(once);
  if (!again || dcerpc::encode(*again) != once) std::abort();
}

/// The input as messages, each behind a byte that tells its length.
void serve(BytesView input) {
  dcerpc::Server server("\\PIPE\\svcctl",
                        {{.id = svcctl::kInterface,
                          .call = [](std::uint16_t opnum,
                                     BytesView stub) -> std::expected<Bytes, dcerpc::FaultStatus> {
                            if (opnum != 0) return std::unexpected(dcerpc::kOpnumOutOfRange);
                            return to_bytes(stub);
                          }}});
  Reader in(input);
  while (in.remaining() > 0) {
    const auto size = in.u8();
    server.write(in.bytes(size));
    while (!server.read(1000).bytes.empty()) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(data, size);
  round_trip(input);
  serve(input);
  return 0;
}
