// Why a host can or cannot be watched over SMB.
#pragma once

#include "base/clock.h"
#include "net/async.h"
#include "probe/diagnosis.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {

/// Over a session of its own, with one login at most, or a second one by NTLM where the host
/// refuses the ticket. Every step is there once.
[[nodiscard]] net::awaitable<Diagnosis> diagnose_over_smb(SmbSession::Environment environment,
                                                          const Clock& clock,
                                                          net::Deadline deadline);

}  // namespace tocsin::probe
