// A pipe to the service manager besides the one of the checks, with a manager of its own.
#pragma once

#include <optional>

#include "base/error.h"
#include "wire/conversation.h"
#include "wire/dcerpc/client.h"
#include "wire/smb2/client.h"
#include "wire/svcctl/client.h"

namespace tocsin::probe {

/// It wakes the conversations that ask over it: none of them may bring about its end.
class SmbPipe {
 public:
  /// `traits`: what is known of the host. `smb` outlives it.
  SmbPipe(smb2::Client& smb, svcctl::HostTraits traits, dcerpc::Calls calls)
      : smb_(smb), calls_(calls), scm_(dcerpc::Client(smb, {}), traits) {}
  SmbPipe(const SmbPipe&) = delete;
  SmbPipe& operator=(const SmbPipe&) = delete;

  /// First. Errors of smb2::Client::open_pipe() and dcerpc::Client::bind...().
  Conversation<Result<>> open(Port& port);
  /// Then. As svcctl::Client says.
  Conversation<Result<>> open_manager(Port& port) { return scm_.open_manager(port); }
  /// The host closes what was opened over it; calls that wait there fail.
  Conversation<Result<>> close(Port& port);

  [[nodiscard]] svcctl::Client& scm() { return scm_; }
  /// What it has learned of the host.
  [[nodiscard]] const svcctl::HostTraits& traits() const { return scm_.traits(); }

 private:
  smb2::Client& smb_;
  dcerpc::Calls calls_;
  std::optional<smb2::Pipe> pipe_;
  std::optional<dcerpc::Client> rpc_;
  svcctl::Client scm_;
};

}  // namespace tocsin::probe
