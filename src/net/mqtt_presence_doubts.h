// Whether a broker lets this client say that it is there. Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace tocsin::net {

/// A broker may close connections over the presence topic, or refuse the login for a last will that
/// it does not allow: alerts are worth more than presence, so it is left out then. Where a login is
/// guarded, it is tried without the last will first: "not authorized" may be said of either, and
/// only a login must not be repeated.
class MqttPresenceDoubts {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Wanted : bool { no, yes };
  enum class Login : bool { free, guarded };

  MqttPresenceDoubts(Wanted wanted, Login login)
      : wanted_(wanted == Wanted::yes), guarded_(login == Login::guarded) {}

  /// Whether presence is to be sent.
  [[nodiscard]] bool is_sent(Time now) const;
  /// Whether it rests because the broker closed connections over it.
  [[nodiscard]] bool is_resting(Time now) const { return now < rests_until_; }

  /// A connection begins; answers whether it leaves a last will.
  [[nodiscard]] bool begin(Time now);
  /// The broker accepts the connection; answers whether to connect once more, with the will.
  [[nodiscard]] bool accepted(Time now);
  /// What a refusal says.
  struct Refusal {
    bool not_authorized;  ///< the login, or the will
    bool login;           ///< so it says of the login
  };
  /// The broker refuses the connection; answers whether it refuses a guarded login.
  [[nodiscard]] bool refused(const Refusal& refusal);
  void acknowledged() { drops_ = 0; }
  /// A connection on which nothing was acknowledged has ended. Presence is the first on each, so
  /// what the broker closes over it never shows that others pass. What ends without it `in_flight`
  /// ends for another reason.
  void dropped(bool in_flight, Time now);

  /// So many connections that end over presence, one after the other, and it rests.
  static constexpr int kDrops = 2;
  static constexpr std::chrono::hours kRest{1};

 private:
  enum class Will : std::uint8_t { untried, sent, accepted };

  bool wanted_;
  bool guarded_;
  bool refused_ = false;
  bool login_proven_ = false;
  Will will_ = Will::untried;
  int drops_ = 0;  ///< connections in a row that ended with it in flight
  Time rests_until_ = Time::min();
};

}  // namespace tocsin::net
