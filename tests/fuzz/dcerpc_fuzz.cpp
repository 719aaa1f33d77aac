// RPC fragments: what decodes encodes to something that decodes alike; a server survives them, and
// so does a client that puts its reply together from them.
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <utility>
#include <vector>

#include "wire/dcerpc/pdu.h"
#include "wire/dcerpc/reply.h"
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

/// The input as the fragments of a reply behind a byte, each behind one that tells its length.
/// Those that must come after the first are read at the same time.
void put_together(BytesView input) {
  Reader in(input);
  dcerpc::ReplyStub reply(in.u8());
  const auto next = [&] { return dcerpc::parse_pdu(in.bytes(in.u8())); };
  for (bool whole = false; !whole && in.remaining() > 0;) {
    const auto fragment = next();
    if (!fragment) return;
    const auto added = reply.add(*fragment);
    if (!added) return;
    whole = *added;
    std::vector<dcerpc::Pdu> more;
    for (auto left = whole ? 0 : reply.fragments_to_come(); left > 0; left--) {
      auto one = next();
      if (!one) return;
      more.push_back(*std::move(one));
    }
    if (more.empty()) continue;
    const auto ended = reply.add_unordered(std::move(more));
    if (!ended) return;
    whole = *ended;
  }
  if (reply.take().size() > input.size()) std::abort();
}

/// The input as messages, each behind a byte that tells its length.
void serve(BytesView input) {
  // One that is never answered, one that is answered at the next call, and one at once.
  std::vector<dcerpc::Answer> late;
  const auto call = [&](std::uint16_t opnum, BytesView stub, const dcerpc::Answer& answer) {
    for (const auto& due : std::exchange(late, {})) due(Bytes(5000));
    if (opnum == 1) late.push_back(answer);
    if (opnum == 0) answer(to_bytes(stub));
    if (opnum > 2) answer(std::unexpected(dcerpc::kOpnumOutOfRange));
  };
  dcerpc::Server server("\\PIPE\\svcctl", {{.id = svcctl::kInterface, .call = call}});
  Reader in(input);
  while (in.remaining() > 0) {
    const auto size = in.u8();
    server.write(in.bytes(size));
    while (server.state() == smb2::PipeEnd::State::readable) server.read(1000);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(data, size);
  round_trip(input);
  put_together(input);
  serve(input);
  return 0;
}
