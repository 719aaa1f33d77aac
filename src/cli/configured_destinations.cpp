#include "cli/configured_destinations.h"

#include "cli/version.h"
#include "notify/channel_deps.h"
#include "platform/process.h"

namespace tocsin::cli {

ConfiguredDestinations::ConfiguredDestinations(const config::Config& config)
    : http_(loop_.executor()),
      messages_(config.generic_urls),
      logins_({.executor = loop_.executor(), .clock = clock_, .random = platform::system_random()}),
      destinations_(notify::make_destinations(config, {.executor = loop_.executor(),
                                                       .http = http_,
                                                       .version = version(),
                                                       .messages = messages_,
                                                       .logins = logins_,
                                                       .clock = clock_})) {}

}  // namespace tocsin::cli
