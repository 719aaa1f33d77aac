// Which alerts share a message, and when it leaves. Pure.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/destinations/grouping.h"
#include "domain/policy.h"
#include "notify/lane.h"

namespace tocsin::notify {

/// Changes that hosts push one by one within this time are one message.
constexpr Duration kGatherPushed = std::chrono::milliseconds(500);

/// Where the alerts of one group are collected.
struct Window {
  std::string key;
  std::string host;              ///< whose turn it takes: a folded name; empty: that of all hosts
  std::vector<Lane*> collected;  ///< whose heads may leave, in the order in which they came
  AlertSeverity highest{};       ///< of these
  Time due = Time::max();        ///< when they leave

  /// Whether something has left lately, so that what follows is collected.
  bool is_open = false;
  bool is_wait = false;  ///< it is the wait that runs, not the interval
  AlertSeverity told{};  ///< the highest that has left since it was opened
  Time ends{};           ///< while open: when the wait or the interval is over
  bool in_turn = false;  ///< what is collected leaves as soon as the destination can take it
};

/// The windows of one destination. The first alert of a group leaves at once. What follows is
/// collected: it leaves when the wait is over, and then at the end of each interval, until an
/// interval brings nothing. What is worse than all that has left leaves at once, with all that is
/// collected. Times are those of the steady clock (Now).
class GroupWindows {
 public:
  explicit GroupWindows(config::Grouping grouping) : grouping_(grouping) {}

  /// The lane's head may leave. True when a window whose turn has come has got worse by it.
  bool collect(const std::string& key, const std::string& host, Lane& lane, Time now);
  /// Null: nothing of the group is collected, and nothing has left lately.
  [[nodiscard]] Window* find(const std::string& key);
  [[nodiscard]] const Window* find(const std::string& key) const;
  /// Those whose turn has come since the last call.
  [[nodiscard]] std::vector<Window*> take_due(Time now);
  /// What was collected has left, but for what is collected still, which did not fit.
  void left(Window& window, AlertSeverity highest, Time now);
  /// When take_due() has something to answer, or to forget; Time::max(): never.
  [[nodiscard]] Time wake() const;

 private:
  [[nodiscard]] static Time alarm_of(const Window& window);
  void arm(Window& window, Time due, Time ends);

  config::Grouping grouping_;
  std::unordered_map<std::string, Window> windows_;
  std::set<std::pair<Time, Window*>> alarms_;
};

}  // namespace tocsin::notify
