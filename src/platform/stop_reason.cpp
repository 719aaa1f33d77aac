#include "platform/stop_reason.h"

namespace tocsin::platform {

ConsoleAnswer answer_console(std::uint32_t event, bool stopping) {
  const auto first = stopping ? Answer::pass_on : Answer::stop;
  switch (event) {
    case 0:  // CTRL_C_EVENT
      return {first, StopReason::interrupt};
    case 1:  // CTRL_BREAK_EVENT
      return {first, StopReason::break_key};
    case 2:  // CTRL_CLOSE_EVENT
      return {Answer::stop_and_hold, StopReason::console_closed};
    case 5:  // CTRL_LOGOFF_EVENT
      return {Answer::stop_and_hold, StopReason::logoff};
    case 6:  // CTRL_SHUTDOWN_EVENT
      return {Answer::stop_and_hold, StopReason::shutdown};
    default:
      return {Answer::pass_on, StopReason::interrupt};
  }
}

std::optional<StopReason> reason_of_control(std::uint32_t control) {
  switch (control) {
    case 1:  // SERVICE_CONTROL_STOP
      return StopReason::service_stopped;
    case 5:   // SERVICE_CONTROL_SHUTDOWN
    case 15:  // SERVICE_CONTROL_PRESHUTDOWN
      return StopReason::shutdown;
    default:
      return std::nullopt;
  }
}

}  // namespace tocsin::platform
