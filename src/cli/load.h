// Shared by the commands: the configuration from the command line, and complaints about it.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "config/config.h"
#include "config/file/environment.h"
#include "config/file/finding.h"

namespace tocsin::cli {

/// Takes a warning or an error as a line for people.
using Report = std::function<void(config::Severity, const std::string& line)>;
/// To stderr.
void print_finding(config::Severity severity, const std::string& line);

/// Loads the file and reports errors and warnings; `findings`, where wanted, gets all. Nothing:
/// there were errors, end with kExitBadConfiguration.
std::optional<config::Config> load(const std::string& path, const Report& report = print_finding,
                                   std::vector<config::Finding>* findings = nullptr);

/// The configuration of a command that names none: tocsin.yaml of this directory, else that of the
/// machine. Says which it is. Nothing, after a complaint: there is neither.
[[nodiscard]] std::optional<std::string> find_configuration();

/// The host or cluster of that name, or null.
template <typename T>
const T* find_called(const std::vector<T>& all, const HostName& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? nullptr : &*found;
}

/// "error: text" on stderr; what cannot be written there is lost.
void complain(const std::string& text);
/// The same, as the last word of a command: the code that it ends with.
[[nodiscard]] int failed(const std::string& why, int code = kExitFailed);
/// "warning: text" on stderr.
void warn(const std::string& text);

[[nodiscard]] config::Environment environment();

/// "2026-11-22 14:03:59" in local time.
[[nodiscard]] std::string local_time(Time time);

}  // namespace tocsin::cli
