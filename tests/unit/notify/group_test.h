// Deliveries of one destination that groups them.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "notify/lanes.h"
#include "unit/notify/deliveries.h"

namespace tocsin::notify {

inline const Answer kTaken = Delivered{.detail = "ok"};

/// An alert and who it goes to: what shares a letter shares messages.
struct Change {
  std::string id;
  TransitionKind kind = TransitionKind::stopped;
  std::string service;
  std::string host = "host";
  AlertSeverity severity = AlertSeverity::warning;
};

class Group : public testing::Test {
 protected:
  explicit Group(LaneRules rules = {.parallel = 1, .grouping = {}})
      : lanes_(rules, {.random = longest(), .group_of = [this](const Alert& alert) {
                         return apart_ && is_resolved(alert) ? "started" : address_;
                       }}) {}

  void add(const Change& change, Duration after = {}, bool pushed = false) {
    auto delivery = make_delivery(change.id, change.kind, change.service, kStart + after);
    delivery.sequence = ++sequence_;
    delivery.alert.host = HostName(change.host);
    delivery.alert.severity = change.severity;
    delivery.alert.pushed = pushed;
    delivery.alert.across_hosts = across_hosts_;
    lanes_.add(delivery, kStart + after);
  }
  /// The members of each message that may leave so long after the start, each message accepted at
  /// once: "a b".
  std::vector<std::string> send(Duration after, const Answer& answer = kTaken) {
    std::vector<std::string> messages;
    while (const auto* sending = lanes_.take(kStart + after)) {
      std::string text;
      for (const auto* member : sending->members)
        text += (text.empty() ? "" : " ") + member->id.value;
      messages.push_back(text);
      id_ = sending->id;
      still_ = lanes_.still_firing(*sending);
      outcomes_ = lanes_.settle(DeliveryId(sending->id), answer, kStart + after);
    }
    return messages;
  }
  Duration wake(Duration after) {
    return lanes_.wake(kStart + after).value_or(Time::max()) - kStart;
  }

  std::string address_ = "people";
  bool apart_ = false;  ///< whether what is resolved goes another way
  bool across_hosts_ = false;
  std::int64_t sequence_ = 0;
  Lanes lanes_;
  DeliveryId id_;  ///< of the last message
  std::vector<std::string> still_;
  std::vector<Outcome> outcomes_;
};

}  // namespace tocsin::notify
