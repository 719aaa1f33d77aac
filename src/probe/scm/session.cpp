#include "probe/scm/session.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "probe/per_user.h"
#include "probe/scm/errors.h"
#include "probe/scm_terms.h"

namespace tocsin::probe::scm {
namespace {

std::uint32_t type_of(const ListedService& service) {
  return service.status.service_type & ~svcctl::kInteractiveProcess;
}

ServiceDetails to_details(Configuration configuration) {
  return {.display_name = std::move(configuration.display_name),
          .start_mode = to_start_mode(configuration.start_type, configuration.delayed),
          .executable_path = std::move(configuration.path),
          .dependencies = std::move(configuration.dependencies),
          .type = configuration.type & ~svcctl::kInteractiveProcess,
          .trigger_start = configuration.trigger_start};
}

Win32Result<ServiceDetails> query_details(Manager& manager, const std::string& service) {
  TRY(auto configuration, manager.query_configuration(service));
  return to_details(std::move(configuration));
}

}  // namespace

Win32Result<ServiceDetails> DetailsReader::read(const std::string& service) {
  if (!manager_) {
    TRY(auto opened, system_->open_manager(machine_));
    manager_ = std::move(opened);
  }
  auto details = query_details(*manager_, service);
  if (!details && !is_about_service(details.error())) manager_.reset();
  return details;
}

std::string machine_of(const std::string& address, const std::vector<std::string>& own_names) {
  const auto name = fold_case(address);
  const auto is = [&name](std::string_view other) { return name == fold_case(other); };
  const bool local = is("localhost") || is(".") || is("::1") || name.starts_with("127.") ||
                     std::ranges::any_of(own_names, is);
  return local ? "" : address;
}

ServiceStatus without_ghosts(ServiceStatus status,
                             const std::unordered_set<std::uint32_t>& processes) {
  const bool has_process = status.state != ServiceState::stopped && status.process_id != 0;
  if (!has_process || processes.contains(status.process_id)) return status;
  return {.state = ServiceState::stopped, .exit_code = svcctl::kProcessAborted};
}

Session::Session(std::shared_ptr<System> system, Host host, const DetailsLimits& limits)
    : system_(std::move(system)),
      machine_(std::move(host.machine)),
      watchlist_(std::move(host.watchlist)),
      details_(limits, host.name) {}

Result<Services> Session::check(Time now) {
  auto seen = check_once(now);
  if (seen || !is_shutdown(seen.error())) return seen;
  manager_.reset();
  return std::unexpected(shutdown_error());
}

Result<Services> Session::check_once(Time now) {
  trace_ = {.session = manager_ ? CheckTrace::Session::kept : CheckTrace::Session::none};
  TRY(const auto list, enumerate());
  trace_.listed = list.size();
  auto services = select_watched(list);
  if (auto added = add_absent(services, now); !added) {
    manager_.reset();
    return fail(std::move(added));
  }
  if (machine_.empty()) {
    boot_.booted_at = now - system_->uptime();
    TRY(bury_ghosts(services));
  }
  details_.observe(services);
  details_.attach(services);
  if (watchlist_.needs_details()) keep_watched(services, watchlist_, reported_);
  seen_.clear();
  for (const auto& service : services)
    if (service.status.state != ServiceState::missing) seen_.insert(service.name);
  return services;
}

Result<std::vector<ListedService>> Session::enumerate() {
  // A manager that was kept open may be one of a host that has restarted since: that is no reason
  // to call it unreachable before it was opened anew.
  for (bool kept = manager_ != nullptr;; kept = false) {
    if (!manager_) {
      auto opened = system_->open_manager(machine_);
      if (!opened)
        return std::unexpected(explain(opened.error(), "opening the service manager", machine_));
      manager_ = *std::move(opened);
      trace_.session = CheckTrace::Session::opened;
    }
    auto list = manager_->enumerate();
    if (list) return *std::move(list);
    manager_.reset();
    auto error = explain(list.error(), "listing the services", machine_);
    if (!kept || list.error() == svcctl::kShutdownInProgress)
      return std::unexpected(std::move(error));
    trace_.dropped = std::move(error.what);
  }
}

Services Session::select_watched(const std::vector<ListedService>& list) {
  std::vector<Listed> listed;
  listed.reserve(list.size());
  for (const auto& service : list) {
    listed.push_back({.place = listed.size(),
                      .name = ServiceName(service.name),
                      .display_name = service.display_name,
                      .type = type_of(service)});
  }
  auto selection = select(listed, watchlist_, reported_.value_or(Names{}));
  details_.introduce(selection.details);
  const auto status_at = [&](std::size_t place) { return to_status(list[place].status); };
  auto services = observe(selection, status_at);
  boot_ = read_boot_signs(selection, status_at);
  copies_ = std::move(selection.copies);
  return services;
}

/// A question costs little here, so each check asks.
Result<> Session::add_absent(Services& services, Time now) {
  absent_.find(services, seen_, watchlist_, details_);
  const auto due = absent_.due(now);
  trace_.asked = due.size();
  for (const auto& name : due) {
    const auto raw = manager_->query_status(name.text());
    if (!raw && !is_about_service(raw.error()))
      return std::unexpected(explain(raw.error(), "asking for " + name.text(), machine_));
    absent_.answer(
        name,
        raw ? to_status(*raw) : ServiceStatus{.state = to_state(explain(raw.error(), "", ""))},
        now);
  }
  absent_.add_to(services);
  return {};
}

/// Asks the manager once more about those whose process is gone: they may only have stopped since
/// they were listed, and it knows how.
Result<> Session::bury_ghosts(Services& services) const {
  const auto processes = system_->processes();
  if (!processes) return {};
  for (auto& service : services) {
    const auto buried = without_ghosts(service.status, *processes);
    if (buried == service.status) continue;
    const auto raw = manager_->query_status(service.name.text());
    if (!raw && raw.error() == svcctl::kShutdownInProgress)
      return std::unexpected(shutdown_error());
    if (!raw) continue;
    const auto now = to_status(*raw);
    service.status = now.process_id == service.status.process_id ? buried : now;
  }
  return {};
}

const ServiceName& Session::source_of_details(const ServiceName& name) const {
  const auto copy = copies_.find(name);
  return copy == copies_.end() ? name : copy->second;
}

Result<Services> Session::list() {
  const auto list = enumerate();
  if (!list) return std::unexpected(is_shutdown(list.error()) ? shutdown_error() : list.error());
  Services services;
  for (const auto& entry : *list) {
    auto details = manager_ ? query_details(*manager_, entry.name)
                            : std::unexpected(std::uint32_t{svcctl::kInvalidHandle});
    if (!details && !is_about_service(details.error())) manager_.reset();
    if (!details && details.error() == svcctl::kShutdownInProgress)
      return std::unexpected(shutdown_error());
    if (!details)
      details = ServiceDetails{.display_name = entry.display_name, .type = type_of(entry)};
    services.push_back({.name = ServiceName(entry.name),
                        .status = to_status(entry.status),
                        .details = std::make_shared<const ServiceDetails>(*std::move(details))});
  }
  return services;
}

}  // namespace tocsin::probe::scm
