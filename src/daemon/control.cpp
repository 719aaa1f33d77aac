#include "daemon/control.h"

#include <utility>

#include <fmt/format.h>

namespace tocsin::daemon {

std::string left_behind(const HostName& host) {
  return fmt::format("host {}: tocsin ends while it starts or stops a service: see what runs there",
                     host.text());
}

std::string outcome_text(const Result<probe::ControlReport>& report) {
  if (!report) return report.error().what;
  const auto before = to_string(report->before.state);
  if (report->steps.empty()) return fmt::format("it was {} already", before);
  for (const auto& step : report->steps)
    if (!step.outcome)
      return fmt::format("{} {}: {}", to_string(step.kind), step.service.text(),
                         step.outcome.error().what);
  return fmt::format("it is {} (was {})", to_string(report->after.state), before);
}

web::Controlled shown(const config::Host& host, const probe::ControlRequest& request,
                      const Result<probe::ControlReport>& report) {
  web::Controlled all{.host = host.name.text(),
                      .service = request.service.text(),
                      .action = to_string(request.kind),
                      .dry_run = request.dry_run};
  if (!report) {
    all.error = report.error().what;
    all.summary = all.error;
    return all;
  }
  all.before = to_string(report->before.state);
  all.after = to_string(report->after.state);
  for (const auto& step : report->steps)
    all.steps.push_back({.action = to_string(step.kind),
                         .service = step.service.text(),
                         .error = step.outcome ? std::string() : step.outcome.error().what,
                         .took = step.took});
  all.summary = outcome_text(report);
  if (!report->outcome()) all.error = all.summary;
  return all;
}

store::ControlByPerson by_person(const HostName& host, const probe::ControlRequest& request,
                                 const Result<probe::ControlReport>& report, Actor who) {
  store::ControlByPerson all{.action = {.by = std::move(who),
                                        .kind = action_kind(request.kind),
                                        .scope = {.host = host, .service = request.service},
                                        .reason = outcome_text(report)},
                             .stopped = {},
                             .started = {}};
  if (!report) return all;
  if (request.kind != probe::ControlKind::stop) {
    all.started.push_back(request.service);
    return all;
  }
  for (const auto& step : report->steps)
    if (step.outcome && step.service != request.service) all.stopped.push_back(step.service);
  const auto state = report->after.state;
  if (state == ServiceState::stopped || state == ServiceState::stop_pending)
    all.stopped.push_back(request.service);
  return all;
}

probe::ControlKind control_kind(ActionKind action) {
  if (action == ActionKind::started) return probe::ControlKind::start;
  return action == ActionKind::stopped ? probe::ControlKind::stop : probe::ControlKind::restart;
}

ActionKind action_kind(probe::ControlKind kind) {
  switch (kind) {
    case probe::ControlKind::start:
      return ActionKind::started;
    case probe::ControlKind::stop:
      return ActionKind::stopped;
    case probe::ControlKind::restart:
      break;
  }
  return ActionKind::restarted;
}

}  // namespace tocsin::daemon
