#include "net/mqtt_client.h"

#include <utility>

#include "net/mqtt_batch.h"
#include "net/mqtt_engine.h"
#include "net/mqtt_handover.h"

namespace tocsin::net {
namespace {

/// However the call ends, nothing of it is sent from then on.
struct Ending {
  MqttBatch& batch;
  ~Ending() { batch.end(); }
};

}  // namespace

MqttClient::MqttClient(Executor executor, MqttSettings settings)
    : executor_(std::move(executor)),
      login_(settings.login),
      login_wanted_(executor_),
      login_ended_(executor_),
      warned_(executor_),
      engine_(std::make_unique<MqttEngine>(
          std::move(settings), MqttHandover::Senders{.wants_login = login_wanted_.sender(),
                                                     .login_ended = login_ended_.sender(),
                                                     .warned = warned_.sender()})) {}
MqttClient::~MqttClient() = default;

void MqttClient::open() { engine_->open(); }

awaitable<void> MqttClient::run() {
  while (login_) {
    co_await login_wanted_.event().wait();
    login_wanted_.event().reset();
    if (!engine_->handover().wants_login()) continue;
    for (;;) {
      const auto leave = co_await login_->enter();
      if (leave) break;
      engine_->deny_login(leave.error());
      co_await login_->wait();
    }
    login_ended_.event().reset();
    engine_->grant_login();
    for (;;) {
      co_await login_ended_.event().wait();
      login_ended_.event().reset();
      if (const auto ended = engine_->handover().take_login_end()) {
        login_->conclude(ended->outcome, ended->reason);
        break;
      }
    }
  }
}

awaitable<std::string> MqttClient::warning() {
  for (;;) {
    co_await warned_.event().wait();
    warned_.event().reset();
    if (auto warning = engine_->handover().take_warning()) co_return *std::move(warning);
  }
}

awaitable<std::vector<Result<std::string>>> MqttClient::publish(std::vector<MqttMessage> messages,
                                                                Deadline deadline) {
  if (messages.empty()) co_return std::vector<Result<std::string>>{};
  Signal signal(executor_);
  const auto batch = std::make_shared<MqttBatch>(std::move(messages), signal.sender());
  const Ending ending{*batch};
  engine_->add(batch);
  co_await signal.event().wait_until(deadline);
  batch->end();
  co_return batch->take_results(engine_->handover().trouble());
}

awaitable<Result<std::string>> MqttClient::connect(Deadline deadline) {
  Signal signal(executor_);
  const auto batch = std::make_shared<MqttBatch>(std::vector<MqttMessage>(), signal.sender());
  const Ending ending{*batch};
  engine_->add(batch);
  co_await signal.event().wait_until(deadline);
  co_return batch->take_connection(engine_->handover().trouble());
}

}  // namespace tocsin::net
