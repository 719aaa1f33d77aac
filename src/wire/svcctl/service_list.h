// The buffer of an enumeration. [MS-SCMR] 2.2.11, 2.2.12
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/svcctl/messages.h"

namespace tocsin::svcctl {

/// One service of an enumeration: ENUM_SERVICE_STATUSW (2.2.11), whose process id is 0, or
/// ENUM_SERVICE_STATUS_PROCESSW (2.2.12). Names are UTF-16LE without terminator, in bytes that
/// belong to somebody else.
struct EnumServiceStatus {
  BytesView service_name;
  BytesView display_name;
  ServiceStatusProcess status;
};

/// The bytes of a name as a key: services that a host spells alike compare and hash alike, with no
/// conversion. Another case is another key: fold (base/text.h) where that matters.
[[nodiscard]] inline std::string_view name_key(BytesView utf16) {
  return {reinterpret_cast<const char*>(utf16.data()), utf16.size()};
}

enum class EnumLayout : std::uint8_t { status = 36, status_process = 44 };  ///< bytes of a record

/// The records of an enumeration's buffer. malformed: an offset, a length or the count lies outside
/// what is possible.
[[nodiscard]] Result<std::vector<EnumServiceStatus>> parse_services(BytesView buffer,
                                                                    std::size_t count,
                                                                    EnumLayout layout);
/// Bytes that one service takes in a buffer.
[[nodiscard]] std::size_t encoded_size(const EnumServiceStatus& service, EnumLayout layout);
/// As Windows lays it out: records, then a gap, strings packed downwards from the end. Throws when
/// `size` does not suffice.
[[nodiscard]] Bytes encode_services(std::span<const EnumServiceStatus> services, EnumLayout layout,
                                    std::size_t size);

}  // namespace tocsin::svcctl
