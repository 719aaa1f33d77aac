#include "probe/control_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/try.h"
#include "probe/per_user.h"
#include "probe/scm_terms.h"
#include "wire/svcctl/refusals.h"

namespace tocsin::probe {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr auto kFirstPause = 100ms;
constexpr auto kLongestPause = 1000ms;
/// A service that gives no wait hint, or a hasty one, has so long to make progress.
constexpr std::chrono::milliseconds kLeastPatience = 10s;
/// More than all that need RPC on a large server. Each of them is opened before any is stopped.
constexpr std::size_t kMostDependents = 500;

struct Right {
  std::uint32_t bit;
  std::string_view name;  ///< in Win32
  ControlKind kind;       ///< of the step that needs it
};
constexpr std::array kRights = std::to_array<Right>(
    {{svcctl::kServiceStart, "SERVICE_START", ControlKind::start},
     {svcctl::kServicePauseContinue, "SERVICE_PAUSE_CONTINUE", ControlKind::start},
     {svcctl::kServiceStop, "SERVICE_STOP", ControlKind::stop},
     {svcctl::kServiceEnumerateDependents, "SERVICE_ENUMERATE_DEPENDENTS", ControlKind::stop}});

Error lacks(const Right& right, const ServiceName& service) {
  return {
      ErrorKind::denied,
      fmt::format("access is denied: grant the account {} on {}, as docs/windows-hosts.md shows",
                  right.name, service.text()),
      svcctl::kAccessDenied};
}

/// In the words for services, without the name of the call.
Error in_words(const Error& error) {
  const bool known = error.native && svcctl::find_refusal(*error.native) != nullptr;
  return known ? svcctl::win32_error(*error.native) : error;
}

/// Why a service that was started has stopped again.
Error failed_start(const ServiceStatus& status) {
  if (status.exit_code == svcctl::kServiceSpecificError)
    return {ErrorKind::rejected,
            fmt::format("it stopped again with its own error {}", status.service_exit_code),
            status.exit_code};
  if (status.exit_code != 0 && status.exit_code != svcctl::kServiceNeverStarted)
    return svcctl::win32_error(status.exit_code);
  return {ErrorKind::rejected, "it started and stopped again without an error", {}};
}

bool has_settled(const ServiceStatus& status) { return !is_pending(status.state); }

/// The manager refuses every control of a service that starts or stops, with 1061 [ControlService].
bool takes_controls(const ServiceStatus& status) {
  return status.state != ServiceState::start_pending && status.state != ServiceState::stop_pending;
}

Result<> check_type(const ServiceName& service, std::uint32_t type) {
  if ((type & svcctl::kWin32) == 0)
    return fail(ErrorKind::unsupported, service.text() + " is a driver, not a service");
  if (is_template(type & ~svcctl::kInteractiveProcess))
    return fail(ErrorKind::unsupported,
                service.text() +
                    " is the template of a per-user service: Windows runs a copy of it for each "
                    "logon, under a name of its own");
  return {};
}

class Run {
 public:
  Run(ControlledHost& host, ControlRequest request, net::Deadline deadline)
      : host_(host), request_(std::move(request)), deadline_(deadline) {}

  net::awaitable<Result<ControlReport>> run();

 private:
  using Condition = bool (*)(const ServiceStatus&);

  net::awaitable<Result<>> look();
  [[nodiscard]] bool is_as_asked() const;
  net::awaitable<bool> prepare();
  net::awaitable<bool> prepare_start();
  net::awaitable<bool> prepare_stop(ServiceName service, std::uint32_t rights);
  net::awaitable<bool> list_dependents();
  net::awaitable<void> perform();
  net::awaitable<bool> may_stop(ServiceName service);
  net::awaitable<bool> do_step(ControlKind kind, ServiceName service, net::Deadline by);
  net::awaitable<Result<>> start(ServiceName service, net::Deadline by);
  net::awaitable<Result<>> stop(ServiceName service, net::Deadline by);
  net::awaitable<Result<ServiceStatus>> wait(ServiceName service, Condition reached,
                                             net::Deadline by);

