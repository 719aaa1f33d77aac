#include "net/mqtt_handover.h"

#include <utility>

namespace tocsin::net {

MqttHandover::MqttHandover(Senders senders, std::string trouble)
    : senders_(std::move(senders)), trouble_(std::move(trouble)) {}

void MqttHandover::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

void MqttHandover::close() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
}

void MqttHandover::add(std::shared_ptr<MqttBatch> batch) {
  const std::lock_guard lock(mutex_);
  arrivals_.push_back(std::move(batch));
}

bool MqttHandover::wants_login() {
  const std::lock_guard lock(mutex_);
  return leave_ == Leave::wanted;
}

void MqttHandover::grant_login() {
  const std::lock_guard lock(mutex_);
  leave_ = Leave::granted;
  denial_.reset();
}

void MqttHandover::deny_login(const Error& error) {
  const std::lock_guard lock(mutex_);
  denial_ = error;
  trouble_ = error.what;
}

std::optional<MqttHandover::LoginEnd> MqttHandover::take_login_end() {
  const std::lock_guard lock(mutex_);
  return std::exchange(login_end_, std::nullopt);
}

std::optional<std::string> MqttHandover::take_warning() {
  const std::lock_guard lock(mutex_);
  return std::exchange(warning_, std::nullopt);
}

Error MqttHandover::trouble() {
  const std::lock_guard lock(mutex_);
  return {ErrorKind::timed_out, trouble_, {}};
}

std::optional<MqttHandover::Batches> MqttHandover::take_arrivals() {
  const std::lock_guard lock(mutex_);
  if (closing_) return std::nullopt;
  return std::exchange(arrivals_, {});
}

bool MqttHandover::is_open() {
  const std::lock_guard lock(mutex_);
  return open_;
}

Result<bool> MqttHandover::ask_for_login() {
  const std::lock_guard lock(mutex_);
  if (leave_ == Leave::granted) return true;
  if (std::exchange(leave_, Leave::wanted) == Leave::none) senders_.wants_login.send();
  if (denial_) return std::unexpected(*denial_);
  return false;
}

void MqttHandover::login_ended(LoginOutcome outcome, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(leave_, Leave::none) != Leave::granted) return;
  login_end_ = {.outcome = outcome, .reason = reason};
  senders_.login_ended.send();
}

void MqttHandover::warn(std::string warning) {
  const std::lock_guard lock(mutex_);
  warning_ = std::move(warning);
  senders_.warned.send();
}

void MqttHandover::set_trouble(std::string trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

}  // namespace tocsin::net
