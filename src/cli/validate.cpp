#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/version.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "notify/destination.h"

namespace tocsin::cli {

namespace {

/// What is wrong with the templates of messages; nothing is connected or sent.
void print_template_problems(const config::Config& configuration) {
  net::Loop loop;
  net::HttpClient http(loop.executor());
  notify::Messages messages(configuration.generic_urls);
  const notify::Means means{
      .executor = loop.executor(), .http = http, .version = version(), .messages = messages};
  const auto destinations = notify::make_destinations(configuration, means);
  for (const auto& problem : messages.check())
    fmt::print("{}: warning: {}\n", problem.where, problem.text);
}

}  // namespace

int validate(const ValidateOptions& options) {
  const auto loaded = config::load(options.configuration, environment());
  for (const auto& finding : loaded.findings) {
    fmt::print("{}\n", printable(to_string(finding), 1000));
  }
  if (!loaded.config) return kExitBadConfiguration;
  print_template_problems(*loaded.config);
  std::size_t services = 0;
  for (const auto& host : loaded.config->hosts) services += host.services.entries().size();
  fmt::print("{}: good; hosts: {}, watched services: {}, {}\n", printable(options.configuration),
             loaded.config->hosts.size(), services, loaded.config->frequency.text());
  return kExitOk;
}

}  // namespace tocsin::cli
