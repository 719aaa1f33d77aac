#include "probe/scm/system.h"

namespace tocsin::probe::scm {

std::shared_ptr<System> this_system() { return nullptr; }

}  // namespace tocsin::probe::scm
