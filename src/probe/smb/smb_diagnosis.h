// Why a host can or cannot be watched over SMB.
#pragma once

#include "net/async.h"
#include "probe/diagnosis.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {

/// Over a session of its own, with one login at most. Every step is there once.
[[nodiscard]] net::awaitable<Diagnosis> diagnose_over_smb(SmbSession::Environment environment,
                                                          net::Deadline deadline);

}  // namespace tocsin::probe
