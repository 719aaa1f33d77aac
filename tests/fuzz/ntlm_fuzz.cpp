// Any bytes as each message of NTLM: what decodes survives encoding, and neither end of a login
// minds what it is told.
#include <cstdlib>

#include "wire/ntlm/client.h"
#include "wire/ntlm/messages.h"
#include "wire/ntlm/server.h"

namespace {

using namespace tocsin;
using namespace tocsin::ntlm;

template <typename Message>
void go_there_and_back(BytesView input, Result<Message> (*decode)(BytesView)) {
  const auto message = decode(input);
  if (message && decode(encode(*message)).value() != *message) std::abort();
}

void fill(std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, std::uint8_t{7}); }

Client make_client() {
  return {{.domain = ".", .user = "u", .password = Secret("p")}, fill, Time{}, "cifs/host"};
}
Server make_server() {
  return {{.computer = "HOST",
           .domain = "HOST",
           .dns_computer = "host",
           .dns_domain = "host",
           .password_of = [](const std::string&) { return Secret("p"); }},
          fill};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(data, size);
  go_there_and_back(input, decode_negotiate);
  go_there_and_back(input, decode_challenge);
  go_there_and_back(input, decode_authenticate);
  go_there_and_back(input, decode_client_challenge);
  go_there_and_back(input, decode_av_pairs);

  auto client = make_client();
  const auto negotiate = client.step({}).value();
  // A short challenge must not make us say much.
  if (const auto answer = client.step(input); answer && answer->size() > size + 1024) std::abort();
  auto server = make_server();
  (void)server.step(input);
  server = make_server();
  (void)server.step(negotiate).value();
  (void)server.step(input);
  return 0;
}
