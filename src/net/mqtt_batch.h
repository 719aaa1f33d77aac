// What one call of MqttClient wants: the loop's thread waits for it, the engine's works it off.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/mqtt_client.h"
#include "net/signal.h"

namespace tocsin::net {

/// From any thread.
class MqttBatch {
 public:
  /// Without messages it asks only for a connection. `done` is sent when it is over.
  MqttBatch(std::vector<MqttMessage> wanted, Signal::Sender done);

  const std::vector<MqttMessage> messages;

  /// The outcome of one message.
  void settle(std::size_t index, Result<std::string> result);
  /// There is a connection, as it was asked for.
  void finish(std::string connection);
  /// Whatever has no outcome yet fails for this reason.
  void fail(const Error& error);
  /// Nothing of it is sent from now on, however the call ends.
  void end();
  [[nodiscard]] bool is_over();

  /// The outcome of every message; `otherwise`: why there is none, where nothing else is known.
  [[nodiscard]] std::vector<Result<std::string>> take_results(const Error& otherwise);
  [[nodiscard]] Result<std::string> take_connection(const Error& otherwise);

 private:
  const Signal::Sender done_;

  std::mutex mutex_;
  std::vector<std::optional<Result<std::string>>> results_;
  std::size_t open_;
  std::optional<Error> failure_;
  std::optional<std::string> connection_;
  bool over_ = false;  ///< nobody waits, or nothing is left to do
};

}  // namespace tocsin::net
