#include "wire/dcerpc/multiplex.h"

#include <algorithm>
#include <utility>

#include "base/try.h"
#include "wire/dcerpc/pdu.h"
#include "wire/dcerpc/reply.h"
#include "wire/smb2/status.h"

namespace tocsin::dcerpc {
namespace {

/// The read was not begun: too many are.
bool is_one_too_many(const Error& error) {
  return error.native == std::to_underlying(smb2::Status::insufficient_resources);
}

}  // namespace

/// One that somebody waits for; in the table for as long as that is so.
class Multiplex::Call {
 public:
  Call(Multiplex& of, std::uint32_t id, Patience patience) : of_(of), id_(id) {
    of_.calls_.insert_or_assign(id, Entry{.call = this, .patience = patience});
    if (patience == Patience::for_days) of_.patient_++;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    // Its reply will come all the same.
    if (const auto found = of_.calls_.find(id_); !ended_ && found != of_.calls_.end())
      found->second.call = nullptr;
  }

  // To be awaited until it has ended.
  [[nodiscard]] bool await_ready() const noexcept { return ended_; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { waiting_ = waiting; }
  Result<std::vector<Bytes>> await_resume() {
    if (error_) return std::unexpected(*std::move(error_));
    return std::move(fragments_);
  }

  /// malformed
  Result<> add(Bytes fragment) {
    size_ += fragment.size();
    if (size_ > kMostReply)
      return fail(ErrorKind::malformed, "an RPC reply is longer than any call allows");
    fragments_.push_back(std::move(fragment));
    return {};
  }
  /// When it is no longer in the table.
  void end(std::optional<Error> error = {}) {
    error_ = std::move(error);
    ended_ = true;
    if (waiting_) waiting_.resume();
  }

 private:
  Multiplex& of_;
  std::uint32_t id_;
  std::coroutine_handle<> waiting_;
  std::vector<Bytes> fragments_;
  std::size_t size_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
};

Conversation<Result<std::vector<Bytes>>> Multiplex::exchange(Port& port, std::uint32_t call_id,
                                                             std::vector<Bytes> request,
                                                             Patience patience) {
  if (failure_) co_return std::unexpected(*failure_);
  Call call(*this, call_id, patience);
  // The read comes behind the request, so that the reply may be there already; but it does not wait
  // for the request to be taken.
  std::vector<Conversation<Result<>>> steps;
  steps.reserve(2);
  steps.push_back(write(port, std::move(request)));
  steps.push_back(begin_reading(port));
  for (const auto& step : co_await all(std::move(steps)))
    if (!step) fail_all(step.error());
  co_return co_await call;
}

Conversation<Result<>> Multiplex::write(Port& port, std::vector<Bytes> fragments) {
  for (auto& fragment : fragments) {
    CO_TRY(co_await transport_.write(port, pipe_, std::move(fragment)));
  }
  co_return Result<>{};
}

std::size_t Multiplex::wanted_reads() const {
  const auto soon = calls_.size() - patient_;
  return std::min(most_reads_, std::max<std::size_t>(soon, calls_.empty() ? 0 : 1));
}

Conversation<Result<>> Multiplex::begin_reading(Port& port) {
  std::erase_if(readers_, [](const auto& reader) { return reader.done(); });
  while (reads_ < wanted_reads() && !failure_) {
    reads_++;
    readers_.push_back(read(port));
    readers_.back().start();
  }
  co_return Result<>{};
}

Conversation<bool> Multiplex::read(Port& port) {
  for (;; reads_++) {
    auto fragment = co_await transport_.read(port, pipe_);
    reads_--;
    if (!fragment && is_one_too_many(fragment.error()) && reads_ > 0) {
      most_reads_ = reads_;
      co_return true;
    }
    auto delivered = fragment ? deliver(*std::move(fragment))
                              : Result<>(std::unexpected(std::move(fragment).error()));
    if (!delivered) fail_all(delivered.error());
    if (failure_ || reads_ >= wanted_reads()) co_return true;
  }
}

Result<> Multiplex::deliver(Bytes fragment) {
  TRY(const auto header, parse_header(fragment));
  if (header.fragment_length != fragment.size())
    return fail(ErrorKind::malformed, "an RPC fragment is not as long as it says");
  const auto found = calls_.find(header.call_id);
  if (found == calls_.end()) return fail(ErrorKind::malformed, "an RPC reply to another call");
  const bool last = (header.flags & kLastFragment) != 0;
  if (!last && (header.flags & kFirstFragment) == 0 && reads_ > 0)
    return fail(ErrorKind::malformed, "the fragments of an RPC reply cannot be put in order");
  auto* call = found->second.call;
  if (call != nullptr) {
    TRY(call->add(std::move(fragment)));
  }
  if (!last) return {};
  if (found->second.patience == Patience::for_days) patient_--;
  calls_.erase(found);
  if (call != nullptr) call->end();
  return {};
}

void Multiplex::fail_all(const Error& error) {
  failure_ = error;
  patient_ = 0;
  while (!calls_.empty()) {
    auto* call = calls_.extract(calls_.begin()).mapped().call;
    if (call != nullptr) call->end(error);
  }
}

}  // namespace tocsin::dcerpc
