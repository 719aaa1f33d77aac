// What a negotiation settles besides the cipher (crypto.h): dialect and signing algorithm.
#pragma once

#include <cstdint>

#include "wire/crypto.h"

namespace tocsin::smb2 {

enum class Dialect : std::uint16_t {
  smb2_1 = 0x0210,
  smb3_0 = 0x0300,
  smb3_0_2 = 0x0302,
  smb3_1_1 = 0x0311
};

enum class SigningAlgorithm : std::uint16_t {  ///< [MS-SMB2] 2.2.3.1.7
  hmac_sha256 = 0,
  aes_cmac = 1,
  aes_gmac = 2
};

struct Negotiated {
  Dialect dialect = Dialect::smb2_1;
  SigningAlgorithm signing = SigningAlgorithm::hmac_sha256;
  crypto::Cipher cipher = crypto::Cipher::none;
};

}  // namespace tocsin::smb2
