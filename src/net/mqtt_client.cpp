#include "net/mqtt_client.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <utility>

#include "net/mqtt_connection.h"
#include "net/mqtt_rival.h"
#include "net/mqtt_suspects.h"
#include "net/poller.h"
#include "net/resolver.h"
#include "net/signal.h"
#include "net/thread_pool.h"

namespace tocsin::net {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Saying goodbye: until the last word is acknowledged, and until it is written.
constexpr milliseconds kLastWordLimit(500);
constexpr milliseconds kFarewellLimit(200);
/// A connection that held for so long was a good one, even if nothing was sent on it.
constexpr std::chrono::seconds kProven(10);
/// Packet numbers come again after 65535: none may still be in flight by then.
constexpr std::uint64_t kNumbersAhead = 60'000;
/// So many connections that end over presence, one after the other, and it is left out for a while.
constexpr int kPresenceDrops = 2;
constexpr std::chrono::hours kPresenceRest{1};

/// What one call wants, shared with the loop's thread.
struct Batch {
  Batch(std::vector<MqttMessage> wanted, Signal::Sender sender)
      : messages(std::move(wanted)),
        done(std::move(sender)),
        results(messages.size()),
        open(messages.size()) {}

  const std::vector<MqttMessage> messages;  ///< none: only a connection
  const Signal::Sender done;

  std::mutex mutex;
  std::vector<std::optional<Result<std::string>>> results;
  std::size_t open;
  std::optional<Error> failure;  ///< of all that have no result
  std::string connected;         ///< the answer to connect()
  bool over = false;             ///< nobody waits, or nothing is left to do

  void settle(std::size_t index, Result<std::string> result) {
    const std::lock_guard lock(mutex);
    if (over) return;
    results[index] = std::move(result);
    if (--open > 0) return;
    over = true;
    done.send();
  }
  void finish(std::string connection) {
    const std::lock_guard lock(mutex);
    if (std::exchange(over, true)) return;
    connected = std::move(connection);
    done.send();
  }
  void fail(const Error& error) {
    const std::lock_guard lock(mutex);
    if (std::exchange(over, true)) return;
    failure = error;
    done.send();
  }
  [[nodiscard]] bool is_over() {
    const std::lock_guard lock(mutex);
    return over;
  }
};

/// Looking up the broker's name: on a thread that may hang, and that then keeps only this.
struct Lookup {
  std::mutex mutex;
  std::optional<Result<std::vector<std::string>>> answer;
};

std::string acknowledgement_of(MqttQos qos) {
  switch (qos) {
    case MqttQos::at_most_once:
      return "sent; with QoS 0 the broker does not acknowledge";
    case MqttQos::at_least_once:
      return "acknowledged by the broker";
    case MqttQos::exactly_once:
      return "received by the broker exactly once";
  }
  return "acknowledged";
}

}  // namespace

