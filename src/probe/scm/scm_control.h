// Starts and stops services through the service API of Windows.
#pragma once

#include <memory>
#include <string>

#include "net/worker.h"
#include "probe/control.h"
#include "probe/scm/system.h"

namespace tocsin::probe {

/// Of the machine at `address`, with the account of this process. `threads` must outlive it.
[[nodiscard]] std::unique_ptr<Control> make_scm_control(const std::string& address,
                                                        std::shared_ptr<scm::System> system,
                                                        net::Worker& threads);

}  // namespace tocsin::probe
