// The KRB-ERROR by which a host refuses a ticket (RFC 4120, 5.9.1; framed as RFC 4121, 4.1). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace tocsin::kerberos {

struct HostRefusal {
  std::uint32_t code = 0;  ///< error-code, e.g. 37 KRB_AP_ERR_SKEW
  Time host_time{};        ///< stime
};

/// Nothing: the token is something else, or broken.
[[nodiscard]] std::optional<HostRefusal> read_host_refusal(BytesView token);
/// In words, for the service "cifs/node1". denied, with the code.
[[nodiscard]] Error describe_host_refusal(const HostRefusal& refusal, const std::string& service,
                                          Time now);

}  // namespace tocsin::kerberos
