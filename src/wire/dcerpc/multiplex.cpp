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

/// For a coroutine: to be awaited once it has been begun.
class Multiplex::Call final : public Waiter {
 public:
  Call() : Waiter(Patience::answered_soon) {}

  [[nodiscard]] bool await_ready() const noexcept { return outcome_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { waiting_ = waiting; }
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): set before the coroutine goes on
  Result<std::vector<Bytes>> await_resume() { return *std::move(outcome_); }

 private:
  void end(Result<std::vector<Bytes>> fragments) override {
    outcome_ = std::move(fragments);
    if (waiting_) waiting_.resume();
  }

  std::coroutine_handle<> waiting_;
  std::optional<Result<std::vector<Bytes>>> outcome_;
};

void Multiplex::Waiter::leave() {
  auto* const of = std::exchange(of_, nullptr);
  if (of != nullptr) of->calls_.at(id_).waiter = nullptr;
}

void Multiplex::end(Waiter* waiter, Result<std::vector<Bytes>> fragments) {
  if (waiter == nullptr) return;
  waiter->of_ = nullptr;
  waiter->end(std::move(fragments));
}

Conversation<bool> Multiplex::begin(Port& port, std::uint32_t call_id, std::vector<Bytes> request,
                                    Waiter& waiter) {
  waiter.leave();
  if (must_wait()) co_await turns_.wait();
  if (failure_) {
    end(&waiter, std::unexpected(*failure_));
    co_return false;
  }
  waiter.of_ = this;
  waiter.id_ = call_id;
  calls_.insert_or_assign(call_id, Entry{.waiter = &waiter, .patience = waiter.patience_});
  if (waiter.patience_ == Patience::for_days) patient_++;
  // The read comes behind the request, so that the reply may be there already; but it does not wait
  // for the request to be taken.
  std::vector<Conversation<Result<>>> steps;
  steps.reserve(2);
  steps.push_back(write(port, std::move(request)));
  steps.push_back(begin_reading(port));
  for (const auto& step : co_await all(std::move(steps)))
    if (!step) fail_all(step.error());
  co_return !failure_;
}

Conversation<Result<std::vector<Bytes>>> Multiplex::exchange(Port& port, std::uint32_t call_id,
                                                             std::vector<Bytes> request) {
  Call call;
  (void)co_await begin(port, call_id, std::move(request), call);
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
    std::erase_if(readers_, [](const auto& reader) { return reader.done(); });
    if (readers_.size() < readers_.capacity() / 4) readers_.shrink_to_fit();
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
  TRY(found->second.add(std::move(fragment)));
  if (!last) return {};
  auto call = std::move(calls_.extract(found).mapped());
  if (call.patience == Patience::for_days) patient_--;
  end(call.waiter, std::move(call.fragments));
  let_the_next_begin();
  return {};
}

void Multiplex::let_the_next_begin() {
  while (calls_.empty() && turns_.size() > 0) turns_.wake_first();
}

Result<> Multiplex::Entry::add(Bytes fragment) {
  if (waiter == nullptr) return {};
  size += fragment.size();
  if (size > kMostReply)
    return fail(ErrorKind::malformed, "an RPC reply is longer than any call allows");
  fragments.push_back(std::move(fragment));
  return {};
}

void Multiplex::fail_all(const Error& error) {
  failure_ = error;
  patient_ = 0;
  while (!calls_.empty())
    end(calls_.extract(calls_.begin()).mapped().waiter, std::unexpected(error));
  let_the_next_begin();  // and fail
}

}  // namespace tocsin::dcerpc
