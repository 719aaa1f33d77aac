// Lines for the person who looks after tocsin: on stderr and, where wanted, in files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "config/log_level.h"

namespace tocsin::daemon {

/// The log of the system, if it has one; called from any thread, and what it touches outlives that.
using SystemLog = std::function<void(config::LogLevel, std::string_view)>;

struct LogOptions {
  config::LogLevel level = config::LogLevel::info;
  bool color = false;
  std::filesystem::path directory;  ///< empty: no files; else tocsin.log there, 5 files of 10 MB
  SystemLog system_log;             ///< also gets warnings, errors and notices; may be empty
};

class PrefixedLog;

/// From any thread, and never waiting for who reads or stores the lines. What came from a host or a
/// file is made printable here, in one place. Nothing is formatted for a level that is not logged;
/// whoever must collect what a line says asks wants() first.
class Log {
 public:
  /// A directory that cannot be written to is reported on stderr; logging goes on there.
  explicit Log(const LogOptions& options);
  /// Waits for what is still to be written, a second at most.
  ~Log();
  /// As that.
  void flush() const;
  /// Lines that stderr, the files or the system's log did not take.
  [[nodiscard]] std::size_t lost_lines() const;

  /// All lines about one host or destination: "host db1" begins each of them.
  [[nodiscard]] PrefixedLog of(std::string_view subject) const;

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::debug, Reach::log, {}, format, args...);
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::info, Reach::log, {}, format, args...);
  }
  /// For info that whoever looks after the machine wants to know: ready, stopping, stopped.
  template <typename... Args>
  void notice(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::info, Reach::system, {}, format, args...);
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::warn, Reach::system, {}, format, args...);
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    write(config::LogLevel::error, Reach::system, {}, format, args...);
  }

  [[nodiscard]] bool wants(config::LogLevel level) const;

 private:
  friend class PrefixedLog;
  enum class Reach : std::uint8_t { log, system };
  template <typename... Args>
  void write(config::LogLevel level, Reach reach, std::string_view subject, fmt::string_view format,
             const Args&... args) const {
    if (wants(level)) put(level, reach, subject, format, fmt::make_format_args(args...));
  }
  void put(config::LogLevel level, Reach reach, std::string_view subject, fmt::string_view format,
           fmt::format_args args) const;

  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

/// The lines about one host or destination. Cheap to copy; the log outlives it.
class PrefixedLog {
 public:
  PrefixedLog(const Log& log, std::string_view subject)
      : log_(&log), subject_(std::make_shared<const std::string>(subject)) {}

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    log_->write(config::LogLevel::debug, Log::Reach::log, *subject_, format, args...);
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    log_->write(config::LogLevel::info, Log::Reach::log, *subject_, format, args...);
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    log_->write(config::LogLevel::warn, Log::Reach::system, *subject_, format, args...);
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    log_->write(config::LogLevel::error, Log::Reach::system, *subject_, format, args...);
  }

  [[nodiscard]] bool wants_debug() const { return log_->wants(config::LogLevel::debug); }

 private:
  const Log* log_;
  std::shared_ptr<const std::string> subject_;
};

inline PrefixedLog Log::of(std::string_view subject) const { return {*this, subject}; }

}  // namespace tocsin::daemon
