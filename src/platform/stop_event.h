// Windows only: the event behind stop_request(), which the console and the service manager set.
#pragma once

#include "platform/stop_reason.h"

namespace tocsin::platform {

/// From any thread; the first reason is the one that counts.
void ask_to_stop(StopReason reason);

/// For a service, before its first stop_request(): whoever logs off from the machine logs off from
/// the console of its services too, as far as console events are concerned.
void ignore_console();

}  // namespace tocsin::platform
