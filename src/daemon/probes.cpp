#include "daemon/probes.h"

#include <utility>

#include "net/resolver.h"
#include "probe/scm/scm_probe.h"
#include "probe/smb/smb_probe.h"

namespace tocsin::daemon {

namespace {

/// Each host has one call at a time and needs one thread meanwhile; a call that hangs keeps it.
constexpr std::size_t kMostThreads = 10'000;

}  // namespace

config::Source default_source() {
  return probe::scm::this_system() ? config::Source::scm : config::Source::smb;
}

Probes::Probes(const net::Executor& executor, RandomFill random, const Clock& clock)
    : connector_(executor),
      threads_("scm", kMostThreads),
      random_(std::move(random)),
      clock_(clock) {}

std::unique_ptr<probe::Probe> Probes::make(const config::Host& host) {
  // The loader refuses the sources that this version does not have on this platform.
  if (host.source == config::Source::scm)
    return probe::make_scm_probe(host, system_, threads_, clock_);
  return probe::make_smb_probe(host, {.own_host_name = net::own_host_name()}, connector_, random_,
                               clock_);
}

}  // namespace tocsin::daemon
