#include "simulate/local_security.h"

#include "base/text.h"
#include "wire/dcerpc/ndr.h"

namespace tocsin::simulate {
namespace {

constexpr std::uint16_t kClose = 0;
constexpr std::uint16_t kOpenPolicy = 6;
constexpr std::uint16_t kQueryInformationPolicy = 7;
constexpr std::uint16_t kOpenPolicy2 = 44;

constexpr std::uint16_t kPolicyAccountDomain = 5;
constexpr std::uint32_t kStatusSuccess = 0;
constexpr std::uint32_t kStatusInvalidParameter = 0xc000000d;

Bytes handle_answer(std::uint8_t number) {
  Bytes handle(20);
  handle[4] = number;
  ndr::Writer out;
  out.bytes(handle).u32(kStatusSuccess);
  return std::move(out).take();
}

}  // namespace

std::expected<Bytes, dcerpc::FaultStatus> LocalSecurity::call(std::uint16_t opnum,
                                                              BytesView stub) const {
  ndr::Reader in(stub);
  switch (opnum) {
    case kOpenPolicy:
    case kOpenPolicy2:
      return handle_answer(1);
    case kClose:
      return handle_answer(0);
    case kQueryInformationPolicy: {
      (void)in.array<20>();
      if (in.u16() == kPolicyAccountDomain) return account_domain();
      ndr::Writer out;
      out.null().u32(kStatusInvalidParameter);
      return std::move(out).take();
    }
    default:
      return std::unexpected(dcerpc::kOpnumOutOfRange);
  }
}

/// POLICY_ACCOUNT_DOMAIN_INFO ([MS-LSAD] 2.2.4.6): the computer's name, and S-1-5-21-1-2-3.
Bytes LocalSecurity::account_domain() const {
  const auto name = to_utf16(computer_);
  const auto count = static_cast<std::uint32_t>(name.size() / 2);
  ndr::Writer out;
  out.pointer().u16(kPolicyAccountDomain);
  out.u16(0);
  out.u16(static_cast<std::uint16_t>(name.size())).u16(static_cast<std::uint16_t>(name.size()));
  out.pointer().pointer();
  out.u32(count).u32(0).u32(count).bytes(name);
  constexpr std::uint8_t kSid[] = {1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0,
                                   1, 0, 0, 0, 2, 0, 0, 0, 3,  0, 0, 0};
  out.u32(4).bytes(kSid).u32(kStatusSuccess);
  return std::move(out).take();
}

}  // namespace tocsin::simulate
