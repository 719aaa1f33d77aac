#include "probe/smb/smb_probe.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {
namespace {

using Services = std::vector<ObservedService>;

/// Whether the error is the service manager's word about one service, and the session is sound.
bool is_about_service(const Error& error) {
  constexpr std::uint32_t kLargestWin32 = 0xFFFF;
  const bool answer = error.kind == Kind::not_found || error.kind == Kind::denied ||
                      error.kind == Kind::unsupported || error.kind == Kind::rejected;
  return answer && error.native && *error.native <= kLargestWin32;
}

/// A state that does not exist is one service's trouble, not its host's.
ServiceStatus to_status(const svcctl::ServiceStatusProcess& wire) {
  return {.state = wire.has_valid_state() ? static_cast<ServiceState>(wire.current_state)
                                          : ServiceState::unknown,
          .process_id = wire.process_id,
          .exit_code = wire.win32_exit_code,
          .service_exit_code = wire.service_specific_exit_code,
          .checkpoint = wire.check_point,
          .wait_hint = std::chrono::milliseconds(wire.wait_hint)};
}

StartMode to_start_mode(std::uint32_t start_type, bool delayed) {
  switch (start_type) {
    case svcctl::kBootStart:
      return StartMode::boot;
    case svcctl::kSystemStart:
      return StartMode::system;
    case svcctl::kAutoStart:
      return delayed ? StartMode::automatic_delayed : StartMode::automatic;
    case svcctl::kDemandStart:
      return StartMode::manual;
    case svcctl::kDisabled:
      return StartMode::disabled;
    default:
      return StartMode::unknown;
  }
}

ServiceDetails to_details(svcctl::QueryServiceConfig config, bool delayed) {
  return {.display_name = std::move(config.display_name),
          .start_mode = to_start_mode(config.start_type, delayed),
          .executable_path = std::move(config.binary_path_name),
          .dependencies = config.dependency_names(),
          .type = config.service_type & ~svcctl::kInteractiveProcess};
}

class SmbProbe final : public Probe {
 public:
  SmbProbe(const config::Host& host, SmbProbeOptions options, net::Connector& connector,
           RandomFill random, const Clock& clock)
      : host_(host),
        options_(options),
        connector_(connector),
        random_(std::move(random)),
        clock_(clock) {}

  net::awaitable<Result<Services>> check(net::Deadline deadline) override {
    return with_session(&SmbProbe::look, deadline);
  }
  net::awaitable<Result<Services>> list(net::Deadline deadline) override {
    return with_session(&SmbProbe::look_at_everything, deadline);
  }
  net::awaitable<void> close(net::Deadline deadline) override;

 private:
  /// What is kept about a watched service from check to check.
  struct Known {
    std::optional<svcctl::Handle> handle;  ///< of the present session
    std::shared_ptr<const ServiceDetails> details;
    Time details_at{};
    ServiceStatus last;
  };
  using Look = net::awaitable<Result<Services>> (SmbProbe::*)(net::Deadline);

  net::awaitable<Result<Services>> with_session(Look look, net::Deadline deadline);
  void drop_session();

  net::awaitable<Result<Services>> look(net::Deadline deadline);
  net::awaitable<Result<Services>> look_at_each(net::Deadline deadline);
  net::awaitable<Result<Services>> look_at_list(net::Deadline deadline);
  net::awaitable<Result<Services>> look_at_everything(net::Deadline deadline);
  net::awaitable<Result<ServiceStatus>> query(const ServiceName& name, net::Deadline deadline);
  net::awaitable<Result<>> refresh_details(Services& services, net::Deadline deadline);
  net::awaitable<Result<std::optional<ServiceDetails>>> read_details(const ServiceName& name,
                                                                     net::Deadline deadline);

