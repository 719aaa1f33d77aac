// Starting and stopping services by hand: what commands and the web share.
#pragma once

#include <chrono>
#include <string>

#include "base/error.h"
#include "config/monitored/host.h"
#include "domain/action.h"
#include "probe/control.h"
#include "web/monitor.h"

namespace tocsin::daemon {

/// For a request that somebody waits for.
inline constexpr std::chrono::minutes kControlLimit{5};

/// "it is RUNNING (was STOPPED)", "it was RUNNING already", "start Fax: ... (error 1069)": how it
/// ended, for the history and the log.
[[nodiscard]] std::string outcome_text(const Result<probe::ControlReport>& report);

/// What the web and the commands show of it.
[[nodiscard]] web::Controlled shown(const config::Host& host, const probe::ControlRequest& request,
                                    const Result<probe::ControlReport>& report);

/// What stands in the history.
[[nodiscard]] Action make_action(const HostName& host, const probe::ControlRequest& request,
                                 const Result<probe::ControlReport>& report, Actor by);

[[nodiscard]] probe::ControlKind control_kind(ActionKind action);
[[nodiscard]] ActionKind action_kind(probe::ControlKind kind);

}  // namespace tocsin::daemon
