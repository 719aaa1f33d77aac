// What a client of a pretend host meets behind SMB: logins and named pipes. No I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/names.h"
#include "base/random.h"
#include "simulate/host_model.h"
#include "simulate/mischief.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/server.h"

namespace tocsin::simulate {

/// The one account that may log in, of the host itself or of any domain. It may change at any time:
/// the next login meets it as it is then.
struct Account {
  std::string user;
  Secret password;
  std::uint32_t refusal = 0;  ///< NTSTATUS for every login of any user; 0: the password decides
  std::function<void(const ntlm::Logon&)> on_logon{};
};

/// With logins and the pipes "svcctl" and "lsarpc" filled in. `host`, `account` and `clock` must
/// outlive the servers.
[[nodiscard]] smb2::ServerOptions make_server_options(HostModel& host, const Account& account,
                                                      const Clock& clock, const RandomFill& random,
                                                      Behaviour behaviour = {});

}  // namespace tocsin::simulate
