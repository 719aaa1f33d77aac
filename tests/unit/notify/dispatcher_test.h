// A dispatcher between a pretend outbox and pretend channels.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "notify/dispatcher.h"
#include "unit/notify/deliveries.h"

namespace tocsin::notify {

/// The outbox as a list; every call gives way to others once, as the real one does.
class FakeOutbox final : public Outbox {
 public:
  struct Row {
    store::Delivery delivery;
    store::DeliveryUpdate last;
  };

  /// As the store's commit() does.
  store::Delivery commit(store::Delivery delivery) {
    delivery.sequence = static_cast<std::int64_t>(rows.size()) + 1;
    rows.push_back({.delivery = delivery, .last = {}});
    return delivery;
  }
  std::vector<std::string> in(store::DeliveryState state) const {
    std::vector<std::string> ids;
    for (const Row& row : rows) {
      if (row.last.state == state) ids.push_back(row.delivery.id.value);
    }
    return ids;
  }

  net::awaitable<Result<std::vector<store::LastDelivered>>> load_last_delivered(Time) override {
    co_await kit::give_way();
    co_return limits;
  }
  net::awaitable<Result<std::vector<store::OpenAlert>>> load_open_alerts() override {
    co_await kit::give_way();
    co_return troubles;
  }
  net::awaitable<Result<std::vector<store::Delivery>>> load_pending(std::string destination,
                                                                    std::int64_t after,
                                                                    std::size_t most) override {
    co_await kit::give_way();
    ++loads;
    if (unreadable) co_return fail(ErrorKind::storage, "cannot read");
    std::vector<store::Delivery> found;
    for (const Row& row : rows) {
      const bool wanted = row.delivery.destination == destination &&
                          row.last.state == store::DeliveryState::pending &&
                          row.delivery.sequence > after;
      if (!wanted || most == 0) continue;
      --most;
      if (row.delivery.id.value != damaged) found.push_back(row.delivery);
    }
    co_return found;
  }
  net::awaitable<Result<std::size_t>> abandon(std::vector<std::string> configured, Time,
                                              std::string detail) override {
    co_await kit::give_way();
    std::size_t count = 0;
    for (Row& row : rows) {
      if (testing::Matches(testing::Contains(row.delivery.destination))(configured)) continue;
      row.last.state = store::DeliveryState::dead;
      row.last.detail = detail;
      ++count;
    }
    co_return count;
  }
  net::awaitable<Result<>> commit(const store::StoredMessage& message,
                                  std::span<const DeliveryId> members) override {
    co_await kit::give_way();
    if (unwritable) co_return fail(ErrorKind::storage, "disk full");
    messages[message.id] = message;
    for (Row& row : rows) {
      if (std::ranges::find(members, row.delivery.id) != members.end())
        row.delivery.group = message.id;
    }
    co_return Result<>{};
  }
  net::awaitable<Result<std::optional<store::Store::PendingMessage>>> load_message(
      std::string id) override {
    co_await kit::give_way();
    const auto found = messages.find(id);
    if (found == messages.end()) co_return std::nullopt;
    const auto members = std::ranges::count_if(rows, [&](const Row& row) {
      return row.delivery.group == id && row.last.state == store::DeliveryState::pending;
    });
    co_return store::Store::PendingMessage{found->second, static_cast<std::size_t>(members)};
  }
  net::awaitable<Result<>> update(std::span<const store::DeliveryUpdate> updates) override {
    co_await kit::give_way();
    if (unwritable) co_return fail(ErrorKind::storage, "disk full");
    for (const store::DeliveryUpdate& update : updates) {
      for (Row& row : rows) {
        if (row.delivery.id != update.id) continue;
        row.last = update;
        row.delivery.attempts = update.attempts;
        row.delivery.group = update.group;
      }
    }
    co_return Result<>{};
  }

  std::vector<Row> rows;
  std::map<std::string, store::StoredMessage> messages;
  std::vector<store::LastDelivered> limits;
  std::vector<store::OpenAlert> troubles;
  std::string damaged;  ///< a row that is left out when it is read
  bool unreadable = false;
  bool unwritable = false;
  int loads = 0;
};

class FakeChannel final : public Channel {
 public:
  FakeChannel(std::string key, const net::Executor& executor)
      : key_(std::move(key)), name_("fake " + key_), open_(executor) {
    open_.set();
  }
  const std::string& key() const override { return key_; }
  const std::string& name() const override { return name_; }
  net::awaitable<Answer> deliver(const Alert& alert, const DeliveryId& id, net::Deadline) override {
    const std::string service = alert.service.text();
    EXPECT_TRUE(flying.insert(service).second) << "one at a time per service";
    most_flying = std::max(most_flying, flying.size());
    received.push_back(id.value);
    co_await kit::give_way();
    co_await open_.wait();
    flying.erase(service);
    co_return answer(id.value);
  }

