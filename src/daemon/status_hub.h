// Where the states of hosts and clusters go: to the status streams that there are.
#pragma once

#include <utility>
#include <vector>

#include "notify/status_stream.h"

namespace tocsin::daemon {

/// Without streams while the pipeline is made anew, and where nobody wants states. On the loop's
/// thread only.
class StatusHub {
 public:
  [[nodiscard]] bool is_wanted() const { return !streams_.empty(); }
  void report(const notify::StatusReport& report) const {
    for (auto* stream : streams_) stream->add(report);
  }
  /// They outlive their place here.
  void set_streams(std::vector<notify::StatusStream*> streams) { streams_ = std::move(streams); }

 private:
  std::vector<notify::StatusStream*> streams_;
};

}  // namespace tocsin::daemon
