// Microsoft Teams: alerts as cards, posted to a Workflows webhook.
#pragma once

namespace tocsin::config {

struct Teams {
  bool enabled = false;
};

}  // namespace tocsin::config
