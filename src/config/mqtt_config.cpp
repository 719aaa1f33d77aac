#include "config/mqtt_config.h"

#include "config/sections.h"

namespace tocsin::config {

void read_mqtt_config(Section& section, bool wanted, Mqtt& mqtt) {
  section.share_with_original();
  mqtt.enabled = read_enable(section, wanted);
}

}  // namespace tocsin::config
