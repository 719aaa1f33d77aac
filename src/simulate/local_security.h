// The few questions of the Local Security Authority that `net rpc` asks before it comes to the
// point. [MS-LSAD]
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "wire/dcerpc/client.h"
#include "wire/dcerpc/pdu.h"

namespace tocsin::simulate {

/// 12345778-1234-abcd-ef00-0123456789ab version 0
inline constexpr dcerpc::SyntaxId kLocalSecurityInterface{
    {0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89,
     0xab},
    0};

class LocalSecurity {
 public:
  explicit LocalSecurity(std::string computer) : computer_(std::move(computer)) {}

  /// Opens the policy (opnums 6 and 44), tells the account domain (opnum 7, level 5), closes (0).
  [[nodiscard]] std::expected<Bytes, dcerpc::FaultStatus> call(std::uint16_t opnum,
                                                               BytesView stub) const;

 private:
  [[nodiscard]] Bytes account_domain() const;

  std::string computer_;
};

}  // namespace tocsin::simulate
