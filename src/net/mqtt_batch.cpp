#include "net/mqtt_batch.h"

#include <utility>

namespace tocsin::net {

MqttBatch::MqttBatch(std::vector<MqttMessage> wanted, Signal::Sender done)
    : messages(std::move(wanted)),
      done_(std::move(done)),
      results_(messages.size()),
      open_(messages.size()) {}

void MqttBatch::settle(std::size_t index, Result<std::string> result) {
  const std::lock_guard lock(mutex_);
  if (over_) return;
  results_[index] = std::move(result);
  if (--open_ > 0) return;
  over_ = true;
  done_.send();
}

void MqttBatch::finish(std::string connection) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(over_, true)) return;
  connection_ = std::move(connection);
  done_.send();
}

void MqttBatch::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(over_, true)) return;
  failure_ = error;
  done_.send();
}

void MqttBatch::end() {
  const std::lock_guard lock(mutex_);
  over_ = true;
}

bool MqttBatch::is_over() {
  const std::lock_guard lock(mutex_);
  return over_;
}

std::vector<Result<std::string>> MqttBatch::take_results(const Error& otherwise) {
  const std::lock_guard lock(mutex_);
  const auto& failure = failure_ ? *failure_ : otherwise;
  std::vector<Result<std::string>> results;
  results.reserve(results_.size());
  for (auto& result : results_)
    results.push_back(result ? *std::move(result) : std::unexpected(failure));
  return results;
}

Result<std::string> MqttBatch::take_connection(const Error& otherwise) {
  const std::lock_guard lock(mutex_);
  if (!connection_) return std::unexpected(failure_ ? *failure_ : otherwise);
  return *std::move(connection_);
}

}  // namespace tocsin::net