class MqttClient::Engine {
 public:
  /// Sent when somebody is to look at wants_login(), take_ended() and take_warning().
  struct Senders {
    Signal::Sender wants_login;
    Signal::Sender login_ended;
    Signal::Sender warned;
  };
  Engine(MqttSettings settings, Senders senders)
      : settings_(std::move(settings)),
        senders_(std::move(senders)),
        peer_(settings_.host + ":" + std::to_string(settings_.port)),
        trouble_(peer_ + ": no connection yet") {}
  ~Engine() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    poller_->wake();
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
      start();
    }
    poller_->wake();
  }
  void add(std::shared_ptr<Batch> batch) {
    {
      const std::lock_guard lock(mutex_);
      arrivals_.push_back(std::move(batch));
      start();
    }
    poller_->wake();
  }
  /// Whether it waits for the leave to log in.
  [[nodiscard]] bool wants_login() {
    const std::lock_guard lock(mutex_);
    return leave_ == Leave::wanted;
  }
  void grant_login() {
    {
      const std::lock_guard lock(mutex_);
      leave_ = Leave::granted;
      denial_.reset();
    }
    poller_->wake();
  }
  /// It must not log in now: what is to be sent meanwhile fails.
  void deny_login(const Error& error) {
    {
      const std::lock_guard lock(mutex_);
      denial_ = error;
      trouble_ = error.what;
    }
    poller_->wake();
  }
  struct Ended {
    LoginOutcome outcome = LoginOutcome::unknown;
    std::string reason;
  };
  /// How the login ended that was granted.
  [[nodiscard]] std::optional<Ended> take_ended() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ended_, std::nullopt);
  }
  [[nodiscard]] std::optional<std::string> take_warning() {
    const std::lock_guard lock(mutex_);
    return std::exchange(warning_, std::nullopt);
  }
  /// Why a call that has got no answer has got none.
  [[nodiscard]] Error trouble() {
    const std::lock_guard lock(mutex_);
    return {ErrorKind::timed_out, trouble_, {}};
  }

 private:
  struct Queued {
    std::shared_ptr<Batch> batch;
    std::size_t index;
  };
  struct InFlight {
    std::shared_ptr<Batch> batch;  ///< null: our own words
    std::size_t index;
    std::string topic;
    MqttQos qos;
    Clock::time_point sent;
    std::uint64_t number;
  };

  enum class Leave : std::uint8_t { none, wanted, granted };

  /// The thread, once it is needed; under the mutex.
  void start() {
    if (!std::exchange(started_, true)) thread_.submit([this] { run(); });
  }
  void run();
  [[nodiscard]] bool take_arrivals();
  [[nodiscard]] bool is_wanted();
  [[nodiscard]] milliseconds patience() const;

  [[nodiscard]] bool may_log_in();
  void login_ended(LoginOutcome outcome, const std::string& reason);
  void fail_waiting(const Error& error);
  void start_attempt();
  void take_addresses();
  void lookup_failed(const Error& error);
  void connect_to_known();
  void connect_next();
  void attempt_failed(const Error& error);
  void drive(Poller::Ready ready);
  void accepted(const MqttConnection::Accepted& terms);
  void connect_with_will();
  void refused(const MqttConnection::Refused& refusal, const Error& error);
  void acknowledged(MqttConnection::Acknowledgement acknowledgement);
  void lost(Error error, MqttEnd how);
  void note_rival(MqttEnd how, std::chrono::steady_clock::duration after, bool in_flight);
  void doubt_presence(bool in_flight, Error& error);
  void check_time();
  void retreat();

  void send();
  [[nodiscard]] bool send_first();
  [[nodiscard]] bool wants_presence() const {
    return !settings_.presence.topic.empty() && !presence_refused_ &&
           Clock::now() >= presence_rests_until_;
  }
  bool transmit(const MqttMessage& message, std::shared_ptr<Batch> batch, std::size_t index);
  void announce(const std::string& what);
  void say_goodbye();
  void set_trouble(std::string trouble);

  const MqttSettings settings_;
  const Senders senders_;
  const std::string peer_;
  /// Shared with lookups, which may outlive this.
  std::shared_ptr<Poller> poller_ = std::make_shared<Poller>();

  std::mutex mutex_;
  std::vector<std::shared_ptr<Batch>> arrivals_;
  bool open_ = false;
  bool closing_ = false;
  bool started_ = false;
  Leave leave_ = Leave::none;
  std::optional<Error> denial_;
  std::optional<Ended> ended_;
  std::optional<std::string> warning_;

  // The thread's:
  std::deque<Queued> queue_;
  std::vector<std::shared_ptr<Batch>> greeters_;  ///< who only wants a connection
  std::map<int, InFlight> in_flight_;             ///< by the number of the packet
  std::uint64_t sent_ = 0;
  bool alone_ = false;  ///< what is in flight is a suspect
  MqttSuspects suspects_;
  MqttRival rival_;
  std::shared_ptr<Lookup> lookup_;
  std::vector<std::string> known_addresses_;  ///< what the last good lookup found
  ThreadPool::Ticket lookup_ticket_;
  std::deque<std::string> addresses_;
  std::unique_ptr<MqttConnection> connection_;
  bool ready_ = false;
  bool presence_refused_ = false;
  bool proven_ = false;     ///< the broker has acknowledged something on this connection
  bool unproven_ = false;   ///< what it will not acknowledge was sent behind that
  int presence_drops_ = 0;  ///< connections in a row that ended with it in flight
  Clock::time_point presence_rests_until_ = Clock::time_point::min();
  // Where a login is guarded, it is tried without the last will first: "not authorized" may be said
  // of either, and only a login must not be repeated.
  enum class Will : std::uint8_t { untried, sent, accepted };
  Will will_ = Will::untried;
  bool login_proven_ = false;
  std::size_t window_ = 0;
  Clock::time_point attempt_end_;
  Clock::time_point ready_since_;
  Clock::time_point next_attempt_ = Clock::time_point::min();
  unsigned failures_ = 0;                            ///< to stay connected, in a row
  std::minstd_rand random_{std::random_device{}()};  // NOLINT(bugprone-random-generator-seed)

  std::string trouble_;  ///< under the mutex
  ThreadPool names_{"mqtt-names", 1};
  ThreadPool thread_{"mqtt", 1};  ///< last, so that it is joined first
};

