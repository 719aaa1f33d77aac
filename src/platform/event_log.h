// Windows only: the event log "Application", which administrators read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/event_text.h"

namespace tocsin::platform {

/// From any thread.
class EventLog {
 public:
  /// `source` need not be registered; the event viewer shows the texts less nicely then.
  explicit EventLog(const std::string& source);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// What cannot be written is lost: nothing is left to report it to.
  void write(Severity severity, std::string_view text) const;

 private:
  void* handle_;
};

/// Registers with the event viewer that the messages of that source are in our program.
[[nodiscard]] Result<> register_event_source(const std::string& source,
                                             const std::filesystem::path& program);
/// not_found is no error here.
[[nodiscard]] Result<> remove_event_source(const std::string& source);

}  // namespace tocsin::platform
