#include "probe/listening.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "probe/per_user.h"
#include "probe/scm_terms.h"

namespace tocsin::probe {
namespace {

constexpr std::size_t kMostPushed = 10'000;

}  // namespace

Hearing hearing_besides(std::uint32_t state) {
  if (state == 0) return Hearing::asking;
  return state == svcctl::kStopped ? Hearing::resting : Hearing::armed;
}

std::uint32_t mask_besides(std::uint32_t state) {
  const bool exists = state >= svcctl::kStopped && state <= svcctl::kPaused;
  const auto bit = exists ? svcctl::notify_bit(state) : 0;
  return (svcctl::kNotifyEveryState & ~bit) | svcctl::kNotifyDeletePending;
}

Meaning meaning_of(const svcctl::StatusNotification& notification) {
  if (notification.notification_status == svcctl::kServiceMarkedForDelete ||
      (notification.triggered & svcctl::kNotifyDeletePending) != 0)
    return Meaning::leaving;
  // A client that lags, a host that goes down or talks nonsense.
  if (notification.notification_status != svcctl::kSuccess ||
      !notification.status.has_valid_state())
    return Meaning::invalid;
  return Meaning::changed;
}

std::vector<ObservedService> audible(std::span<const ObservedService> seen) {
  std::vector<ObservedService> services;
  for (const auto& service : seen) {
    // A base name is no service's; the template of that name says nothing of the copies.
    if (service.details && is_group(service.name, *service.details)) continue;
    if (is_there(service.status)) services.push_back(service);
  }
  return services;
}

void prefer_pushed(std::vector<ObservedService>& seen, std::span<const ObservedService> pushed) {
  for (const auto& service : pushed) {
    const auto found = std::ranges::find(seen, service.name, &ObservedService::name);
    if (found != seen.end()) found->status = service.status;
  }
}

void add(Pushed& to, std::optional<ObservedService> service) {
  if (service && to.services.size() < kMostPushed)
    to.services.push_back(*std::move(service));
  else
    to.check_again = true;
}

void add(Pushed& to, Pushed more) {
  std::ranges::move(more.services, std::back_inserter(to.services));
  to.check_again |= more.check_again;
}

}  // namespace tocsin::probe
