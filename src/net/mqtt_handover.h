// What the two threads of MqttClient leave for each other: the loop's and the engine's.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/login_guard.h"
#include "net/mqtt_batch.h"
#include "net/signal.h"

namespace tocsin::net {

class MqttHandover {
 public:
  /// Sent when the loop is to look at wants_login(), take_login_end() and take_warning().
  struct Senders {
    Signal::Sender wants_login;
    Signal::Sender login_ended;
    Signal::Sender warned;
  };
  struct LoginEnd {
    LoginOutcome outcome = LoginOutcome::unknown;
    std::string reason;
  };
  using Batches = std::vector<std::shared_ptr<MqttBatch>>;

  /// `trouble`: why there is no connection yet.
  MqttHandover(Senders senders, std::string trouble);

  // From the loop's thread; the engine must be woken after what changes something.

  /// From here on a connection is wanted, not only for batches.
  void open();
  void close();
  void add(std::shared_ptr<MqttBatch> batch);
  /// Whether the engine waits for the leave to log in.
  [[nodiscard]] bool wants_login();
  void grant_login();
  /// It must not log in now: what is to be sent meanwhile fails.
  void deny_login(const Error& error);
  /// How the login ended that was granted.
  [[nodiscard]] std::optional<LoginEnd> take_login_end();
  [[nodiscard]] std::optional<std::string> take_warning();
  /// Why a call that has got no answer has got none.
  [[nodiscard]] Error trouble();

  // From the engine's thread.

  /// Nothing when the engine is to end.
  [[nodiscard]] std::optional<Batches> take_arrivals();
  [[nodiscard]] bool is_open();
  /// Whether the engine may log in now; false: nobody has decided yet. The error of deny_login().
  [[nodiscard]] Result<bool> ask_for_login();
  /// Of a login that was not granted it says nothing.
  void login_ended(LoginOutcome outcome, const std::string& reason);
  void warn(std::string warning);
  void set_trouble(std::string trouble);

 private:
  enum class Leave : std::uint8_t { none, wanted, granted };

  const Senders senders_;
  std::mutex mutex_;
  Batches arrivals_;
  bool open_ = false;
  bool closing_ = false;
  Leave leave_ = Leave::none;
  std::optional<Error> denial_;
  std::optional<LoginEnd> login_end_;
  std::optional<std::string> warning_;
  std::string trouble_;
};

}  // namespace tocsin::net
