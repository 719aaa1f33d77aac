// What a check did and found, line by line: only for a log that wants debug.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "config/monitored/host.h"
#include "daemon/log.h"
#include "domain/monitored_host.h"
#include "net/async.h"
#include "probe/probe.h"

namespace tocsin::daemon {

void log_begin(const PrefixedLog& log, const config::Host& host);
void log_answer(const PrefixedLog& log, const Observation& observation,
                std::span<const ServiceChange> changes, net::MonotonicClock::duration took,
                const probe::CheckTrace& trace);
/// A check that brought what the last one did.
void log_same(const PrefixedLog& log, net::MonotonicClock::duration took,
              const probe::CheckTrace& trace);
/// The alerts that wait, each with its reason; those that wait for the same share a line. The
/// silence is the host's own.
void log_waiting(const PrefixedLog& log, const MonitoredHost& monitored,
                 const std::optional<Suppression>& silence, Time now);
void log_details(const PrefixedLog& log, const probe::CheckTrace& trace);
void log_pushed(const PrefixedLog& log, const probe::Pushed& pushed);
/// When waiting alerts are reviewed; Time::max(): none are.
void log_schedule(const PrefixedLog& log, std::optional<Time> due, Time review);

}  // namespace tocsin::daemon