  net::awaitable<bool> open(ServiceName service, std::uint32_t rights);
  net::awaitable<bool> check_start_mode(ServiceName service);
  void refuse(ControlKind kind, const ServiceName& service, Error error) {
    report_.steps.push_back(
        {.kind = kind, .service = service, .outcome = std::unexpected(std::move(error))});
  }

  ControlledHost& host_;
  ControlRequest request_;
  net::Deadline deadline_;
  ControlReport report_;
  std::vector<ServiceName> to_stop_;   ///< in order
  std::vector<ServiceName> to_start_;  ///< likewise
};

net::awaitable<Result<ControlReport>> Run::run() {
  CO_TRY(co_await look());
  report_.after = report_.before;
  if (is_as_asked()) co_return report_;
  if (!co_await prepare()) co_return report_;
  if (request_.dry_run) {
    for (const auto& service : to_stop_) report_.steps.push_back({ControlKind::stop, service});
    for (const auto& service : to_start_) report_.steps.push_back({ControlKind::start, service});
    co_return report_;
  }
  co_await perform();
  const auto after = co_await host_.query_status(request_.service, deadline_);
  report_.after = after.value_or(ServiceStatus{});
  co_return report_;
}

net::awaitable<Result<>> Run::look() {
  const auto& service = request_.service;
  const auto opened = co_await host_.open(service, 0, deadline_);
  if (!opened && opened.error().native == svcctl::kAccessDenied)
    co_return fail(ErrorKind::denied,
                   "access is denied: let the account query " + service.text() +
                       ", as docs/windows-hosts.md shows",
                   svcctl::kAccessDenied);
  if (!opened)
    co_return fail(in_words(opened.error()).kind, in_words(opened.error()).what,
                   opened.error().native);
  CO_TRY(const auto configuration, co_await host_.query_configuration(service, deadline_));
  CO_TRY(check_type(service, configuration.type));
  CO_TRY(report_.before, co_await host_.query_status(service, deadline_));
  if (request_.unless_running && report_.before.state == ServiceState::start_pending) {
    const auto settled = co_await wait(service, takes_controls, deadline_);
    if (settled) report_.before = *settled;
  }
  co_return Result<>{};
}

bool Run::is_as_asked() const {
  const auto state = report_.before.state;
  if (request_.kind == ControlKind::stop) return state == ServiceState::stopped;
  return state == ServiceState::running &&
         (request_.kind == ControlKind::start || request_.unless_running);
}

/// Plans the steps. False: one of them cannot be, which the report says; nothing was done.
net::awaitable<bool> Run::prepare() {
  const bool rests = report_.before.state == ServiceState::stopped;
  if (request_.kind == ControlKind::start || rests) co_return co_await prepare_start();
  const bool restarts = request_.kind == ControlKind::restart;
  const std::uint32_t rights =
      svcctl::kServiceStop | (restarts ? std::uint32_t{svcctl::kServiceStart} : 0);
  if (restarts && !co_await check_start_mode(request_.service)) co_return false;
  if (!co_await open(request_.service, rights | svcctl::kServiceEnumerateDependents))
    co_return false;
  if (!co_await list_dependents()) co_return false;
  for (const auto& service : std::vector(to_stop_))
    if (!co_await prepare_stop(service, rights)) co_return false;
  to_stop_.push_back(request_.service);
  if (restarts) to_start_.insert(to_start_.begin(), request_.service);
  co_return true;
}

net::awaitable<bool> Run::prepare_start() {
  const auto state = report_.before.state;
  const bool is_paused = state == ServiceState::paused || state == ServiceState::pause_pending;
  if (!is_paused && !co_await check_start_mode(request_.service)) co_return false;
  const std::uint32_t right = is_paused ? svcctl::kServicePauseContinue : svcctl::kServiceStart;
  if (!co_await open(request_.service, right)) co_return false;
  to_start_.push_back(request_.service);
  co_return true;
}

net::awaitable<bool> Run::list_dependents() {
  const auto dependents = co_await host_.dependents(request_.service, deadline_);
  if (!dependents) {
    // One that does not tell says 1051 where there are some.
    if (dependents.error().kind == ErrorKind::unsupported) co_return true;
    refuse(ControlKind::stop, request_.service, in_words(dependents.error()));
    co_return false;
  }
  if (dependents->size() > kMostDependents) {
    refuse(ControlKind::stop, request_.service,
           {ErrorKind::unsupported,
            fmt::format("{} services depend on it: tocsin stops at most {}, so stop some by hand",
                        dependents->size(), kMostDependents),
            {}});
    co_return false;
  }
  // A host that names one twice, or the service itself, must not have it stopped or started twice.
  std::set<ServiceName> named{request_.service};
  for (const auto& dependent : *dependents)
    if (named.insert(dependent).second) to_stop_.push_back(dependent);
  co_return true;
}

/// Of a dependent. What already stops is not started again.
net::awaitable<bool> Run::prepare_stop(ServiceName service, std::uint32_t rights) {
  if (!co_await open(service, rights)) co_return false;
  if (request_.kind != ControlKind::restart) co_return true;
  const auto status = co_await host_.query_status(service, deadline_);
  if (!status) {
    refuse(ControlKind::stop, service, in_words(status.error()));
    co_return false;
  }
  if (status->state == ServiceState::stopped || status->state == ServiceState::stop_pending)
    co_return true;
  to_start_.insert(to_start_.begin(), service);
  co_return co_await check_start_mode(service);
}

net::awaitable<bool> Run::open(ServiceName service, std::uint32_t rights) {
  const auto opened = co_await host_.open(service, rights, deadline_);
  if (opened) co_return true;
  const auto& error = opened.error();
  if (error.native != svcctl::kAccessDenied) {
    refuse(request_.kind == ControlKind::start ? ControlKind::start : ControlKind::stop, service,
           in_words(error));
    co_return false;
  }
  // Which of them it is that the account lacks.
  const Right* missing = nullptr;
  for (const auto& right : kRights) {
    if ((rights & right.bit) == 0) continue;
    if (missing == nullptr) missing = &right;
    const auto alone = co_await host_.open(service, right.bit, deadline_);
    if (alone) continue;
    missing = &right;
    break;
  }
  refuse(missing->kind, service, lacks(*missing, service));
  co_return false;
}

/// A service that is disabled is not started, nor stopped in order to be started.
net::awaitable<bool> Run::check_start_mode(ServiceName service) {
  const auto configuration = co_await host_.query_configuration(service, deadline_);
  if (configuration && configuration->start_mode != StartMode::disabled) co_return true;
  refuse(ControlKind::start, service,
         configuration ? Error{ErrorKind::rejected,
                               service.text() + " is disabled: set its start type to manual or "
                                                "automatic first (error 1058)",
                               svcctl::kServiceDisabled}
                       : in_words(configuration.error()));
  co_return false;
}

/// What a restart has stopped it starts again, also behind a step that failed, and what may stop
/// yet.
net::awaitable<void> Run::perform() {
  const auto now = net::MonotonicClock::now();
  // The last quarter is for starts.
  const auto stop_by = to_start_.empty() ? deadline_ : now + (deadline_ - now) / 4 * 3;
  std::vector<ServiceName> stopped;
  for (const auto& service : to_stop_) {
    const bool done = co_await do_step(ControlKind::stop, service, stop_by);
    if (done || co_await may_stop(service)) stopped.push_back(service);
    if (!done) break;
  }
  for (const auto& service : to_start_) {
    const bool rests = to_stop_.empty() || std::ranges::find(stopped, service) != stopped.end();
    if (rests) (void)co_await do_step(ControlKind::start, service, deadline_);
  }
}

/// Or has stopped, or cannot be asked now.
net::awaitable<bool> Run::may_stop(ServiceName service) {
  const auto status = co_await host_.query_status(service, deadline_);
  co_return !status || status->state == ServiceState::stop_pending ||
      status->state == ServiceState::stopped;
}

net::awaitable<bool> Run::do_step(ControlKind kind, ServiceName service, net::Deadline by) {
  const auto begun = net::MonotonicClock::now();
  auto outcome =
      kind == ControlKind::start ? co_await start(service, by) : co_await stop(service, by);
  const bool done = outcome.has_value();
  if (!done && outcome.error().native == svcctl::kAccessDenied) {
    outcome = std::unexpected(lacks(*std::ranges::find(kRights, kind, &Right::kind), service));
  }
  report_.steps.push_back(
      {.kind = kind,
       .service = std::move(service),
       .outcome = std::move(outcome),
       .took = std::chrono::duration_cast<Duration>(net::MonotonicClock::now() - begun)});
  co_return done;
}

/// What became of a call that was not answered, the state says; where it had no effect it is made
/// once more.
net::awaitable<Result<>> Run::start(ServiceName service, net::Deadline by) {
  for (bool again = false;; again = true) {
    CO_TRY(const auto before, co_await wait(service, has_settled, by));
    if (before.state == ServiceState::running) co_return Result<>{};
    const auto begun = before.state == ServiceState::paused
                           ? co_await host_.control(service, svcctl::kContinue, by)
                           : co_await host_.start(service, by);
    if (!begun && !again && is_unanswered(begun.error())) continue;
    if (!begun && begun.error().native != svcctl::kServiceAlreadyRunning)
      co_return std::unexpected(in_words(begun.error()));
    CO_TRY(const auto after, co_await wait(service, has_settled, by));
    if (after.state == ServiceState::stopped) co_return std::unexpected(failed_start(after));
    if (after.state != ServiceState::running)
      co_return fail(ErrorKind::rejected, fmt::format("it is {}", to_string(after.state)));
    co_return Result<>{};
  }
}

/// As start().
net::awaitable<Result<>> Run::stop(ServiceName service, net::Deadline by) {
  for (bool again = false;; again = true) {
    CO_TRY(const auto before, co_await wait(service, takes_controls, by));
    if (before.state == ServiceState::stopped) co_return Result<>{};
    const bool is_up = before.state == ServiceState::running && service == request_.service;
    if (is_up && request_.unless_running) co_return Result<>{};
    const auto begun = co_await host_.control(service, svcctl::kStop, by);
    if (!begun && !again && is_unanswered(begun.error())) continue;
    if (!begun && begun.error().native != svcctl::kServiceNotActive)
      co_return std::unexpected(in_words(begun.error()));
    CO_TRY(co_await wait(
        service, [](const ServiceStatus& status) { return status.state == ServiceState::stopped; },
        by));
    co_return Result<>{};
  }
}

/// A service has made progress when its state is another one, or its check point. One that a
/// restart has not seen stop may do so at any time, and would stay so.
net::awaitable<Result<ServiceStatus>> Run::wait(ServiceName service, Condition reached,
                                                net::Deadline by) {
  std::optional<ServiceStatus> last;
  net::Deadline progress_at{};
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    const auto answer = co_await host_.query_status(service, by);
    if (!answer) co_return std::unexpected(in_words(answer.error()));
    const auto& status = *answer;
    if (reached(status)) co_return status;
    const auto now = net::MonotonicClock::now();
    if (!last || last->state != status.state || last->checkpoint != status.checkpoint)
      progress_at = now;
    last = status;
    const auto patience =
        std::max(kLeastPatience, std::chrono::milliseconds(status.wait_hint.count()));
    const bool is_to_start =
        request_.kind == ControlKind::restart && status.state == ServiceState::stop_pending;
    const auto until = is_to_start ? by : std::min(by, progress_at + patience);
    if (now >= until)
      co_return fail(
          ErrorKind::timed_out,
          fmt::format("it is still {} after {} s without progress", to_string(status.state),
                      std::chrono::duration_cast<std::chrono::seconds>(now - progress_at).count()));
    co_await net::sleep_until(std::min(now + pause, until));
  }
}

}  // namespace

net::awaitable<Result<ControlReport>> run_control(ControlledHost& host, ControlRequest request,
                                                  net::Deadline deadline) {
  Run run(host, std::move(request), deadline);
  co_return co_await run.run();
}

}  // namespace tocsin::probe
