// The thread behind MqttClient: connects, sends, and says goodbye.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/broker_lookup.h"
#include "net/mqtt_batch.h"
#include "net/mqtt_client.h"
#include "net/mqtt_connection.h"
#include "net/mqtt_handover.h"
#include "net/mqtt_presence_doubts.h"
#include "net/mqtt_rival.h"
#include "net/mqtt_suspects.h"
#include "net/poller.h"
#include "net/thread_pool.h"

namespace tocsin::net {

/// Public members are for the loop's thread, the others for its own.
class MqttEngine {
 public:
  MqttEngine(MqttSettings settings, MqttHandover::Senders senders);
  /// As MqttClient's.
  ~MqttEngine();
  MqttEngine(const MqttEngine&) = delete;
  MqttEngine& operator=(const MqttEngine&) = delete;

  void open();
  void add(std::shared_ptr<MqttBatch> batch);
  void grant_login();
  void deny_login(const Error& error);
  [[nodiscard]] MqttHandover& handover() { return handover_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Queued {
    std::shared_ptr<MqttBatch> batch;
    std::size_t index;
  };
  struct InFlight {
    std::shared_ptr<MqttBatch> batch;  ///< null: our own words
    std::size_t index;
    std::string topic;
    MqttQos qos;
    Clock::time_point sent;
    std::uint64_t number;
  };

  void start();
  void run();
  [[nodiscard]] bool take_arrivals();
  [[nodiscard]] bool is_wanted();
  [[nodiscard]] std::chrono::milliseconds patience() const;

  [[nodiscard]] bool may_log_in();
  void fail_waiting(const Error& error);
  void start_attempt();
  void looked_up(Result<BrokerLookup::Addresses> found);
  void connect_next();
  void attempt_failed(const Error& error);
  void drive(Poller::Ready ready);
  void accepted(const MqttConnection::Accepted& terms);
  void refused(const MqttConnection::Refused& refusal, const Error& error);
  void acknowledged(MqttConnection::Acknowledgement acknowledgement);
  void lost(Error error, MqttEnd how);
  void note_rival(MqttEnd how, Clock::duration lasted);
  void check_time();
  void retreat();

  void send();
  [[nodiscard]] bool send_first();
  bool transmit(const MqttMessage& message, std::shared_ptr<MqttBatch> batch, std::size_t index);
  void announce(const std::string& what);
  void say_goodbye();

  const MqttSettings settings_;
  const std::string peer_;
  const std::shared_ptr<Poller> poller_ = std::make_shared<Poller>();
  MqttHandover handover_;
  bool started_ = false;

  // The thread's:
  std::deque<Queued> queue_;
  MqttHandover::Batches greeters_;     ///< who only wants a connection
  std::map<int, InFlight> in_flight_;  ///< by the number of the packet
  std::uint64_t sent_ = 0;
  bool alone_ = false;  ///< what is in flight is a suspect
  MqttSuspects suspects_;
  MqttRival rival_;
  MqttPresenceDoubts presence_;
  BrokerLookup lookup_;
  std::deque<std::string> addresses_;
  std::unique_ptr<MqttConnection> connection_;
  bool ready_ = false;
  bool proven_ = false;            ///< the broker has acknowledged something on this connection
  Clock::time_point unproven_at_;  ///< when what it does not acknowledge was last written to it
  std::size_t window_ = 0;
  Clock::time_point attempt_end_;
  Clock::time_point ready_since_;
  Clock::time_point next_attempt_ = Clock::time_point::min();
  unsigned failures_ = 0;                            ///< to stay connected, in a row
  std::minstd_rand random_{std::random_device{}()};  // NOLINT(bugprone-random-generator-seed)

  ThreadPool thread_{"mqtt", 1};  ///< last, so that it is joined first
};

}  // namespace tocsin::net
