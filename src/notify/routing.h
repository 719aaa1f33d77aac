// Which alert goes where, and when. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/destinations/routes.h"
#include "domain/alert.h"

namespace tocsin::notify {

struct Destination;

/// One destination of an alert.
struct RoutedTo {
  std::size_t destination;   ///< its index
  Duration after{};          ///< 0: at once; else when it has not ended by then
  bool conditional = false;  ///< as in store::Delivery
  friend bool operator==(const RoutedTo&, const RoutedTo&) = default;
};

/// The routes, with their names looked up among the destinations. The first route that an alert
/// matches decides; without one it goes to all.
///
/// A resolved alert must reach the destinations that the firing one went to, whatever its kind was.
/// So its own kind is not compared: it goes, on the condition that they were notified, to all that
/// one of the routes that differ by kind alone could have notified.
class Routing {
 public:
  Routing(const std::vector<config::Route>& routes, std::span<const Destination> destinations);

  /// For people: "route 2 `on-call`", the one that decides where a firing alert goes, or "no route
  /// matches".
  [[nodiscard]] std::string name_route(const Alert& alert) const;

  /// Each destination at most once, in their order.
  [[nodiscard]] std::vector<RoutedTo> targets(const Alert& alert) const;

 private:
  struct Step {
    Duration after{};
    std::vector<std::size_t> to;
  };
  struct Compiled {
    config::Route route;
    std::vector<Step> steps;  ///< the first is at once
  };
  class Collected;

  [[nodiscard]] std::vector<RoutedTo> for_firing(const Alert& alert) const;
  [[nodiscard]] std::vector<RoutedTo> for_resolved(const Alert& alert) const;
  [[nodiscard]] std::vector<RoutedTo> for_notified() const;
  [[nodiscard]] std::vector<RoutedTo> for_over_already(const Alert& alert) const;

  std::vector<Compiled> routes_;
  Step everybody_;
};

}  // namespace tocsin::notify
