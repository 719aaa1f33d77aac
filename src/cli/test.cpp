#include <algorithm>
#include <functional>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/configured_destinations.h"
#include "cli/load.h"
#include "cli/table.h"
#include "config/destinations/destination_names.h"
#include "net/task_scope.h"
#include "net/timer.h"
#include "notify/attempt.h"
#include "notify/destination.h"
#include "platform/process.h"
#include "platform/terminal.h"

namespace tocsin::cli {
namespace {

/// Whether the command line asks for one of which `is_called` holds.
bool is_chosen(std::span<const std::string> chosen, const auto& matches_destination) {
  return chosen.empty() || std::ranges::any_of(chosen, matches_destination);
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
  } else if (const auto* login = std::get_if<notify::LoginRefused>(&answer)) {
    line("login refused", Color::red, login->reason);
  } else {
    line("refused", Color::red, std::get<notify::Rejected>(answer).reason);
  }
  return false;
}

/// One attempt, but none with a login that was refused a moment ago; true when it was accepted.
net::awaitable<bool> attempt(const std::string& name, const notify::Login& login,
                             std::function<net::awaitable<notify::Answer>()> send) {
  const auto answer = co_await notify::attempt(login, std::move(send));
  if (answer) co_return print(name, *answer);
  const bool colored = platform::wants_color(platform::Stream::output);
  fmt::print("{}: {}, {} was just refused: {}\n", printable(name),
             paint("not tried", Color::yellow, colored), login.gate->name(),
             printable(answer.error().reason, 500));
  co_return false;
}

/// A message for each section of the destination, as fast as it takes them; true when all were
/// accepted.
net::awaitable<bool> attempt_all(const notify::Destination& destination, const HostName& host,
                                 net::Executor executor) {
  auto& channel = *destination.channel;
  const auto tests =
      notify::test_messages(channel, host, SystemClock().now(), platform::system_random());
  net::Timer pause(executor);
  bool all_accepted = true;
  for (const auto& test : tests) {
    if (&test != &tests.front()) co_await pause.wait_until(net::within(destination.rules.interval));
    const auto of_several = tests.size() > 1 ? ", " + test.section : "";
    all_accepted &= co_await attempt(channel.name() + of_several, destination.login, [&] {
      return notify::send_test(channel, test, platform::system_random());
    });
  }
  co_return all_accepted;
}

}  // namespace

int test(const TestOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  ConfiguredDestinations configured(*configuration);
  auto& loop = configured.loop();
  return loop.run_until_done([&]() -> net::awaitable<int> {
    const auto& destinations = configured.all();
    const HostName host(configuration->hosts.empty() ? "tocsin"
                                                     : configuration->hosts.front().name.text());
    net::TaskScope background(loop.executor());
    for (const auto& task : destinations.background) background.spawn(task());
    std::size_t asked = 0;
    bool all_accepted = true;
    for (const auto& destination : destinations.alerts) {
      if (!is_chosen(options.channels, [&](const auto& name) {
            return notify::matches_destination(destination, name);
          }))
        continue;
      asked++;
      all_accepted &= co_await attempt_all(destination, host, loop.executor());
    }
    for (const auto& sink : destinations.status) {
      if (!is_chosen(options.channels, [&](const auto& name) {
            return config::matches_destination(name, sink->name(), {});
          }))
        continue;
      asked++;
      all_accepted &= co_await attempt(sink->name() + " status", sink->login(), [&] {
        return sink->test(net::within(notify::kDeliveryLimit));
      });
    }
    background.cancel();
    co_await background.join();
    if (asked == 0)
      co_return failed(options.channels.empty()
                           ? fmt::format("{} enables no destination", options.configuration)
                           : fmt::format("{} enables no destination of the kind \"{}\"",
                                         options.configuration,
                                         fmt::join(options.channels, "\" or \"")));
    co_return all_accepted ? kExitOk : kExitFailed;
  }());
}

}  // namespace tocsin::cli