void MqttClient::Engine::run() {
  while (take_arrivals()) {
    const bool is_idle = !connection_ && !lookup_;
    if (is_idle && is_wanted() && Clock::now() >= next_attempt_ && may_log_in()) start_attempt();
    if (lookup_) take_addresses();
    check_time();
    if (ready_) send();
    const auto wish = connection_ ? connection_->waits() : std::nullopt;
    const auto ready = poller_->wait(wish, patience());
    if (connection_) drive(ready);
  }
  if (lookup_) names_.abandon(lookup_ticket_);
  if (ready_) say_goodbye();
  connection_.reset();
}

/// False when the client is to end.
bool MqttClient::Engine::take_arrivals() {
  decltype(arrivals_) arrived;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    arrived.swap(arrivals_);
  }
  for (auto& batch : arrived) {
    for (std::size_t i = 0; i < batch->messages.size(); ++i) queue_.push_back({batch, i});
    if (!batch->messages.empty()) continue;
    if (ready_) {
      batch->finish(peer_);
    } else {
      greeters_.push_back(std::move(batch));
    }
  }
  return true;
}

bool MqttClient::Engine::is_wanted() {
  while (!queue_.empty() && queue_.front().batch->is_over()) queue_.pop_front();
  std::erase_if(greeters_, [](const auto& batch) { return batch->is_over(); });
  const std::lock_guard lock(mutex_);
  return open_ || !queue_.empty() || !greeters_.empty();
}

/// How long nothing has to be done if nobody says anything.
milliseconds MqttClient::Engine::patience() const {
  constexpr milliseconds kTick = std::chrono::seconds(1);
  const auto until = [](Clock::time_point time) {
    return std::max(std::chrono::ceil<milliseconds>(time - Clock::now()), milliseconds(0));
  };
  if (ready_) return kTick;
  if (connection_ || lookup_) return std::min(kTick, until(attempt_end_));
  if (next_attempt_ > Clock::now()) return until(next_attempt_);
  return std::chrono::hours(1);
}

/// Asks for the leave to log in where that is needed, and fails what need not wait for it.
bool MqttClient::Engine::may_log_in() {
  if (!settings_.login) return true;
  std::optional<Error> denial;
  {
    const std::lock_guard lock(mutex_);
    if (leave_ == Leave::granted) return true;
    if (std::exchange(leave_, Leave::wanted) == Leave::none) senders_.wants_login.send();
    denial = denial_;
  }
  if (denial) fail_waiting(*denial);
  return false;
}

void MqttClient::Engine::login_ended(LoginOutcome outcome, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(leave_, Leave::none) != Leave::granted) return;
  ended_ = {.outcome = outcome, .reason = reason};
  senders_.login_ended.send();
}

void MqttClient::Engine::fail_waiting(const Error& error) {
  for (const auto& [batch, index] : std::exchange(queue_, {})) batch->fail(error);
  for (const auto& batch : std::exchange(greeters_, {})) batch->fail(error);
}

void MqttClient::Engine::start_attempt() {
  attempt_end_ = Clock::now() + settings_.connect_limit;
  if (auto address = as_address(settings_.host)) {
    addresses_ = {*std::move(address)};
    return connect_next();
  }
  lookup_ = std::make_shared<Lookup>();
  lookup_ticket_ = names_.submit([lookup = lookup_, host = settings_.host, poller = poller_] {
    auto answer = resolve_now(host);
    {
      const std::lock_guard lock(lookup->mutex);
      lookup->answer = std::move(answer);
    }
    poller->wake();
  });
}

void MqttClient::Engine::take_addresses() {
  std::optional<Result<std::vector<std::string>>> answer;
  {
    const std::lock_guard lock(lookup_->mutex);
    answer = std::move(lookup_->answer);
  }
  if (!answer) return;
  if (!*answer) return lookup_failed(answer->error());
  known_addresses_ = **std::move(answer);
  connect_to_known();
}

/// The last known addresses are good until the name is gone.
void MqttClient::Engine::lookup_failed(const Error& error) {
  if (error.kind == ErrorKind::not_found) known_addresses_.clear();
  if (!known_addresses_.empty()) return connect_to_known();
  lookup_.reset();
  attempt_failed(error);
}

