// A small right configuration, and ways to change it.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "kit/time_zone_file.h"

namespace tocsin::config {

/// Right but for what a test replaces; its lines are counted from 1.
inline constexpr auto kSample = R"(tocsin:
  serviceMonitor:
    credentials:
      - {name: main, username: 'CORP\user', password: '${env:PASSWORD}'}
    monitor:
      - host: node1
        services:
          - name: Spooler
    alertDestination:
      webhook: {enable: true}
  webhookNotification:
    serviceMonitor:
      webhooks:
        - webhookURL: https://desk.example/hook
)";

/// The sample with some of its lines replaced, by several lines or by none.
inline std::string sample_with(const std::map<int, std::string>& replacements) {
  std::istringstream lines(kSample);
  std::string out;
  std::string line;
  for (int number = 1; std::getline(lines, line); number++) {
    const auto replaced = replacements.find(number);
    if (replaced == replacements.end()) {
      out += line + "\n";
    } else if (!replaced->second.empty()) {
      out += replaced->second + "\n";
    }
  }
  return out;
}

inline std::optional<std::string> sample_variable(const std::string& name) {
  if (name == "PASSWORD") return "s3cret-in-the-environment";
  if (name == "PORT") return "4450";
  if (name == "OFF") return "false";
  if (name == "LATIN1") return "\xE9";
  return std::nullopt;
}

/// Knows one, two hours behind UTC the whole year.
inline Result<std::string> sample_time_zone(std::string_view name) {
  if (name == "Test/Late") return kit::time_zone_file(-std::chrono::hours(2), "");
  return fail(ErrorKind::not_found, "there is no time zone `" + std::string(name) + "`");
}

/// A machine without a service control manager, on which all may read what is called public-*.
inline const Environment kSampleEnvironment{
    .variable = sample_variable,
    .is_readable_by_others = [](const std::string& path) { return path.contains("public-"); },
    .time_zone = sample_time_zone};

/// With the slashes that the tests are written with, also where paths have others.
inline std::string with_slashes(std::string text) {
  if (std::filesystem::path::preferred_separator != '/') std::ranges::replace(text, '\\', '/');
  return text;
}

/// As `validate` prints them, without the file's name.
inline std::vector<std::string> findings_of(const Loaded& loaded) {
  std::vector<std::string> lines;
  lines.reserve(loaded.findings.size());
  for (const auto& finding : loaded.findings)
    lines.push_back(with_slashes(to_string(finding).substr(finding.file.size() + 1)));
  return lines;
}

/// A machine that has a service control manager of its own.
inline Environment windows_environment() {
  auto windows = kSampleEnvironment;
  windows.has_service_manager = true;
  return windows;
}

inline Loaded parse_sample(const std::string& text, const std::string& directory = "/etc/tocsin") {
  return parse(text, "t.yaml", directory, kSampleEnvironment);
}

/// What is said about the sample with some of its lines replaced.
inline std::vector<std::string> findings_with(const std::map<int, std::string>& replacements) {
  return findings_of(parse_sample(sample_with(replacements)));
}

/// `hosts` begin in line 7; with the one host that is there otherwise `sections` begin in line 9.
inline std::string file_with(const std::string& root, const std::string& sections,
                             const std::string& destinations = "", const std::string& hosts = "") {
  return root +
         ":\n  serviceMonitor:\n    credentials:\n      - {name: main, username: u, password: "
         "p}\n\n    monitor:\n" +
         (hosts.empty() ? "      - {host: one, services: [{name: Spooler}]}\n" : hosts) +
         "    alertDestination: {" + destinations + "}\n" + sections;
}

}  // namespace tocsin::config
