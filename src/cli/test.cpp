#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/table.h"
#include "cli/version.h"
#include "config/destination_names.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "notify/destination.h"
#include "platform/process.h"
#include "platform/terminal.h"

namespace tocsin::cli {
namespace {

/// Whether the command line asks for one of which `is_called` holds.
bool is_chosen(std::span<const std::string> chosen, const auto& is_called) {
  return chosen.empty() || std::ranges::any_of(chosen, is_called);
}

/// Prints the answer; true when the destination accepted the alert.
bool print(const std::string& name, const notify::Answer& answer) {
  const bool colored = platform::wants_color(platform::Stream::output);
  const auto line = [&](std::string_view word, Color color, const std::string& text) {
    fmt::print("{}: {}, {}\n", printable(name), paint(word, color, colored), printable(text, 500));
  };
  if (const auto* delivered = std::get_if<notify::Delivered>(&answer)) {
    line("delivered", Color::green, delivered->detail);
    return true;
  }
  if (const auto* later = std::get_if<notify::RetryAfter>(&answer)) {
    line("not delivered, would be tried again", Color::yellow, later->reason);
  } else {
    line("refused", Color::red, std::get<notify::Rejected>(answer).reason);
  }
  return false;
}

}  // namespace

int test(const TestOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  net::Loop loop;
  return loop.run_until_done([&]() -> net::awaitable<int> {
    net::HttpClient http(loop.executor());
    notify::Messages messages(configuration->generic_urls);
    const notify::Means means{
        .executor = loop.executor(), .http = http, .version = version(), .messages = messages};
    const auto destinations = notify::make_destinations(*configuration, means);
    const HostName host(configuration->hosts.empty() ? "tocsin"
                                                     : configuration->hosts.front().name.text());
    std::size_t asked = 0;
    bool all_accepted = true;
    for (const auto& destination : destinations.alerts) {
      auto& channel = *destination.channel;
      if (!is_chosen(options.channels,
                     [&](const auto& name) { return notify::is_called(destination, name); }))
        continue;
      asked++;
      const auto answer =
          co_await notify::send_test(channel, host, SystemClock().now(), platform::system_random());
      all_accepted &= print(channel.name(), answer);
    }
    for (const auto& sink : destinations.status) {
      if (!is_chosen(options.channels,
                     [&](const auto& name) { return config::is_meant(name, sink->name(), {}); }))
        continue;
      asked++;
      all_accepted &=
          print(sink->name() + " status", co_await sink->test(net::within(notify::kDeliveryLimit)));
    }
    if (asked == 0) {
      complain(options.channels.empty()
                   ? fmt::format("{} enables no destination", options.configuration)
                   : fmt::format("{} enables no destination of the kind \"{}\"",
                                 options.configuration, fmt::join(options.channels, "\" or \"")));
      co_return kExitFailed;
    }
    co_return all_accepted ? kExitOk : kExitFailed;
  }());
}

}  // namespace tocsin::cli
