// `validate`: what is wrong in a configuration and, of a file of Butler, what becomes of its keys.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/configured_destinations.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/table.h"
#include "config/load.h"
#include "config/migration/comparison.h"
#include "notify/destination.h"
#include "platform/process.h"
#include "platform/terminal.h"

namespace tocsin::cli {
namespace {

using json = nlohmann::ordered_json;

/// What is wrong with the templates of messages; nothing is connected or sent.
std::vector<notify::Messages::Problem> find_template_problems(const config::Config& configuration) {
  ConfiguredDestinations destinations(configuration);
  return destinations.messages().check(configuration.missing_templates);
}

/// All mistakes and warnings.
std::vector<config::Finding> find_mistakes(const config::Loaded& loaded) {
  auto findings = loaded.findings;
  if (!loaded.config) return findings;
  for (auto& problem : find_template_problems(*loaded.config)) {
    findings.push_back({.severity = config::Severity::warning,
                        .file = std::move(problem.where),
                        .text = std::move(problem.text)});
  }
  return findings;
}

json line_of(int line) { return line > 0 ? json(line) : json(nullptr); }

json to_json(const std::vector<config::KeyNote>& keys) {
  auto array = json::array();
  for (const auto& key : keys)
    array.push_back(
        {{"key", key.path}, {"file", key.file}, {"line", key.line}, {"text", key.text}});
  return array;
}

/// Keys that the file does not have stand in no line of it.
json defaults_to_json(const std::vector<config::KeyNote>& keys) {
  auto array = json::array();
  for (const auto& key : keys)
    array.push_back(
        {{"key", key.path.empty() ? json(nullptr) : json(key.path)}, {"text", key.text}});
  return array;
}

json to_json(const config::Loaded& loaded, const std::vector<config::Finding>& findings) {
  auto array = json::array();
  for (const auto& finding : findings)
    array.push_back({{"severity", to_string(finding.severity)},
                     {"file", finding.file},
                     {"line", line_of(finding.line)},
                     {"column", line_of(finding.column)},
                     {"text", finding.text}});
  json object = {{"good", loaded.config.has_value()}, {"findings", std::move(array)}};
  if (const auto& butler = loaded.comparison)
    object["butler"] = {{"used", to_json(butler->used)},
                        {"notUsed", to_json(butler->unused)},
                        {"different", to_json(butler->different)},
                        {"byDefault", defaults_to_json(butler->by_default)}};
  return object;
}

/// "line 12", with its file when that is another.
std::string place_of(const config::KeyNote& key, const std::string& main_file) {
  return fmt::format("{}line {}", key.file == main_file ? "" : key.file + " ", key.line);
}

void print_keys(const std::string& heading, const std::vector<config::KeyNote>& keys,
                const std::string& main_file) {
  if (keys.empty()) return;
  Table table({heading, "", ""});
  for (const auto& key : keys) table.add({{place_of(key, main_file)}, {key.path}, {key.text}});
  fmt::print("{}\n", table.draw(platform::wants_color(platform::Stream::output)));
}

/// Each sentence once, with the keys that it is about below it.
void print_differences(const std::vector<config::KeyNote>& keys, const std::string& main_file) {
  std::vector<std::string> sentences;
  for (const auto& key : keys) {
    if (std::ranges::find(sentences, key.text) == sentences.end()) sentences.push_back(key.text);
  }
  const bool colored = platform::wants_color(platform::Stream::output);
  if (!keys.empty()) fmt::print("{}\n", paint("DIFFERENT", Color::bold, colored));
  for (const auto& sentence : sentences) {
    fmt::print("{}\n", sentence);
    for (const auto& key : keys) {
      if (key.text == sentence)
        fmt::print("    {:<10} {}\n", printable(place_of(key, main_file)), printable(key.path));
    }
  }
  if (!keys.empty()) fmt::print("\n");
}

/// What holds because nothing else is written.
void print_defaults(const std::vector<config::KeyNote>& keys) {
  if (keys.empty()) return;
  const bool colored = platform::wants_color(platform::Stream::output);
  fmt::print("{}\n", paint("DIFFERENT BY DEFAULT", Color::bold, colored));
  for (const auto& key : keys) {
    fmt::print("{}\n", key.text);
    if (!key.path.empty()) fmt::print("    {}\n", key.path);
  }
  fmt::print("\n");
}

void print_text(const config::Loaded& loaded, const std::vector<config::Finding>& findings,
                const std::string& file) {
  if (const auto& butler = loaded.comparison) {
    print_keys("USED", butler->used, file);
    print_keys("NOT USED", butler->unused, file);
    print_differences(butler->different, file);
    print_defaults(butler->by_default);
  }
  for (const auto& finding : findings) fmt::print("{}\n", printable(to_string(finding), 1000));
  if (!loaded.config) return;
  std::size_t services = 0;
  for (const auto& host : loaded.config->hosts) services += host.services.entries().size();
  fmt::print("{}: good; hosts: {}, watched services: {}, {}\n", printable(file),
             loaded.config->hosts.size(), services, loaded.config->frequency.text());
}

}  // namespace

int validate(const ValidateOptions& options) {
  const auto loaded = config::load(options.configuration, environment());
  const auto findings = find_mistakes(loaded);
  if (options.json) {
    print_json(to_json(loaded, findings));
  } else {
    print_text(loaded, findings, options.configuration);
  }
  return loaded.config ? kExitOk : kExitBadConfiguration;
}

}  // namespace tocsin::cli
