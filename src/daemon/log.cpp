#include "daemon/log.h"

#include <iterator>
#include <string>

#include <fmt/format.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/text.h"

namespace tocsin::daemon {
namespace {

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
  spdlog::logger logger{"tocsin"};
  SystemLog system_log;
};

Log::Log(const LogOptions& options) : sinks_(std::make_unique<Sinks>()) {
  auto& logger = sinks_->logger;
  sinks_->system_log = options.system_log;
  if (options.color) {
    logger.sinks().push_back(std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  } else {
    logger.sinks().push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  }
  std::string problem;
  if (!options.directory.empty()) {
    try {
      logger.sinks().push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          (options.directory / "tocsin.log").native(), kFileSize, kFiles));
    } catch (const spdlog::spdlog_ex& exception) {
      problem = exception.what();
    }
  }
  logger.set_level(level_of(options.level));
  logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%-7l%$ %v");
  logger.flush_on(spdlog::level::trace);
  if (!problem.empty()) warn("no log file is written: {}", problem);
}

Log::~Log() = default;

bool Log::wants(config::LogLevel level) const { return sinks_->logger.should_log(level_of(level)); }

void Log::put(config::LogLevel level, Reach reach, std::string_view subject,
              fmt::string_view format, fmt::format_args args) const {
  auto line = subject.empty() ? std::string() : std::string(subject) + ": ";
  fmt::vformat_to(std::back_inserter(line), format, args);
  const auto shown = printable(line, kMostLine);
  sinks_->logger.log(level_of(level), shown);
  if (reach == Reach::system && sinks_->system_log) sinks_->system_log(level, shown);
}

}  // namespace tocsin::daemon
