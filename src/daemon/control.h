// Starting and stopping services by hand: what commands and the web share.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "config/monitored/host.h"
#include "domain/action.h"
#include "probe/control.h"
#include "store/requests.h"
#include "web/monitor.h"

namespace tocsin::daemon {

/// For a request that somebody waits for.
inline constexpr std::chrono::minutes kControlLimit{5};

/// How long tocsin waits at its end for services that are being started or stopped: those of a
/// restart would stay stopped.
inline constexpr std::chrono::minutes kLastControls{2};

/// For the log, where that was not long enough.
[[nodiscard]] std::string left_behind(const HostName& host);

/// "it is RUNNING (was STOPPED)", "it was RUNNING already", "start Fax: ... (error 1069)": how it
/// ended, for the history and the log.
[[nodiscard]] std::string outcome_text(const Result<probe::ControlReport>& report);

/// What the web and the commands show of it.
[[nodiscard]] web::Controlled shown(const config::Host& host, const probe::ControlRequest& request,
                                    const Result<probe::ControlReport>& report);

/// What a person's request has done: stopped is what rests because of it, and started what is meant
/// to run, even where that has failed.
[[nodiscard]] store::ControlByPerson by_person(const HostName& host,
                                               const probe::ControlRequest& request,
                                               const Result<probe::ControlReport>& report,
                                               Actor who);

[[nodiscard]] probe::ControlKind control_kind(ActionKind action);
[[nodiscard]] ActionKind action_kind(probe::ControlKind kind);

}  // namespace tocsin::daemon
