// Lines for the person who looks after tocsin: on stderr and, where wanted, in files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "config/config.h"

namespace tocsin::daemon {

/// The log of the system, if it has one; called from any thread.
using SystemLog = std::function<void(config::LogLevel, std::string_view)>;

struct LogOptions {
  config::LogLevel level = config::LogLevel::info;
  bool color = false;
  std::filesystem::path directory;  ///< empty: no files; else tocsin.log there, 5 files of 10 MB
  SystemLog system_log;             ///< also gets warnings, errors and notices; may be empty
};

/// From any thread. What came from a host or a file is made printable here, in one place.
class Log {
 public:
  /// A directory that cannot be written to is reported on stderr; logging goes on there.
  explicit Log(const LogOptions& options);
  ~Log();

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (wants(config::LogLevel::debug)) {
      write(config::LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
    }
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
  }
  /// For info that whoever looks after the machine wants to know: ready, stopping, stopped.
  template <typename... Args>
  void notice(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::info, fmt::format(format, std::forward<Args>(args)...), Reach::system);
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::warn, fmt::format(format, std::forward<Args>(args)...), Reach::system);
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::error, fmt::format(format, std::forward<Args>(args)...), Reach::system);
  }

 private:
  [[nodiscard]] bool wants(config::LogLevel level) const;
  enum class Reach : std::uint8_t { log, system };
  void write(config::LogLevel level, std::string_view line, Reach reach = Reach::log) const;

  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace tocsin::daemon
