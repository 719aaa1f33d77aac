#include "config/pager_duty_notification.h"

#include "config/sections.h"

namespace tocsin::config {

void read_pager_duty_notification(Section& section, bool wanted, PagerDuty& pager_duty) {
  pager_duty.enabled = read_enable(section, wanted);
}

}  // namespace tocsin::config