void MqttClient::Engine::connect_to_known() {
  lookup_.reset();
  addresses_.assign(known_addresses_.begin(), known_addresses_.end());
  attempt_end_ = Clock::now() + settings_.connect_limit;
  connect_next();
}

/// Each address has an equal share of the time that is left.
void MqttClient::Engine::connect_next() {
  const auto address = addresses_.front();
  addresses_.pop_front();
  const bool testament = wants_presence() && (!settings_.login || login_proven_);
  if (testament && will_ == Will::untried) will_ = Will::sent;
  if (!addresses_.empty()) {
    const auto left = attempt_end_ - Clock::now();
    attempt_end_ = Clock::now() + left / static_cast<int>(addresses_.size() + 1);
  } else {
    attempt_end_ = std::max(attempt_end_, Clock::now() + settings_.connect_limit / 2);
  }
  connection_ = std::make_unique<MqttConnection>(
      settings_, address, testament ? MqttConnection::Will::lost : MqttConnection::Will::none);
  drive({});
}

void MqttClient::Engine::attempt_failed(const Error& error) {
  connection_.reset();
  if (!addresses_.empty()) return connect_next();
  login_ended(LoginOutcome::unknown, {});
  set_trouble(error.what);
  fail_waiting(error);
  retreat();
}

void MqttClient::Engine::retreat() {
  const auto most = settings_.backoff.after(++failures_).count();
  std::uniform_int_distribution<std::int64_t> jitter(rival_.is_suspected() ? most / 2 : 0, most);
  next_attempt_ = Clock::now() + milliseconds(jitter(random_));
}

void MqttClient::Engine::drive(Poller::Ready ready) {
  connection_->drive(ready);
  auto events = connection_->take_events();
  if (events.accepted) accepted(*events.accepted);
  for (auto& acknowledgement : events.acknowledged) acknowledged(std::move(acknowledgement));
  if (!events.ended) return;
  if (ready_) return lost(*events.ended, events.how);
  if (events.refused) refused(*events.refused, *events.ended);
  attempt_failed(*events.ended);
}

/// The broker may refuse only our last will: the alerts are worth more than that.
void MqttClient::Engine::refused(const MqttConnection::Refused& refusal, const Error& error) {
  addresses_.clear();
  const bool may_be_will = refusal.not_authorized && !settings_.presence.topic.empty();
  if (!settings_.login) {
    if (may_be_will) presence_refused_ = !presence_refused_;
  } else if (may_be_will && will_ == Will::sent) {
    presence_refused_ = true;
  } else if (error.kind == ErrorKind::login_refused) {
    login_proven_ = presence_refused_ = false;
    will_ = Will::untried;
    login_ended(LoginOutcome::refused, error.what);
  }
}

void MqttClient::Engine::accepted(const MqttConnection::Accepted& terms) {
  login_ended(LoginOutcome::accepted, {});
  addresses_.clear();
  const bool was_proven = std::exchange(login_proven_, true);
  if (settings_.login && !was_proven && wants_presence()) return connect_with_will();
  if (will_ == Will::sent) will_ = Will::accepted;
  ready_ = true;
  proven_ = unproven_ = false;
  ready_since_ = Clock::now();
  window_ = std::min(settings_.most_in_flight, terms.most_in_flight);
  set_trouble(peer_ + ": no acknowledgement in time");
  announce(settings_.presence.online);
  for (const auto& batch : std::exchange(greeters_, {})) batch->finish(peer_);
}

/// The login is a good one: once more, with the will.
void MqttClient::Engine::connect_with_will() {
  connection_->disconnect();
  connection_.reset();
}

void MqttClient::Engine::acknowledged(MqttConnection::Acknowledgement acknowledgement) {
  const auto found = in_flight_.find(acknowledgement.packet);
  if (found == in_flight_.end()) return;
  auto message = std::move(found->second);
  in_flight_.erase(found);
  alone_ = false;
  proven_ = true;
  unproven_ = message.qos == MqttQos::at_most_once;  // written, which says nothing
  suspects_.acknowledged(message.topic);
  if (!rival_.is_suspected()) failures_ = 0;
  if (!message.batch) {
    presence_drops_ = 0;
    return;
  }
  auto& what = acknowledgement.what;
  if (what) {
    what = acknowledgement_of(message.qos) + (what->empty() ? "" : ", but " + *what);
    if (Clock::now() < presence_rests_until_)
      *what += "; presence is not sent, because the broker closes the connection over its topic " +
               settings_.presence.topic + ": check that this user may write there";
  } else {
    what = std::unexpected(std::move(what).error().in(peer_));
  }
  message.batch->settle(message.index, std::move(what));
}

