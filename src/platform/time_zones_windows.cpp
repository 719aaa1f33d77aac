#include <algorithm>

#include "base/text.h"
#include "platform/embedded_time_zones.h"
#include "platform/time_zones.h"

namespace tocsin::platform {

Result<std::string> load_time_zone(std::string_view name) {
  const auto found = std::ranges::lower_bound(kTimeZones, name, {}, &EmbeddedTimeZone::name);
  if (found == kTimeZones.end() || found->name != name)
    return fail(ErrorKind::not_found, "there is no time zone `" + printable(name) + "`");
  return std::string(found->tzif);
}

std::string own_time_zone() { return {}; }

}  // namespace tocsin::platform