  const config::Host& host_;
  const SmbProbeOptions options_;
  net::Connector& connector_;
  const RandomFill random_;
  const Clock& clock_;
  svcctl::HostTraits traits_;
  std::unique_ptr<SmbSession> session_;
  std::unordered_map<ServiceName, Known> known_;
};

net::awaitable<Result<Services>> SmbProbe::with_session(Look look, net::Deadline deadline) {
  // A connection that was kept open may be dead without anybody having said so (a firewall forgot
  // it, the host restarted): that is no reason to call the host unreachable.
  const bool kept = session_ != nullptr;
  for (bool second = false;; second = true) {
    if (!session_) {
      auto opened = co_await SmbSession::open({host_, options_, connector_, random_, clock_},
                                              traits_, deadline);
      if (!opened) co_return fail(std::move(opened));
      session_ = *std::move(opened);
    }
    auto seen = co_await (this->*look)(deadline);
    if (seen) {
      traits_ = session_->traits();
      co_return seen;
    }
    drop_session();
    const bool may_be_stale =
        kept && !second &&
        (seen.error().kind == Kind::unreachable || seen.error().kind == Kind::timed_out ||
         seen.error().kind == Kind::rejected);
    if (!may_be_stale) co_return seen;
  }
}

void SmbProbe::drop_session() {
  session_.reset();
  for (auto& [name, known] : known_) known.handle.reset();
}

net::awaitable<void> SmbProbe::close(net::Deadline deadline) {
  if (session_) co_await session_->log_off(deadline);
  drop_session();
}

net::awaitable<Result<Services>> SmbProbe::look(net::Deadline deadline) {
  const auto& watched = host_.services;
  const bool one_by_one =
      !watched.has_patterns() && watched.exact_names().size() <= options_.most_single_queries;
  auto seen = one_by_one ? co_await look_at_each(deadline) : co_await look_at_list(deadline);
  if (!seen) co_return seen;
  if (auto refreshed = co_await refresh_details(*seen, deadline); !refreshed) {
    co_return fail(std::move(refreshed));
  }
  co_return seen;
}

net::awaitable<Result<Services>> SmbProbe::look_at_each(net::Deadline deadline) {
  Services services;
  for (const auto& name : host_.services.exact_names()) {
    const auto status = co_await query(name, deadline);
    if (!status) co_return std::unexpected(status.error());
    services.push_back({.name = name, .status = *status});
  }
  co_return services;
}

/// Through a handle that stays open while the service is up. Not longer: Windows cannot remove a
/// service whose handles are open, and an installer that replaces it would fail (1072).
net::awaitable<Result<ServiceStatus>> SmbProbe::query(const ServiceName& name,
                                                      net::Deadline deadline) {
  auto& known = known_[name];
  if (known.handle) {
    const auto status = co_await session_->query_status(*known.handle, deadline);
    if (status && status->current_state != svcctl::kStopped) co_return to_status(*status);
    if (!status && !is_about_service(status.error())) co_return std::unexpected(status.error());
    // Stopped, or a handle that is good no more: what counts is what the name stands for now.
    auto closed = co_await session_->close_service(*known.handle, deadline);
    known.handle.reset();
    if (!closed && !is_about_service(closed.error())) co_return fail(std::move(closed));
  }
  const auto handle = co_await session_->open_service(name.text(), deadline);
  if (!handle) {
    if (!is_about_service(handle.error())) co_return std::unexpected(handle.error());
    if (handle.error().kind == Kind::not_found) {
      co_return ServiceStatus{.state = ServiceState::missing};
    }
    co_return ServiceStatus{.state = ServiceState::denied};
  }
  const auto status = co_await session_->query_status(*handle, deadline);
  if (status && status->current_state != svcctl::kStopped) {
    known.handle = *handle;
    co_return to_status(*status);
  }
  auto closed = co_await session_->close_service(*handle, deadline);
  if (!closed && !is_about_service(closed.error())) co_return fail(std::move(closed));
  if (status) co_return to_status(*status);
  if (!is_about_service(status.error())) co_return std::unexpected(status.error());
  co_return ServiceStatus{.state = status.error().kind == Kind::not_found ? ServiceState::missing
                                                                          : ServiceState::denied};
}

net::awaitable<Result<Services>> SmbProbe::look_at_list(net::Deadline deadline) {
  const auto list = co_await session_->enumerate(deadline);
  if (!list) co_return std::unexpected(list.error());
  Services services;
  for (const auto& entry : list->services()) {
    ServiceName name(from_utf16(entry.service_name));
    if (host_.services.find(name) == nullptr) continue;
    services.push_back({.name = std::move(name), .status = to_status(entry.status)});
  }
  // The list leaves out what the account may not see: absent is not missing until the host says so.
  for (const auto& name : host_.services.exact_names()) {
    if (std::ranges::find(services, name, &ObservedService::name) != services.end()) continue;
    const auto status = co_await query(name, deadline);
    if (!status) co_return std::unexpected(status.error());
    services.push_back({.name = name, .status = *status});
  }
  co_return services;
}

net::awaitable<Result<>> SmbProbe::refresh_details(Services& services, net::Deadline deadline) {
  const Time now = clock_.now();
  for (auto& service : services) {
    auto& known = known_[service.name];
    const bool changed = known.last.state != service.status.state ||
                         known.last.process_id != service.status.process_id;
    const bool old = now - known.details_at >= options_.details_age || now < known.details_at;
    known.last = service.status;
    const bool readable = service.status.state != ServiceState::missing &&
                          service.status.state != ServiceState::denied;
    if (readable && (changed || old)) {
      auto read = co_await read_details(service.name, deadline);
      if (!read) co_return fail(std::move(read));
      known.details_at = now;
      if (*read && (!known.details || **read != *known.details)) {
        known.details = std::make_shared<const ServiceDetails>(**std::move(read));
      }
    }
    service.details = known.details;
  }
  std::erase_if(known_, [&](const auto& entry) {
    return std::ranges::find(services, entry.first, &ObservedService::name) == services.end();
  });
  co_return Result<>{};
}

/// Nothing: the host does not let us read them, which is no error of the check.
net::awaitable<Result<std::optional<ServiceDetails>>> SmbProbe::read_details(
    const ServiceName& name, net::Deadline deadline) {
  const auto handle = co_await session_->open_service(name.text(), deadline);
  if (!handle) {
    if (is_about_service(handle.error())) co_return std::nullopt;
    co_return std::unexpected(handle.error());
  }
  auto config = co_await session_->query_config(*handle, deadline);
  if (!config && !is_about_service(config.error())) co_return fail(std::move(config));
  bool delayed = false;
  if (config && config->start_type == svcctl::kAutoStart) {
    const auto answer = co_await session_->query_delayed_start(*handle, deadline);
    if (!answer && !is_about_service(answer.error())) co_return std::unexpected(answer.error());
    delayed = answer.value_or(false);
  }
  auto closed = co_await session_->close_service(*handle, deadline);
  if (!closed && !is_about_service(closed.error())) co_return fail(std::move(closed));
  if (!config) co_return std::nullopt;
  co_return to_details(*std::move(config), delayed);
}

net::awaitable<Result<Services>> SmbProbe::look_at_everything(net::Deadline deadline) {
  const auto list = co_await session_->enumerate(deadline);
  if (!list) co_return std::unexpected(list.error());
  Services services;
  for (const auto& entry : list->services()) {
    ObservedService service{.name = ServiceName(from_utf16(entry.service_name)),
                            .status = to_status(entry.status)};
    auto read = co_await read_details(service.name, deadline);
    if (!read) co_return fail(std::move(read));
    auto details = std::move(*read).value_or(
        ServiceDetails{.display_name = from_utf16(entry.display_name),
                       .type = entry.status.service_type & ~svcctl::kInteractiveProcess});
    service.details = std::make_shared<const ServiceDetails>(std::move(details));
    services.push_back(std::move(service));
  }
  co_return services;
}

}  // namespace

std::unique_ptr<Probe> make_smb_probe(const config::Host& host, SmbProbeOptions options,
                                      net::Connector& connector, RandomFill random,
                                      const Clock& clock) {
  return std::make_unique<SmbProbe>(host, options, connector, std::move(random), clock);
}

}  // namespace tocsin::probe
