#include "config/email_notification.h"

#include "config/sections.h"

namespace tocsin::config {

void read_email_notification(Section& section, bool wanted, Email& email) {
  section.share_with_original();
  email.enabled = read_enable(section, wanted);
}

}  // namespace tocsin::config
