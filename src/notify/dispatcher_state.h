// What the parts of the dispatcher share (dispatcher*.cpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/now.h"
#include "net/event.h"
#include "net/now.h"
#include "net/task_scope.h"
#include "notify/dispatcher.h"
#include "notify/lanes.h"
#include "notify/login.h"
#include "notify/outcome_writer.h"

namespace tocsin::notify {

constexpr const char* kNotConfigured = "destination is no longer configured";

/// One destination at work.
struct Queue {
  Queue(const Destination& destination, const net::Executor& executor, const RandomFill& random,
        const DispatcherOptions& options)
      : channel(*destination.channel),
        grouping(channel.grouping()),
        login(destination.login),
        lanes(destination.rules,
              {.random = random, .group_of = group_of(grouping), .withheld = options.withheld}),
        alarm_moved(executor) {}

  static std::function<std::string(const Alert&)> group_of(const GroupingChannel* channel) {
    if (channel == nullptr) return {};
    return [channel](const Alert& alert) { return channel->group_of(alert); };
  }

  Channel& channel;
  GroupingChannel* grouping;  ///< the same; null where it does not group
  Login login;
  std::uint64_t login_listener = 0;
  /// After a refused login that its gate does not know of yet: until when, by the steady clock.
  Time rests_until = Time::min();
  Lanes lanes;
  Time alarm = Time::max();  ///< when it is pumped again, by the steady clock
  net::Event alarm_moved;

  /// Places in the outbox: the newest delivery that memory has seen, and the newest in the lanes.
  /// While `behind`, those between them must be loaded first.
  std::int64_t newest = 0;
  std::int64_t loaded = 0;
  bool behind = true;
  bool loading = false;
  bool unreadable = false;  ///< the last load failed
  /// The newest that were loaded: a load may see a commit before its deliveries are handed over.
  std::set<std::int64_t> unclaimed;
  struct Parked {
    std::int64_t after;  ///< the sequence that it follows
    store::Delivery delivery;
  };
  /// Those that only memory holds and that must wait for older ones from the outbox.
  std::deque<Parked> parked;
  /// What the groups leave with that have not met their end, by their ids.
  std::map<DeliveryId, Message> messages;
  /// Groups of an earlier run whose message could not be read: all members are grouped anew.
  std::set<std::string> begun_anew;
};

struct Dispatcher::State {
  State(net::Executor on, Outbox& box, Observer& hears, const Clock& time, RandomFill fill,
        DispatcherOptions with)
      : executor(std::move(on)),
        outbox(box),
        observer(hears),
        clock(time),
        random(std::move(fill)),
        options(std::move(with)),
        outcome_writer(executor, outbox, observer,
                       {.most = options.most_unrecorded, .first_wait = options.storage_retry}),
        sends(executor),
        keepers(executor) {}

  ~State() {
    for (auto& [key, queue] : queues) {
      if (queue.login.gate != nullptr) queue.login.gate->remove_on_opening(queue.login_listener);
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  net::awaitable<void> begin();
  net::awaitable<void> keep_time(Queue& queue);
  net::awaitable<void> load(Queue& queue);
  net::awaitable<void> expect_groups(Queue& queue, std::span<store::Delivery> page);
  net::awaitable<void> send(Queue& queue, const Sending& sending, std::optional<logins::Pass> pass);
  net::awaitable<const Message*> write(Queue& queue, const Sending& sending);
  net::awaitable<void> cut_off();
  /// Answers whose pump() is due; null: nobody's.
  Queue* submit(store::Delivery delivery);
  void park(Queue& queue, store::Delivery delivery);
  void release(Queue& queue, std::int64_t before);
  void pump(Queue& queue);
  /// Whether memory has room for more from the outbox, or a group that has begun misses members.
  [[nodiscard]] bool wants_more(const Queue& queue) const {
    return queue.lanes.size() <= options.most_in_memory / 2 || queue.lanes.expects_more();
  }
  void arm(Queue& queue, Time not_before, Now now);
  void report_wait(const store::Delivery& delivery);
  void report_wait(Queue& queue, const HostName& host, const ServiceName& service) const;
  void settle(Queue& queue, std::optional<logins::Pass> pass, const DeliveryId& id,
              const Answer& answer);
  void conclude(std::vector<Outcome> outcomes, Time next = {});

  [[nodiscard]] Now now() const { return net::now_by(clock); }

  net::Executor executor;
  Outbox& outbox;
  Observer& observer;
  const Clock& clock;
  RandomFill random;
  DispatcherOptions options;
  OutcomeWriter outcome_writer;
  std::map<std::string, Queue> queues;
  std::chrono::seconds longest_limit{};
  std::uint64_t attempts = 0;  ///< that have ended
  net::TaskScope sends;
  net::TaskScope keepers;
  bool begun = false;
  bool stopping = false;
};

}  // namespace tocsin::notify
