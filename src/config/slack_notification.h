// Slack: alerts as messages of an incoming webhook.
#pragma once

namespace tocsin::config {

struct Slack {
  bool enabled = false;
};

}  // namespace tocsin::config
