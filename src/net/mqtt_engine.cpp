#include "net/mqtt_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/resolver.h"

namespace tocsin::net {
namespace {

using std::chrono::milliseconds;

/// Saying goodbye: until the last word is acknowledged, and until it is written.
constexpr milliseconds kLastWordLimit(500);
constexpr milliseconds kFarewellLimit(200);
/// A connection that held for so long was a good one, even if nothing was sent on it.
constexpr std::chrono::seconds kProven(10);
/// Packet numbers come again after 65535: none may still be in flight by then.
constexpr std::uint64_t kNumbersAhead = 60'000;

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

MqttPresenceDoubts doubts_about(const MqttSettings& settings) {
  using Doubts = MqttPresenceDoubts;
  return {settings.presence.topic.empty() ? Doubts::Wanted::no : Doubts::Wanted::yes,
          settings.login ? Doubts::Login::guarded : Doubts::Login::free};
}

}  // namespace

MqttEngine::MqttEngine(MqttSettings settings, MqttHandover::Senders senders)
    : settings_(std::move(settings)),
      peer_(settings_.host + ":" + std::to_string(settings_.port)),
      handover_(std::move(senders), peer_ + ": no connection yet"),
      presence_(doubts_about(settings_)),
      lookup_(settings_.host, poller_) {}

MqttEngine::~MqttEngine() {
  handover_.close();
  poller_->wake();
}

void MqttEngine::open() {
  handover_.open();
  start();
}

void MqttEngine::add(std::shared_ptr<MqttBatch> batch) {
  handover_.add(std::move(batch));
  start();
}

void MqttEngine::grant_login() {
  handover_.grant_login();
  poller_->wake();
}

void MqttEngine::deny_login(const Error& error) {
  handover_.deny_login(error);
  poller_->wake();
}

/// The thread begins once it is needed.
void MqttEngine::start() {
  if (!std::exchange(started_, true)) thread_.submit([this] { run(); });
  poller_->wake();
}

void MqttEngine::run() {
  while (take_arrivals()) {
    const bool is_idle = !connection_ && !lookup_.is_under_way();
    if (is_idle && is_wanted() && Clock::now() >= next_attempt_ && may_log_in()) start_attempt();
    if (auto found = lookup_.take()) looked_up(*std::move(found));
    check_time();
    if (ready_) send();
    const auto wish = connection_ ? connection_->waits() : std::nullopt;
    const auto ready = poller_->wait(wish, patience());
    if (connection_) drive(ready);
  }
  if (ready_) say_goodbye();
  connection_.reset();
}

/// False when the client is to end.
bool MqttEngine::take_arrivals() {
  auto arrived = handover_.take_arrivals();
  if (!arrived) return false;
  for (auto& batch : *arrived) {
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

bool MqttEngine::is_wanted() {
  while (!queue_.empty() && queue_.front().batch->is_over()) queue_.pop_front();
  std::erase_if(greeters_, [](const auto& batch) { return batch->is_over(); });
  return handover_.is_open() || !queue_.empty() || !greeters_.empty();
}

/// How long nothing has to be done if nobody says anything.
milliseconds MqttEngine::patience() const {
  constexpr milliseconds kIdleTick = std::chrono::seconds(1);
  const auto until = [](Clock::time_point time) {
    return std::max(std::chrono::ceil<milliseconds>(time - Clock::now()), milliseconds(0));
  };
  if (ready_) return kIdleTick;
  if (connection_ || lookup_.is_under_way()) return std::min(kIdleTick, until(attempt_end_));
  if (next_attempt_ > Clock::now()) return until(next_attempt_);
  return std::chrono::hours(1);
}

/// Asks for the leave to log in where that is needed, and fails what need not wait for it.
bool MqttEngine::may_log_in() {
  if (!settings_.login) return true;
  const auto leave = handover_.ask_for_login();
  if (!leave) fail_waiting(leave.error());
  return leave.value_or(false);
}

void MqttEngine::fail_waiting(const Error& error) {
  for (const auto& [batch, index] : std::exchange(queue_, {})) batch->fail(error);
  for (const auto& batch : std::exchange(greeters_, {})) batch->fail(error);
}

void MqttEngine::start_attempt() {
  attempt_end_ = Clock::now() + settings_.connect_limit;
  if (auto address = as_address(settings_.host)) {
    addresses_ = {*std::move(address)};
    return connect_next();
  }
  lookup_.begin();
}

void MqttEngine::looked_up(Result<BrokerLookup::Addresses> found) {
  if (!found) return attempt_failed(found.error());
  addresses_.assign(found->begin(), found->end());
  attempt_end_ = Clock::now() + settings_.connect_limit;
  connect_next();
}

/// Each address has an equal share of the time that is left.
void MqttEngine::connect_next() {
  const auto address = addresses_.front();
  addresses_.pop_front();
  const bool with_will = presence_.begin(Clock::now());
  if (!addresses_.empty()) {
    const auto left = attempt_end_ - Clock::now();
    attempt_end_ = Clock::now() + left / static_cast<int>(addresses_.size() + 1);
  } else {
    attempt_end_ = std::max(attempt_end_, Clock::now() + settings_.connect_limit / 2);
  }
  connection_ = std::make_unique<MqttConnection>(
      settings_, address, with_will ? MqttConnection::Will::lost : MqttConnection::Will::none);
  drive({});
}

void MqttEngine::attempt_failed(const Error& error) {
  connection_.reset();
  if (!addresses_.empty()) return connect_next();
  handover_.login_ended(LoginOutcome::unknown, {});
  handover_.set_trouble(error.what);
  fail_waiting(error);
  retreat();
}

void MqttEngine::retreat() {
  const auto most = settings_.backoff.after(++failures_).count();
  std::uniform_int_distribution<std::int64_t> jitter(rival_.is_suspected() ? most / 2 : 0, most);
  next_attempt_ = Clock::now() + milliseconds(jitter(random_));
}

void MqttEngine::drive(Poller::Ready ready) {
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
void MqttEngine::refused(const MqttConnection::Refused& refusal, const Error& error) {
  addresses_.clear();
  const bool of_login = error.kind == ErrorKind::login_refused;
  if (presence_.refused({.not_authorized = refusal.not_authorized, .login = of_login}))
    handover_.login_ended(LoginOutcome::refused, error.what);
}

void MqttEngine::accepted(const MqttConnection::Accepted& terms) {
  handover_.login_ended(LoginOutcome::accepted, {});
  addresses_.clear();
  if (presence_.accepted(Clock::now())) {
    connection_->disconnect();
    connection_.reset();
    return;
  }
  ready_ = true;
  proven_ = false;
  unproven_at_ = {};
  ready_since_ = Clock::now();
  window_ = std::min(settings_.most_in_flight, terms.most_in_flight);
  handover_.set_trouble(peer_ + ": no acknowledgement in time");
  announce(settings_.presence.online);
  for (const auto& batch : std::exchange(greeters_, {})) batch->finish(peer_);
}

void MqttEngine::acknowledged(MqttConnection::Acknowledgement acknowledgement) {
  const auto found = in_flight_.find(acknowledgement.packet);
  if (found == in_flight_.end()) return;
  auto message = std::move(found->second);
  in_flight_.erase(found);
  alone_ = false;
  proven_ = true;
  if (message.qos == MqttQos::at_most_once) unproven_at_ = Clock::now();
  suspects_.acknowledged(message.topic);
  if (!rival_.is_suspected()) failures_ = 0;
  if (!message.batch) {
    presence_.acknowledged();
    return;
  }
  auto& what = acknowledgement.what;
  if (what) {
    what = acknowledgement_of(message.qos) + (what->empty() ? "" : ", but " + *what);
    if (presence_.is_resting(Clock::now()))
      *what += "; presence is not sent, because the broker closes the connection over its topic " +
               settings_.presence.topic + ": check that this user may write there";
  } else {
    what = std::unexpected(std::move(what).error().in(peer_));
  }
  message.batch->settle(message.index, std::move(what));
}

void MqttEngine::note_rival(MqttEnd how, Clock::duration lasted) {
  if (how == MqttEnd::unexplained && !in_flight_.empty()) how = MqttEnd::other;
  const auto certain =
      rival_.ended({.how = how, .lasted = lasted, .quiet = Clock::now() - unproven_at_});
  if (!certain) return;
  const auto what = *certain
                        ? "the broker has closed the connection twice because another program uses"
                        : "the broker closes each connection soon: another program may be using";
  handover_.warn(peer_ + ": " + what + " the client id " + settings_.client_id +
                 ", and each disconnects the other: give one of them another `clientId`");
}

/// What is in flight may have arrived or not; whoever sent it decides what follows from that.
void MqttEngine::lost(Error error, MqttEnd how) {
  const auto lasted = Clock::now() - ready_since_;
  note_rival(how, lasted);
  if (lasted >= kProven && !rival_.is_suspected()) failures_ = 0;
  connection_.reset();
  ready_ = alone_ = false;
  const auto in_flight = std::exchange(in_flight_, {});
  const bool with_presence =
      std::ranges::any_of(in_flight, [](const auto& entry) { return !entry.second.batch; });
  const bool explained = how == MqttEnd::taken_over;
  if (!proven_ && !explained) {
    presence_.dropped(with_presence, Clock::now());
    if (with_presence)
      error.what += "; it may be over the presence topic " + settings_.presence.topic;
  }
  handover_.set_trouble(error.what);
  std::vector<std::string> topics;
  for (const auto& [packet, message] : in_flight) {
    topics.push_back(message.topic);
    if (message.batch) message.batch->fail(error);
  }
  if (!explained) suspects_.dropped(topics, Clock::now());
  retreat();
}

void MqttEngine::check_time() {
  const auto now = Clock::now();
  if (ready_) {
    const bool hangs = std::ranges::any_of(in_flight_, [&](const auto& entry) {
      return now - entry.second.sent >= settings_.acknowledge_limit;
    });
    if (hangs)
      lost({ErrorKind::timed_out, peer_ + ": the broker acknowledges nothing", {}}, MqttEnd::other);
  } else if (now >= attempt_end_) {
    if (lookup_.is_under_way()) return looked_up(lookup_.give_up());
    if (connection_)
      attempt_failed({ErrorKind::timed_out, peer_ + ": the broker does not answer", {}});
  }
}

void MqttEngine::send() {
  while (ready_ && !queue_.empty() && in_flight_.size() < window_ && !alone_) {
    const bool numbers_left = std::ranges::none_of(in_flight_, [this](const auto& entry) {
      return sent_ - entry.second.number >= kNumbersAhead;
    });
    if (!numbers_left || !send_first()) return;
  }
}

/// False when it has to wait.
bool MqttEngine::send_first() {
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
bool MqttEngine::transmit(const MqttMessage& message, std::shared_ptr<MqttBatch> batch,
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

void MqttEngine::announce(const std::string& what) {
  const auto& presence = settings_.presence;
  if (!presence_.is_sent(Clock::now()) || suspects_.is_guilty(presence.topic, Clock::now())) return;
  const bool alone = suspects_.must_be_alone(presence.topic);
  if (transmit({.topic = presence.topic, .payload = what, .retain = presence.retain}, nullptr, 0))
    alone_ = alone;
}

/// Within the limits, whatever the broker does.
void MqttEngine::say_goodbye() {
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

}  // namespace tocsin::net
