#include "daemon/probes.h"

#include <utility>

#include "daemon/credentials.h"
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

Probes::Probes(const net::Executor& executor, Deps deps)
    : connector_(executor), threads_("scm", kMostThreads), deps_(std::move(deps)) {}

std::unique_ptr<probe::Probe> Probes::make(const config::Host& host) {
  // The loader refuses the sources that this version does not have on this platform.
  if (host.source == config::Source::scm)
    return probe::make_scm_probe(host, system_, threads_, deps_.clock);
  probe::SmbProbeOptions options{.own_host_name = net::own_host_name()};
  if (host.credentials)
    options.gate = &gate_of(deps_.logins, *host.credentials, deps_.peers_to_suspect);
  return probe::make_smb_probe(host, std::move(options), connector_, deps_.random, deps_.clock);
}

}  // namespace tocsin::daemon
