// What a client of a pretend host meets behind SMB: logins and named pipes. No I/O.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/names.h"
#include "base/random.h"
#include "simulate/host_model.h"
#include "wire/smb2/server.h"

namespace tocsin::simulate {

/// The one account that may log in, of the host itself or of any domain.
struct Account {
  std::string user;
  Secret password;
};

/// With logins and pipes filled in. `host` and `clock` must outlive the servers.
[[nodiscard]] smb2::ServerOptions make_server_options(HostModel& host, const Account& account,
                                                      const Clock& clock, const RandomFill& random);

/// "svcctl" and "lsarpc"; null for any other name.
[[nodiscard]] std::unique_ptr<smb2::PipeEnd> open_pipe(HostModel& host, const std::string& name);

}  // namespace tocsin::simulate
