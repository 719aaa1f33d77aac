// MQTT: changes and states as messages to a broker.
#pragma once

namespace tocsin::config {

struct Mqtt {
  bool enabled = false;
};

}  // namespace tocsin::config
