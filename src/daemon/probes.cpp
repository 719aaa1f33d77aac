#include "daemon/probes.h"

#include "probe/smb/smb_probe.h"

namespace tocsin::daemon {

std::unique_ptr<probe::Probe> make_probe(const config::Host& host, net::Connector& connector,
                                         const RandomFill& random, const Clock& clock) {
  // The loader refuses the sources that this version does not have.
  return probe::make_smb_probe(host, probe::SmbProbeOptions{}, connector, random, clock);
}

}  // namespace tocsin::daemon
