#include "simulate/host_model.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "domain/boot.h"
#include "wire/svcctl/client.h"

namespace tocsin::simulate {
namespace {

using namespace svcctl;

/// What services commonly ask for.
constexpr std::uint32_t kWaitHint = 30'000;

std::uint32_t accepted_controls(const ServiceDefinition& definition, std::uint32_t state) {
  if (state != kRunning && state != kPaused) return 0;
  return kAcceptStop | (definition.accepts_pause ? kAcceptPauseContinue : 0U);
}

}  // namespace

ServiceDefinition::ServiceDefinition(std::string_view key_name, QueryServiceConfig configuration,
                                     bool starts_delayed)
    : name(key_name),
      config(std::move(configuration)),
      delayed_start(starts_delayed),
      utf16_name(to_utf16(key_name)),
      utf16_display_name(to_utf16(config.display_name)) {}

HostModel::HostModel(Options options, const Catalogue& services, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  for (const auto& definition : services) {
    auto& service = add(definition);
    if (definition->runs_at_first)
      settle(service, kRunning);
    else
      service.status.win32_exit_code = kServiceNeverStarted;
  }
}

HostModel::Service& HostModel::add(std::shared_ptr<const ServiceDefinition> definition) {
  auto& service = services_.emplace_back();
  service.status.service_type = definition->config.service_type;
  service.definition = std::move(definition);
  return service;
}

void HostModel::settle() {
  const auto now = clock_.now();
  for (auto& service : services_) {
    if (service.begins_at && *service.begins_at <= now) begin_planned(service);
    if (service.settles_at && *service.settles_at <= now) settle(service, service.target);
  }
}

std::optional<Time> HostModel::next_change() const {
  std::optional<Time> next;
  for (const auto& service : services_)
    for (const auto& due : {service.begins_at, service.settles_at})
      if (due && (!next || *due < *next)) next = due;
  return next;
}

void HostModel::add(Listener& listener) {
  listeners_.push_back(&listener);
  planned();
}

void HostModel::remove(Listener& listener) { std::erase(listeners_, &listener); }

void HostModel::planned() const {
  if (!listeners_.empty() && plan_) plan_();
}

void HostModel::tell(const Service& service, std::uint32_t what) {
  for (auto* listener : listeners_) listener->changed(service, what);
}

void HostModel::enter(Service& service, std::uint32_t state) {
  service.status.current_state = state;
  service.changes++;
  tell(service, notify_bit(state));
}

void HostModel::release(Service& service) {
  if (--service.handles == 0 && service.deleted) tell(service, kNotifyDeleted);
}

void HostModel::shut_down(Duration over, Farewell farewell) {
  says_shutdown_ = farewell == Farewell::told;
  if (says_shutdown_)
    for (auto* listener : listeners_) listener->shuts_down();
  std::vector<Service*> running;
  for (auto& service : services_)
    if (service.status.current_state != kStopped) running.push_back(&service);
  const auto count = static_cast<Duration::rep>(running.size());
  for (Duration::rep i = 1; auto* service : running) {
    service->begins_at.reset();
    enter_pending(*service, kStopPending);
    service->target = kStopped;
    service->settles_at = clock_.now() + over * i++ / count;
  }
  planned();
}

void HostModel::boot(Duration over) {
  says_shutdown_ = false;
  std::vector<Service*> starting;
  std::vector<Service*> late;
  for (auto& service : services_) {
    service.begins_at.reset();
    settle(service, kStopped);
    service.status.win32_exit_code = kServiceNeverStarted;
    const auto& definition = *service.definition;
    if (find_boot_service(definition.name)) {  // before they run there is nobody to ask
      settle(service, kRunning);
      continue;
    }
    if (definition.config.start_type != kAutoStart) continue;
    (definition.delayed_start ? late : starting).push_back(&service);
  }
  starting.insert(starting.end(), late.begin(), late.end());
  plan_starts(starting, over);
}

void HostModel::plan_starts(const std::vector<Service*>& services, Duration over) {
  const auto count = static_cast<Duration::rep>(std::max<std::size_t>(services.size(), 1));
  planned_step_ = over / count;
  for (Duration::rep i = 0; auto* service : services)
    service->begins_at = clock_.now() + over * i++ / count;
  planned();
}

void HostModel::begin_planned(Service& service) {
  const auto begun = *std::exchange(service.begins_at, std::nullopt);
  if (service.status.current_state != kStopped) return;
  enter_pending(service, kStartPending);
  service.target = kRunning;
  service.settles_at = begun + planned_step_;
  planned();
}

HostModel::Service* HostModel::find(const ServiceName& name) {
  settle();
  for (auto& service : services_)
    if (service.definition->name == name && service.exists()) return &service;
  return nullptr;
}

void HostModel::begin(Service& service, std::uint32_t pending_state, std::uint32_t target) {
  enter_pending(service, pending_state);
  service.target = target;
  service.settles_at = clock_.now() + options_.pending;
  if (options_.pending == Duration::zero())
    settle(service, target);
  else
    planned();
}

void HostModel::enter_pending(Service& service, std::uint32_t state) {
  service.status.controls_accepted = 0;
  service.status.check_point = 1;
  service.status.wait_hint = kWaitHint;
  if (service.status.process_id == 0) service.status.process_id = next_process_ += 4;
  service.settles_at.reset();
  enter(service, state);
}

void HostModel::settle(Service& service, std::uint32_t state) {
  auto& status = service.status;
  service.settles_at.reset();
  status.controls_accepted = accepted_controls(*service.definition, state);
  status.check_point = 0;
  status.wait_hint = 0;
  if (state == kStopped) {
    status.process_id = 0;
  } else {
    status.win32_exit_code = 0;
    status.service_specific_exit_code = 0;
    if (status.process_id == 0) status.process_id = next_process_ += 4;
  }
  enter(service, state);
}

std::uint32_t HostModel::start(Service& service) {
  if (service.deleted) return kServiceMarkedForDelete;
  if (service.definition->config.start_type == kDisabled) return kServiceDisabled;
  if (service.status.current_state != kStopped) return kServiceAlreadyRunning;
  if (service.starts == Action::unplug) return service.status.win32_exit_code = kServiceLogonFailed;
  if (service.starts == Action::jam)
    enter_pending(service, kStartPending);
  else
    begin(service, kStartPending, kRunning);
  return kSuccess;
}

std::uint32_t HostModel::start_with_dependencies(Service& service) {
  if (service.status.current_state == kStopped) {
    for (const auto& name : service.definition->config.dependency_names()) {
      auto* needed = find(ServiceName(name));
      // Groups and drivers are not in the catalogue.
      if (needed != nullptr && needed->status.current_state == kStopped &&
          start_with_dependencies(*needed) != kSuccess)
        return kServiceDependencyFailed;
    }
  }
  return start(service);
}

std::vector<HostModel::Service*> HostModel::active_dependents(const Service& service) {
  std::vector<Service*> order;
  const auto visit = [&](this const auto& self, const ServiceName& of) -> void {
    for (auto& one : services_) {
      const auto needs = one.definition->config.dependency_names();
      if (!one.exists() || one.status.current_state == kStopped ||
          std::ranges::find(order, &one) != order.end() ||
          std::ranges::none_of(needs, [&](const auto& name) { return ServiceName(name) == of; }))
        continue;
      self(one.definition->name);
      order.push_back(&one);
    }
  };
  visit(service.definition->name);
  return order;
}

std::uint32_t HostModel::stop_alone(Service& service) {
  if (service.status.current_state != kStopped && !active_dependents(service).empty())
    return kDependentServicesRunning;
  return control(service, kStop);
}

std::uint32_t HostModel::control(Service& service, std::uint32_t control) {
  const auto state = service.status.current_state;
  if (state == kStopped) return kServiceNotActive;
  if (control == kInterrogate) return kSuccess;
  const auto accepted = service.status.controls_accepted;
  switch (control) {
    case kStop:
      if ((accepted & kAcceptStop) == 0) return kServiceCannotAcceptControl;
      begin(service, kStopPending, kStopped);
      return kSuccess;
    case kPause:
      if ((accepted & kAcceptPauseContinue) == 0) return kServiceCannotAcceptControl;
      if (state != kPaused) begin(service, kPausePending, kPaused);
      return kSuccess;
    case kContinue:
      if ((accepted & kAcceptPauseContinue) == 0) return kServiceCannotAcceptControl;
      if (state != kRunning) begin(service, kContinuePending, kRunning);
      return kSuccess;
    default:
      return kInvalidServiceControl;
  }
}

HostModel::Service& HostModel::install(const ServiceName& name) {
  for (auto& service : services_)
    if (service.definition->name == name) return service;
  auto& service = add(std::make_shared<ServiceDefinition>(
      name.text(), QueryServiceConfig{.service_type = kWin32OwnProcess,
                                      .start_type = kDemandStart,
                                      .binary_path_name = "C:\\Apps\\" + name.text() + ".exe",
                                      .service_start_name = "LocalSystem",
                                      .display_name = name.text()}));
  service.deleted = true;  // until it is there
  return service;
}

Result<> HostModel::apply(Action action, const ServiceName& name) {
  auto* service = action == Action::install ? &install(name) : find(name);
  if (service == nullptr) return fail(ErrorKind::not_found, "no service " + name.text());
  const auto code = apply(action, *service);
  if (code == kSuccess) return {};
  return std::unexpected(win32_error(code, name.text()));
}

std::uint32_t HostModel::apply(Action action, Service& service) {
  const bool lives = service.status.process_id != 0;
  switch (action) {
    case Action::start:
      return start(service);
    case Action::stop:
      return control(service, kStop);
    case Action::pause:
      return control(service, kPause);
    case Action::resume:
      return control(service, kContinue);
    case Action::restart:
      if (!lives) return kServiceNotActive;
      settle(service, kStopped);
      settle(service, kRunning);
      return kSuccess;
    case Action::crash:
      if (!lives) return kServiceNotActive;
      service.status.win32_exit_code = kProcessAborted;
      settle(service, kStopped);
      return kSuccess;
    case Action::hang:
      if (!lives) return kServiceNotActive;
      enter_pending(service, kStopPending);
      return kSuccess;
    case Action::deny:
    case Action::allow:
      service.denied = action == Action::deny;
      return kSuccess;
    case Action::protect:
    case Action::unprotect:
      service.is_protected = action == Action::protect;
      return kSuccess;
    case Action::unplug:
    case Action::jam:
    case Action::repair:
      service.starts = action;
      return kSuccess;
    case Action::uninstall:
      return uninstall(service);
    case Action::install:
      // Its name is free when the last handle to the old one is closed.
      if (service.deleted && service.handles > 0) return kServiceMarkedForDelete;
      if (std::exchange(service.deleted, false)) tell(service, kNotifyCreated);
      return kSuccess;
  }
  return kInvalidServiceControl;
}

std::uint32_t HostModel::uninstall(Service& service) {
  if (std::exchange(service.deleted, true)) return kServiceMarkedForDelete;
  tell(service, kNotifyDeletePending);
  if (service.handles == 0) tell(service, kNotifyDeleted);
  return kSuccess;
}

}  // namespace tocsin::simulate
