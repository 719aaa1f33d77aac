#include "daemon/log.h"

#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>

#include "base/path.h"
#include "base/text.h"
#include "daemon/line_queue.h"
#include "platform/standard_streams.h"

namespace tocsin::daemon {
namespace {

constexpr auto kLogFile = "tocsin.log";
constexpr std::size_t kFileSize = 10'000'000;
constexpr std::size_t kFiles = 5;
constexpr std::size_t kMostLine = 2000;

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::trace:
      return spdlog::level::trace;
    case config::LogLevel::debug:
      return spdlog::level::debug;
    case config::LogLevel::info:
      return spdlog::level::info;
    case config::LogLevel::warn:
      return spdlog::level::warn;
    case config::LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

struct Log::Sinks {
  spdlog::level::level_enum level = spdlog::level::info;
  bool color = false;
  mutable std::mutex mutex;  ///< of the formatter
  spdlog::pattern_formatter formatter{"%Y-%m-%dT%H:%M:%S.%e%z %^%-7l%$ %v"};
  std::optional<LineQueue> errors;
  std::optional<LineQueue> files;
  std::optional<LineQueue> system;

  [[nodiscard]] std::vector<LineQueue*> all() {
    std::vector<LineQueue*> queues;
    queues.reserve(3);
    for (auto* queue : {&errors, &files, &system})
      if (*queue) queues.push_back(&**queue);
    return queues;
  }
};

namespace {

constexpr std::string_view color_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::trace:
      return "\x1b[37m";
    case config::LogLevel::debug:
      return "\x1b[36m";
    case config::LogLevel::info:
      return "\x1b[32m";
    case config::LogLevel::warn:
      return "\x1b[33m\x1b[1m";
    case config::LogLevel::error:
      return "\x1b[31m\x1b[1m";
  }
  return "";
}

LineQueue::Write to_files(const std::filesystem::path& directory) {
  const auto file = directory / kLogFile;
  std::error_code ignored;
  // Opening a pipe waits for its reader, and a link may lead anywhere.
  if (const auto status = std::filesystem::symlink_status(file, ignored);
      std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw spdlog::spdlog_ex(to_utf8(file) + " is not a regular file");
  const auto files =
      std::make_shared<spdlog::sinks::rotating_file_sink_st>(file.native(), kFileSize, kFiles);
  files->set_pattern("%v");
  return [files](const LineQueue::Line& line) {
    try {
      files->log({"", level_of(line.level), line.text});
      files->flush();
      return true;
    } catch (const spdlog::spdlog_ex&) {  // such as a full disk
      return false;
    }
  };
}

}  // namespace

Log::Log(const LogOptions& options) : sinks_(std::make_unique<Sinks>()) {
  sinks_->level = level_of(options.level);
  sinks_->color = options.color;
  sinks_->errors.emplace(
      [](const LineQueue::Line& line) { return platform::write_to_stderr(line.text + '\n'); });
  if (options.system_log) {
    sinks_->system.emplace([write = options.system_log](const LineQueue::Line& line) {
      write(line.level, line.text);
      return true;
    });
  }
  if (options.directory.empty()) return;
  try {
    sinks_->files.emplace(to_files(options.directory));
  } catch (const spdlog::spdlog_ex& exception) {
    warn("no log file is written: {}", exception.what());
  }
}

Log::~Log() = default;

void Log::flush() const {
  for (auto* queue : sinks_->all()) queue->flush();
}

std::size_t Log::lost_lines() const {
  std::size_t lost = 0;
  for (const auto* queue : sinks_->all()) lost += queue->lost();
  return lost;
}

bool Log::wants(config::LogLevel level) const { return level_of(level) >= sinks_->level; }

void Log::put(config::LogLevel level, Reach reach, std::string_view subject,
              fmt::string_view format, fmt::format_args args) const {
  auto text = subject.empty() ? std::string() : std::string(subject) + ": ";
  fmt::vformat_to(std::back_inserter(text), format, args);
  const auto shown = printable(text, kMostLine);
  if (sinks_->system && reach == Reach::system) sinks_->system->put({level, shown});

  const spdlog::details::log_msg message("", level_of(level), shown);
  spdlog::memory_buf_t buffer;
  {
    const std::lock_guard lock(sinks_->mutex);
    sinks_->formatter.format(message, buffer);
  }
  std::string line(buffer.data(), buffer.size());
  line.erase(line.find_last_not_of("\r\n") + 1);
  if (sinks_->files) sinks_->files->put({level, line});
  if (sinks_->color) {
    line.insert(message.color_range_end, "\x1b[m");
    line.insert(message.color_range_start, color_of(level));
  }
  sinks_->errors->put({level, std::move(line)});
}

}  // namespace tocsin::daemon