/// Presence is the first on each connection, so what the broker closes over it never shows that
/// others pass. What ends without it ends for another reason.
void MqttClient::Engine::doubt_presence(bool in_flight, Error& error) {
  if (!in_flight) {
    presence_rests_until_ = Clock::time_point::min();
    return;
  }
  error.what += "; it may be over the presence topic " + settings_.presence.topic;
  if (++presence_drops_ < kPresenceDrops) return;
  presence_drops_ = 0;
  presence_rests_until_ = Clock::now() + kPresenceRest;
}

void MqttClient::Engine::note_rival(MqttEnd how, std::chrono::steady_clock::duration after,
                                    bool in_flight) {
  if (how == MqttEnd::unexplained && (in_flight || unproven_)) how = MqttEnd::other;
  const auto certain = rival_.ended(how, after);
  if (!certain) return;
  const auto what = *certain
                        ? "the broker has closed the connection twice because another program uses"
                        : "the broker closes each connection soon: another program may be using";
  const std::lock_guard lock(mutex_);
  warning_ = peer_ + ": " + what + " the client id " + settings_.client_id +
             ", and each disconnects the other: give one of them another `clientId`";
  senders_.warned.send();
}

/// What is in flight may have arrived or not; whoever sent it decides what follows from that.
void MqttClient::Engine::lost(Error error, MqttEnd how) {
  const auto lasted = Clock::now() - ready_since_;
  note_rival(how, lasted, !in_flight_.empty());
  if (lasted >= kProven && !rival_.is_suspected()) failures_ = 0;
  connection_.reset();
  ready_ = alone_ = false;
  const auto in_flight = std::exchange(in_flight_, {});
  const bool with_presence =
      std::ranges::any_of(in_flight, [](const auto& entry) { return !entry.second.batch; });
  const bool explained = how == MqttEnd::taken_over;
  if (!proven_ && !explained) doubt_presence(with_presence, error);
  set_trouble(error.what);
  std::vector<std::string> topics;
  for (const auto& [packet, message] : in_flight) {
    topics.push_back(message.topic);
    if (message.batch) message.batch->fail(error);
  }
  if (!explained) suspects_.dropped(topics, Clock::now());
  retreat();
}

void MqttClient::Engine::check_time() {
  const auto now = Clock::now();
  if (ready_) {
    const bool hangs = std::ranges::any_of(in_flight_, [&](const auto& entry) {
      return now - entry.second.sent >= settings_.acknowledge_limit;
    });
    if (hangs)
      lost({ErrorKind::timed_out, peer_ + ": the broker acknowledges nothing", {}}, MqttEnd::other);
  } else if ((connection_ || lookup_) && now >= attempt_end_) {
    if (lookup_) {
      names_.abandon(lookup_ticket_);
      return lookup_failed(
          {ErrorKind::timed_out, settings_.host + ": the name server does not answer", {}});
    }
    attempt_failed({ErrorKind::timed_out, peer_ + ": the broker does not answer", {}});
  }
}

void MqttClient::Engine::send() {
  while (ready_ && !queue_.empty() && in_flight_.size() < window_ && !alone_) {
    const bool numbers_left = std::ranges::none_of(in_flight_, [this](const auto& entry) {
      return sent_ - entry.second.number >= kNumbersAhead;
    });
    if (!numbers_left || !send_first()) return;
  }
}

/// False when it has to wait.
bool MqttClient::Engine::send_first() {
  const auto& next = queue_.front();
  const auto& message = next.batch->messages[next.index];
  if (next.batch->is_over()) {
    queue_.pop_front();
    return true;
  }
  if (suspects_.is_guilty(message.topic, Clock::now())) {
    next.batch->settle(next.index,
                       fail(ErrorKind::rate_limited,
                            peer_ + ": the broker closes the connection over this message: check "
                                    "that it allows the topic and the size"));
    queue_.pop_front();
    return true;
  }
  const bool alone = suspects_.must_be_alone(message.topic);
  if (alone && !in_flight_.empty()) return false;
  auto first = std::move(queue_.front());
  queue_.pop_front();
  const auto& content = first.batch->messages[first.index];
  if (transmit(content, std::move(first.batch), first.index)) alone_ = alone;
  // What is written at once may be acknowledged at once.
  drive({});
  return true;
}