  void close() { open_.reset(); }
  void open() { open_.set(); }

  std::function<Answer(const std::string&)> answer = [](const std::string&) {
    return Delivered{.detail = "ok"};
  };
  std::vector<std::string> received;
  std::set<std::string> flying;
  std::size_t most_flying = 0;

 private:
  std::string key_;
  std::string name_;
  net::Event open_;
};

/// Writes a number and the ids of the alerts, which it must be asked for once.
class FakeGroupingChannel final : public GroupingChannel {
 public:
  explicit FakeGroupingChannel(const net::Executor& executor) : open_(executor) { open_.set(); }
  const std::string& key() const override { return key_; }
  const std::string& name() const override { return key_; }
  std::string group_of(const Alert&) const override { return "people"; }
  Message write(const Contents& contents, const DeliveryId&) override {
    std::string text = std::to_string(++written) + ":";
    for (const Alert* alert : contents.alerts) text += " " + alert->id.value.substr(6);
    for (const auto& name : contents.still_firing) text += " !" + name;
    return {.text = text, .note = {}};
  }
  bool is_sound(const Message& message) const override { return message.text.contains(':'); }
  net::awaitable<Answer> send(const Alert&, const Message& message, const DeliveryId& id,
                              net::Deadline) override {
    received.push_back(message.text);
    ids.push_back(id.value);
    co_await kit::give_way();
    co_await open_.wait();
    co_return answer;
  }
  void close() { open_.reset(); }
  void open() { open_.set(); }

  Answer answer = Delivered{.detail = "ok"};
  int written = 0;
  std::vector<std::string> received;
  std::vector<std::string> ids;

 private:
  std::string key_ = "people:1";
  net::Event open_;
};

class FakeObserver final : public Observer {
 public:
  explicit FakeObserver(const net::Executor& executor) : changed_(executor) {}

  void settled(std::span<const Outcome> outcomes) override {
    for (const auto& [delivery, update] : outcomes)
      by_state[update.state].push_back(delivery.id.value);
    changed_.set();
  }
  void abandoned(std::size_t count) override { abandoned_count += count; }
  void storage_failed(const Error& error, std::size_t) override {
    EXPECT_EQ(error.kind, ErrorKind::storage);
    ++storage_failures;
    failed_at.push_back(net::MonotonicClock::now());
    changed_.set();
  }
  void storage_recovered() override {
    ++storage_recoveries;
    changed_.set();
  }
  void lost(const store::Delivery& delivery) override { lost_ids.push_back(delivery.id.value); }

  net::awaitable<void> until(std::function<bool()> done) {
    const auto deadline = net::within(std::chrono::hours(1));
    while (!done()) {
      changed_.reset();
      if (!co_await changed_.wait_until(deadline))
        throw std::runtime_error("waited in vain; settled: " + testing::PrintToString(by_state));
    }
  }
  net::awaitable<void> until_settled(store::DeliveryState state, std::size_t count) {
    co_await until([&, state, count] { return by_state[state].size() >= count; });
  }

  std::map<store::DeliveryState, std::vector<std::string>> by_state;
  std::size_t abandoned_count = 0;
  int storage_failures = 0;
  std::vector<net::Deadline> failed_at;
  int storage_recoveries = 0;
  std::vector<std::string> lost_ids;

 private:
  net::Event changed_;
};

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() { add_destination("test:1", std::chrono::seconds(0)); }

  FakeChannel& add_destination(const std::string& key, std::chrono::seconds rate_limit) {
    auto channel = std::make_unique<FakeChannel>(key, loop_.executor());
    FakeChannel& made = *channel;
    destinations_.push_back(
        {.channel = std::move(channel), .rules = {.rate_limits = {rate_limit, rate_limit}}});
    channels_[key] = &made;
    return made;
  }
  FakeChannel& channel(const std::string& key = "test:1") { return *channels_.at(key); }

  /// Runs a dispatcher around `body`, and answers what stop() answers.
  template <typename Body>
  std::vector<store::Delivery> run(Body body) {
    Dispatcher dispatcher(loop_.executor(), destinations_, outbox_, observer_, time_, random_,
                          options_);
    return loop_.run_until_done(
        [](Dispatcher& running, Body& inner) -> net::awaitable<std::vector<store::Delivery>> {
          running.start();
          co_await inner(running);
          co_return co_await running.stop();
        }(dispatcher, body));
  }
  store::Delivery stored(const std::string& id, TransitionKind kind = kStopped,
                         const std::string& service = "a") {
    return outbox_.commit(make_delivery(id, kind, service));
  }

  kit::VirtualTime time_{kStart};
  net::Loop loop_;
  std::vector<Destination> destinations_;
  std::map<std::string, FakeChannel*> channels_;
  FakeOutbox outbox_;
  FakeObserver observer_{loop_.executor()};
  RandomFill random_ = shortest();
  DispatcherOptions options_;
};

}  // namespace tocsin::notify
