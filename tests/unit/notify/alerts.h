// Alerts for the tests of channels.
#pragma once

#include <chrono>
#include <string>

#include "domain/alert.h"

namespace tocsin::notify {

/// What a name may hold, and what breaks careless formats.
constexpr const char* kOddName = "Q \"quoted\" \\ & <b> 'ü' 日本 😀\n$x";

/// A service that ran and is stopped, with all that a message may say.
inline Alert stopped_alert(const std::string& display = "SQL Server (INSTANCE)") {
  return {.id = {"0190a0b0-0000-7000-8000-000000000000"},
          .at = Time(std::chrono::milliseconds(1'764'000'000'123)),  // 2025-11-24T16:00:00.123Z
          .kind = TransitionKind::stopped,
          .host = HostName("db1"),
          .service = ServiceName("MSSQL$INSTANCE"),
          .friendly_name = "The database",
          .details = {.display_name = display,
                      .start_mode = StartMode::automatic,
                      .executable_path = R"(C:\sql\sqlservr.exe -s "INSTANCE")",
                      .dependencies = {"KEYISO", "RpcSs"}},
          .status = {.state = ServiceState::stopped, .exit_code = 1067},
          .from = ServiceState::running,
          .to = ServiceState::stopped,
          .previous_since = Time(std::chrono::milliseconds(1'763'990'000'000)),
          .reason = "exit code 1067"};
}

/// The same service, that runs again a minute later.
inline Alert started_alert(const std::string& display = "SQL Server (INSTANCE)") {
  Alert alert = stopped_alert(display);
  alert.id = {"0190a0b0-0000-7000-8000-000000000009"};
  alert.previous_since = alert.at;
  alert.at += std::chrono::minutes(1);
  alert.kind = TransitionKind::started;
  alert.status = {.state = ServiceState::running, .process_id = 4711};
  alert.from = ServiceState::stopped;
  alert.to = ServiceState::running;
  alert.reason.clear();
  return alert;
}

}  // namespace tocsin::notify
