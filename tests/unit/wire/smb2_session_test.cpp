// The client against the server, in every combination that they can negotiate.
#include <tuple>

#include <gtest/gtest.h>

#include "kit/smb2_peers.h"
#include "wire/smb2/message.h"

namespace tocsin::smb2 {
namespace {

using crypto::Cipher;
using kit::PasswordInitiator;
using kit::Wire;

struct Combination {
  Dialect dialect;
  Cipher cipher = Cipher::none;
  SigningAlgorithm signing = SigningAlgorithm::aes_cmac;
};

class EveryCombination : public testing::TestWithParam<Combination> {};

TEST_P(EveryCombination, MovesMessagesThroughAPipe) {
  const auto [dialect, cipher, signing] = GetParam();
  ClientOptions options{
      .server_name = "host", .dialects = {dialect}, .ciphers = {}, .signing = {signing}};
  if (cipher != Cipher::none) options.ciphers = {cipher};
  Wire wire(kit::echo_host(kit::login_key(32)));
  Client client(options, kit::counting_random());
  Port port;
  auto initiator = std::make_unique<PasswordInitiator>("secret", kit::login_key(32));
  auto login = wire.run(port, client.login(port, std::move(initiator)));
  ASSERT_TRUE(login) << login.error().what;
  EXPECT_EQ(client.dialect(), dialect);
  EXPECT_EQ(client.encrypted(), cipher != Cipher::none);

  auto pipe = wire.run(port, client.open_pipe(port, "echo"));
  ASSERT_TRUE(pipe) << pipe.error().what;
  for (const std::size_t size : {1U, 24U, 4280U, 65536U}) {
    const Bytes message(size, 0x5A);
    EXPECT_EQ(wire.run(port, client.transceive(port, *pipe, message)), message);
  }
  const auto message = to_bytes(as_bytes("written"));
  EXPECT_TRUE(wire.run(port, client.write(port, *pipe, message)));
  EXPECT_EQ(wire.run(port, client.read(port, *pipe)), message);
  EXPECT_TRUE(wire.run(port, client.close_pipe(port, *pipe)));
  EXPECT_TRUE(wire.run(port, client.logoff(port)));
}

std::vector<Combination> combinations() {
  std::vector<Combination> all{{.dialect = Dialect::smb2_1}};
  for (const auto dialect : {Dialect::smb3_0, Dialect::smb3_0_2})
    for (const auto cipher : {Cipher::none, Cipher::aes128_ccm}) all.push_back({dialect, cipher});
  for (const auto cipher : {Cipher::none, Cipher::aes128_ccm, Cipher::aes128_gcm,
                            Cipher::aes256_ccm, Cipher::aes256_gcm})
    for (const auto signing :
         {SigningAlgorithm::hmac_sha256, SigningAlgorithm::aes_cmac, SigningAlgorithm::aes_gmac})
      all.push_back({Dialect::smb3_1_1, cipher, signing});
  return all;
}

std::string name_of(const testing::TestParamInfo<Combination>& info) {
  const auto& [dialect, cipher, signing] = info.param;
  return "Dialect" + std::to_string(static_cast<int>(dialect)) + "Cipher" +
         std::to_string(static_cast<int>(cipher)) + "Signing" +
         std::to_string(static_cast<int>(signing));
}

INSTANTIATE_TEST_SUITE_P(Smb2, EveryCombination, testing::ValuesIn(combinations()), name_of);

}  // namespace
}  // namespace tocsin::smb2
