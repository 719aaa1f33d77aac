#include "domain/service.h"

#include <algorithm>
#include <utility>

namespace tocsin {

ServiceState worse(ServiceState a, ServiceState b) {
  return row_of(a).rank < row_of(b).rank ? b : a;
}

bool is_pending(ServiceState state) {
  return state == ServiceState::start_pending || state == ServiceState::stop_pending ||
         state == ServiceState::continue_pending || state == ServiceState::pause_pending;
}

bool is_per_user(const ServiceDetails& details) {
  constexpr std::uint32_t kUserServiceInstance = 0x80;  // SERVICE_USERSERVICE_INSTANCE, winnt.h
  return (details.type & kUserServiceInstance) != 0;
}

const ServiceDetails* find_details(const KnownDetails& known, const ServiceName& name) {
  const auto found = known.find(name);
  return found == known.end() ? nullptr : found->second.get();
}

void attach_details(std::span<ObservedService> services, const KnownDetails& read) {
  for (auto& service : services) {
    if (const auto found = read.find(service.name); found != read.end())
      service.details = found->second;
  }
}

ObservedServices::ObservedServices(std::vector<ObservedService> services)
    : services_(std::move(services)) {
  const auto follows = [](const ObservedService& a, const ObservedService& b) {
    return a.name >= b.name;
  };
  if (std::ranges::adjacent_find(services_, follows) == services_.end()) return;
  std::map<ServiceName, ObservedService> by_name;
  for (auto& service : services_) by_name.try_emplace(service.name, std::move(service));
  services_.clear();
  for (auto& [name, service] : by_name) services_.push_back(std::move(service));
}

}  // namespace tocsin
