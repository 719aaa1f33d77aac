// Starts and stops the services of a host through svcctl over SMB.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "config/monitored/host.h"
#include "net/tcp.h"
#include "probe/control.h"
#include "probe/smb/smb_probe.h"

namespace tocsin::probe {

/// `host` says who logs in: its credentials, which pass the gate of `options`. `connector` and
/// `clock` must outlive it.
[[nodiscard]] std::unique_ptr<Control> make_smb_control(config::Host host, SmbProbeOptions options,
                                                        net::Connector& connector,
                                                        RandomFill random, const Clock& clock);

}  // namespace tocsin::probe
