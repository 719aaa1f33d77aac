// Alerts as mails.
#pragma once

namespace tocsin::config {

struct Email {
  bool enabled = false;
};

}  // namespace tocsin::config
