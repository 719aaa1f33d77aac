#include "probe/smb/smb_pipe.h"

#include <string>
#include <utility>

#include "base/try.h"

namespace tocsin::probe {

Conversation<Result<>> SmbPipe::open(Port& port) {
  CO_TRY(const auto pipe, co_await smb_.open_pipe(port, std::string(svcctl::kPipe)));
  pipe_ = pipe;
  rpc_.emplace(smb_, pipe);
  CO_TRY(calls_ == dcerpc::Calls::any_number
             ? co_await rpc_->bind_multiplexed(port, svcctl::kInterface)
             : co_await rpc_->bind_patient(port, svcctl::kInterface));
  scm_ = svcctl::Client(*rpc_, scm_.traits());
  co_return Result<>{};
}

Conversation<Result<>> SmbPipe::close(Port& port) {
  if (!pipe_) co_return Result<>{};
  co_return co_await smb_.close_pipe(port, *std::exchange(pipe_, std::nullopt));
}

}  // namespace tocsin::probe
