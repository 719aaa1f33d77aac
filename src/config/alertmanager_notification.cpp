#include "config/alertmanager_notification.h"

#include "config/sections.h"

namespace tocsin::config {

void read_alertmanager_notification(Section& section, bool wanted, Alertmanager& alertmanager) {
  alertmanager.enabled = read_enable(section, wanted);
}

}  // namespace tocsin::config