/// Whether it is in flight now.
bool MqttClient::Engine::transmit(const MqttMessage& message, std::shared_ptr<Batch> batch,
                                  std::size_t index) {
  auto packet = connection_->publish(message);
  if (!packet) {
    auto error = std::move(packet).error().in(peer_);
    if (!batch) return false;
    if (error.kind == ErrorKind::rejected) {
      batch->settle(index, std::unexpected(std::move(error)));
    } else {
      batch->fail(error);
    }
    return false;
  }
  in_flight_.insert_or_assign(*packet, InFlight{.batch = std::move(batch),
                                                .index = index,
                                                .topic = message.topic,
                                                .qos = message.qos,
                                                .sent = Clock::now(),
                                                .number = sent_++});
  return true;
}

void MqttClient::Engine::announce(const std::string& what) {
  const auto& presence = settings_.presence;
  if (!wants_presence() || suspects_.is_guilty(presence.topic, Clock::now())) return;
  const bool alone = suspects_.must_be_alone(presence.topic);
  if (transmit({.topic = presence.topic, .payload = what, .retain = presence.retain}, nullptr, 0))
    alone_ = alone;
}

/// Within the limits, whatever the broker does.
void MqttClient::Engine::say_goodbye() {
  const auto pump_until = [this](Clock::time_point end, auto done) {
    while (connection_->waits() && !done() && Clock::now() < end) {
      const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
      connection_->drive(poller_->wait(connection_->waits(), left));
      for (const auto& acknowledgement : connection_->take_events().acknowledged)
        in_flight_.erase(acknowledgement.packet);
    }
  };
  announce(settings_.presence.offline);
  pump_until(Clock::now() + kLastWordLimit, [this] { return in_flight_.empty(); });
  if (!connection_->waits()) return;
  connection_->disconnect();
  pump_until(Clock::now() + kFarewellLimit, [] { return false; });
}

void MqttClient::Engine::set_trouble(std::string trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

MqttClient::MqttClient(Executor executor, MqttSettings settings)
    : executor_(std::move(executor)),
      login_(settings.login),
      login_wanted_(executor_),
      login_ended_(executor_),
      warned_(executor_),
      engine_(std::make_unique<Engine>(std::move(settings),
                                       Engine::Senders{.wants_login = login_wanted_.sender(),
                                                       .login_ended = login_ended_.sender(),
                                                       .warned = warned_.sender()})) {}
MqttClient::~MqttClient() = default;

void MqttClient::open() { engine_->open(); }

awaitable<void> MqttClient::run() {
  while (login_) {
    co_await login_wanted_.event().wait();
    login_wanted_.event().reset();
    if (!engine_->wants_login()) continue;
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
      if (const auto ended = engine_->take_ended()) {
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
    if (auto warning = engine_->take_warning()) co_return *std::move(warning);
  }
}

namespace {

/// However the call ends, nothing of it is sent from then on.
struct Ending {
  Batch& batch;
  ~Ending() {
    const std::lock_guard lock(batch.mutex);
    batch.over = true;
  }
};

}  // namespace

awaitable<std::vector<Result<std::string>>> MqttClient::publish(std::vector<MqttMessage> messages,
                                                                Deadline deadline) {
  if (messages.empty()) co_return std::vector<Result<std::string>>{};
  Signal signal(executor_);
  const auto batch = std::make_shared<Batch>(std::move(messages), signal.sender());
  const Ending ending{*batch};
  engine_->add(batch);
  co_await signal.event().wait_until(deadline);
  const std::lock_guard lock(batch->mutex);
  batch->over = true;
  const auto failure = batch->failure ? *batch->failure : engine_->trouble();
  std::vector<Result<std::string>> results;
  results.reserve(batch->results.size());
  for (auto& result : batch->results) {
    results.push_back(result ? *std::move(result) : std::unexpected(failure));
  }
  co_return results;
}

awaitable<Result<std::string>> MqttClient::connect(Deadline deadline) {
  Signal signal(executor_);
  const auto batch = std::make_shared<Batch>(std::vector<MqttMessage>(), signal.sender());
  const Ending ending{*batch};
  engine_->add(batch);
  const bool ended = co_await signal.event().wait_until(deadline);
  const std::lock_guard lock(batch->mutex);
  if (!ended || batch->failure)
    co_return std::unexpected(batch->failure ? *batch->failure : engine_->trouble());
  co_return std::move(batch->connected);
}

}  // namespace tocsin::net
