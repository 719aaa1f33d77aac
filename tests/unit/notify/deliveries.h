// Deliveries for tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/random.h"
#include "notify/lanes.h"
#include "store/store.h"

namespace tocsin::notify {

constexpr Time kStart{std::chrono::hours(24 * 365 * 50)};
constexpr auto kStopped = TransitionKind::stopped;
constexpr auto kStarted = TransitionKind::started;

inline store::Delivery make_delivery(std::string id, TransitionKind kind,
                                     const std::string& service, Time created = kStart,
                                     std::string destination = "test:1") {
  store::Delivery delivery;
  delivery.id = {std::move(id)};
  delivery.destination = std::move(destination);
  delivery.alert.id = {"alert-" + delivery.id.value};
  delivery.alert.kind = kind;
  delivery.alert.to = row_of(kind).leads_to;
  delivery.alert.host = HostName("host");
  delivery.alert.service = ServiceName(service);
  delivery.created = created;
  return delivery;
}

/// Draws the longest backoff, less one part of 2^32: 999 ms of the first second.
inline RandomFill longest() {
  return [](std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = 0xFF;
  };
}

/// Draws the shortest backoff: none.
inline RandomFill shortest() {
  return [](std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = 0;
  };
}

/// The next one to send, where each message is one delivery; null: there is none.
inline const store::Delivery* take_one(Lanes& lanes, Now now) {
  const auto* sending = lanes.take(now);
  if (sending == nullptr) return nullptr;
  EXPECT_EQ(sending->members.size(), 1U);
  EXPECT_EQ(sending->id, sending->members.front()->id);
  return sending->members.front();
}

/// What became of it.
inline Outcome settle_one(Lanes& lanes, const DeliveryId& id, const Answer& answer, Now now) {
  auto outcomes = lanes.settle(id, answer, now);
  EXPECT_EQ(outcomes.size(), 1U);
  return std::move(outcomes.front());
}

}  // namespace tocsin::notify
