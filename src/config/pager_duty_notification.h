// PagerDuty: changes as incidents of Events v2.
#pragma once

namespace tocsin::config {

struct PagerDuty {
  bool enabled = false;
};

}  // namespace tocsin::config
