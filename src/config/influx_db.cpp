#include "config/influx_db.h"

#include "config/sections.h"

namespace tocsin::config {

void read_influx_db(Section& section, bool wanted, InfluxDb& influx_db) {
  section.share_with_original();
  influx_db.enabled = read_enable(section, wanted);
}

}  // namespace tocsin::config
