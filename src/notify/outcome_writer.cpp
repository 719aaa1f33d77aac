#include "notify/outcome_writer.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace tocsin::notify {
namespace {

/// One transaction's worth: enough that the sync to the disk is a small share.
constexpr std::size_t kBatch = 1000;
constexpr Duration kLongestWait = std::chrono::minutes(1);

}  // namespace

OutcomeWriter::OutcomeWriter(net::Executor executor, Outbox& outbox, Observer& observer,
                             Options options)
    : outbox_(outbox), observer_(observer), options_(options), more_(std::move(executor)) {}

void OutcomeWriter::add(store::DeliveryUpdate update) {
  waiting_.push_back(std::move(update));
  if (waiting_.size() > options_.most) waiting_.pop_front();
  more_.set();
}

net::awaitable<void> OutcomeWriter::run() {
  const Backoff backoff{.first = options_.first_wait, .longest = kLongestWait};
  for (unsigned failures = 0;;) {
    co_await more_.wait();
    const auto written = co_await write_batch();
    if (!written) {
      observer_.storage_failed(written.error(), waiting());
      co_await net::sleep_for(backoff.after(++failures));
      continue;
    }
    if (std::exchange(failures, 0) > 0) observer_.storage_recovered();
    if (waiting_.empty()) more_.reset();
  }
}

net::awaitable<void> OutcomeWriter::flush() {
  while (waiting() > 0) {
    const auto written = co_await write_batch();
    if (!written) {
      observer_.storage_failed(written.error(), waiting());
      co_return;
    }
  }
}

/// A batch that fails, or whose writing is cancelled, stays and is written next.
net::awaitable<Result<>> OutcomeWriter::write_batch() {
  if (batch_.empty()) {
    const auto end =
        waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(kBatch, waiting_.size()));
    batch_.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  auto written = co_await outbox_.update(batch_);
  if (written) batch_.clear();
  co_return written;
}

}  // namespace tocsin::notify
