// NTSTATUS codes: those that the protocol acts on, and what any of them means to a person.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace tocsin::smb2 {

/// [MS-ERREF] 2.3.1; any other value may come from the wire.
enum class Status : std::uint32_t {
  success = 0,
  pending = 0x00000103,
  buffer_overflow = 0x80000005,
  not_implemented = 0xC0000002,
  invalid_info_class = 0xC0000003,
  invalid_parameter = 0xC000000D,
  invalid_device_request = 0xC0000010,
  more_processing_required = 0xC0000016,
  access_denied = 0xC0000022,
  object_name_not_found = 0xC0000034,
  logon_failure = 0xC000006D,
  insufficient_resources = 0xC000009A,
  pipe_busy = 0xC00000AE,
  pipe_disconnected = 0xC00000B0,
  not_supported = 0xC00000BB,
  network_name_deleted = 0xC00000C9,
  bad_network_name = 0xC00000CC,
  cancelled = 0xC0000120,
  file_closed = 0xC0000128,
  fs_driver_required = 0xC000019C,
  user_session_deleted = 0xC0000203,
  network_session_expired = 0xC000035C,
};

/// The failure as a sentence, its kind, and the code as `native`. Kinds: denied (logon and rights),
/// not_found, unreachable (the server closed session, share or pipe), rate_limited (busy),
/// timed_out, unsupported; rejected for every code that is not in the table.
[[nodiscard]] Error to_error(Status status);
/// The same for the answer to SESSION_SETUP, where "access denied" has a cause of its own: no
/// rights are checked yet, but the name that the host is called by may be. login_refused in place
/// of denied.
[[nodiscard]] Error to_logon_error(Status status);

}  // namespace tocsin::smb2
