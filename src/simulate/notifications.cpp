#include "simulate/notifications.h"

#include <algorithm>
#include <utility>

namespace tocsin::simulate {
namespace {

using namespace svcctl;

constexpr std::uint32_t kOfService = kNotifyEveryState | kNotifyDeletePending;
constexpr std::uint32_t kOfManager = kNotifyCreated | kNotifyDeleted;
/// Registrations that a client leaves open before it is said to lag.
constexpr std::size_t kMostRegistrations = 8192;
/// Notifications in one result of a flood.
constexpr std::size_t kFlood = 100;

bool is_valid(std::uint32_t mask, bool of_service) {
  return mask != 0 && (mask & ~(of_service ? kOfService : kOfManager)) == 0;
}

}  // namespace

Notifications::~Notifications() {
  if (listens_) host_.remove(*this);
}

NotifyServiceStatusChangeResponse Notifications::add(
    const NotifyServiceStatusChangeRequest& request, const HostModel::Service* service) {
  const auto refuse = [](std::uint32_t code) {
    return NotifyServiceStatusChangeResponse{.return_value = code};
  };
  if (!is_valid(request.notify_mask, service != nullptr)) return refuse(kInvalidParameter);
  if (service != nullptr && service->deleted) return refuse(kServiceMarkedForDelete);
  if (is_registered(request.handle)) return refuse(kAlreadyRegistered);
  if (registrations_.size() >= kMostRegistrations || is_due(Mischief::push_lags))
    return refuse(kNotifyClientLagging);
  if (!std::exchange(listens_, true)) host_.add(*this);

  Writer id;
  id.zeros(4).u32(++last_handle_).u32(group_).u32(1).zeros(4);
  const auto handle = Reader(id.view()).array<20>();
  auto& registration = registrations_[handle];
  registration = {.handle = request.handle, .service = service, .mask = request.notify_mask};
  const auto& told = told_[request.handle];
  if (service == nullptr) {
    if (const auto untold = told.untold & request.notify_mask) notify(registration, untold);
  } else {
    const auto state = notify_bit(service->status.current_state);
    const bool is_new = told.changes != service->changes && (request.notify_mask & state) != 0;
    if (is_new || is_due(Mischief::push_floods)) notify(registration, state);
  }
  return {.notify = handle};
}

bool Notifications::is_registered(const Handle& handle) const {
  return std::ranges::any_of(registrations_, [&](const auto& one) {
    return one.second.handle == handle && !one.second.over;
  });
}

void Notifications::wait(const GetNotifyResultsRequest& request, dcerpc::Answer answer) {
  const auto found = registrations_.find(request.notify);
  if (found == registrations_.end()) return answer(std::unexpected(dcerpc::kContextMismatch));
  if (host_.says_shutdown())
    return answer(encode(GetNotifyResultsResponse{.return_value = kShutdownInProgress}));
  auto& registration = found->second;
  if (registration.waiting)
    return answer(encode(GetNotifyResultsResponse{.return_value = kInvalidParameter}));
  registration.waiting = std::move(answer);
  deliver(registration);
}

std::expected<CloseNotifyHandleResponse, dcerpc::FaultStatus> Notifications::close(
    const CloseNotifyHandleRequest& request) {
  const auto registration = registrations_.extract(request.notify);
  if (registration.empty()) return std::unexpected(dcerpc::kContextMismatch);
  const auto& waiting = registration.mapped().waiting;
  if (waiting && !is_due(Mischief::push_silent))
    waiting(encode(GetNotifyResultsResponse{.return_value = kRequestAborted}));
  return CloseNotifyHandleResponse{};
}

void Notifications::forget(const Handle& handle) {
  told_.erase(handle);
  for (auto& [id, registration] : registrations_)
    if (registration.handle == handle) registration.over = true;
}

void Notifications::changed(const HostModel::Service& service, std::uint32_t what) {
  const bool of_manager = (what & kOfManager) != 0;
  if (of_manager)
    for (auto& [handle, told] : told_) told.untold |= what;
  for (auto& [id, registration] : registrations_) {
    if (registration.over) continue;
    if (of_manager ? registration.service != nullptr : registration.service != &service) continue;
    // Nothing else will ever come of a service that is to be deleted.
    if ((registration.mask & what) != 0 || what == kNotifyDeletePending) notify(registration, what);
  }
}

void Notifications::shuts_down() {
  for (auto& [id, registration] : registrations_) {
    registration.over = true;
    if (const auto answer = std::exchange(registration.waiting, {}))
      answer(encode(GetNotifyResultsResponse{.return_value = kShutdownInProgress}));
  }
}

void Notifications::notify(Registration& registration, std::uint32_t what) {
  auto& told = told_[registration.handle];
  StatusNotification one{.notify_mask = registration.mask, .triggered = registration.mask & what};
  if (const auto* service = registration.service) {
    one.status = service->status;
    if (one.triggered == 0) one.notification_status = kServiceMarkedForDelete;
    told.changes = service->changes;
  } else {
    one.has_names = true;
    told.untold &= ~what;
  }
  registration.ready = {one};
  registration.over = true;
  if (right_ones_ < behaviour_.number)
    right_ones_++;
  else
    spoil(registration);
  deliver(registration);
}

void Notifications::deliver(Registration& registration) {
  if (!registration.waiting || registration.ready.empty()) return;
  auto stub = encode(GetNotifyResultsResponse{std::exchange(registration.ready, {}), kSuccess});
  if (registration.garbled) stub.resize(stub.size() / 2);
  std::exchange(registration.waiting, {})(std::move(stub));
}

bool Notifications::is_due(Mischief mischief) const {
  return behaviour_.mischief == mischief && right_ones_ >= behaviour_.number;
}

void Notifications::spoil(Registration& registration) const {
  auto& one = registration.ready.front();
  auto& state = one.status.current_state;
  switch (behaviour_.mischief) {
    case Mischief::push_lies:
      state = state == kRunning ? kStopped : kRunning;
      one.triggered = notify_bit(state);
      break;
    case Mischief::push_floods:
      registration.ready.assign(kFlood, StatusNotification(one));
      break;
    case Mischief::push_garbled:
      registration.garbled = true;
      break;
    case Mischief::push_silent:
      registration.ready.clear();
      break;
    default:
      break;
  }
}

}  // namespace tocsin::simulate
