// Any bytes as each token of SPNEGO: what decodes survives encoding, and neither end of a login
// minds what it is told.
#include <cstdlib>

#include "wire/ntlm/ntlm.h"
#include "wire/spnego/tokens.h"

namespace {

using namespace tocsin;

template <typename Token>
void go_there_and_back(BytesView input, Result<Token> (*decode)(BytesView)) {
  const auto token = decode(input);
  if (token && decode(encode(*token)).value() != *token) std::abort();
}

void fill(std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, std::uint8_t{7}); }

std::unique_ptr<wire::Initiator> make_client() {
  return ntlm::make_initiator(ntlm::make_credentials("u", Secret("p")), fill, Time{}, "cifs/host");
}
std::unique_ptr<wire::Acceptor> make_server() {
  return ntlm::make_acceptor({.computer = "HOST",
                              .domain = "HOST",
                              .dns_computer = "host",
                              .dns_domain = "host",
                              .password_of = [](const std::string&) { return Secret("p"); }},
                             fill);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView input(data, size);
  go_there_and_back(input, spnego::decode_init);
  go_there_and_back(input, spnego::decode_resp);

  // The input as the token of each turn, and as all that follow.
  for (int turns = 0; turns < 3; turns++) {
    const auto client = make_client();
    const auto server = make_server();
    auto token = server->hint();
    for (int turn = 0; turn < turns; turn++)
      token = server->step(client->step(token).value()).value();
    for (int again = 0; again < 2; again++) {
      (void)client->step(input);
      (void)server->step(input);
    }
    // One token cannot be both the challenge and the end of a login.
    if (turns < 2 && client->complete()) std::abort();
  }
  return 0;
}
