// The services that a Windows server with Qlik Sense on it has.
#pragma once

#include <cstddef>

#include "simulate/host_model.h"

namespace tocsin::simulate {

/// `count` services sorted by name, the Qlik Sense ones always among them; beyond those of the
/// system, the per-user services of as many sessions as it takes.
[[nodiscard]] Catalogue make_catalogue(std::size_t count);

/// The services that a Qlik Sense administrator watches.
inline constexpr const char* kWatchedServices[] = {
    "QlikLoggingService",        "QlikSenseEngineService",      "QlikSensePrintingService",
    "QlikSenseProxyService",     "QlikSenseRepositoryDatabase", "QlikSenseRepositoryService",
    "QlikSenseSchedulerService", "QlikSenseServiceDispatcher"};

}  // namespace tocsin::simulate
