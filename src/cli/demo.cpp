// Everything at once, on this machine only: pretend hosts, a configuration for them, tocsin, and a
// webhook receiver that prints what arrives.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/path.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/receiver.h"
#include "cli/table.h"
#include "cli/version.h"
#include "daemon/daemon.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "platform/process.h"
#include "platform/stop.h"
#include "platform/terminal.h"
#include "simulate/catalogue.h"
#include "simulate/fleet.h"

namespace tocsin::cli {
namespace {

constexpr std::string_view kUser = "monitor";
constexpr std::string_view kPassword = "pretend";

/// A folder that goes when the demo ends.
class Folder {
 public:
  explicit Folder(const RandomFill& random)
      : path_(std::filesystem::temp_directory_path() /
              ("tocsin-demo-" + make_uuid(SystemClock().now(), random))) {
    std::filesystem::create_directory(path_);
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string configuration_of(const simulate::Fleet& fleet, const std::string& data,
                             std::uint16_t receiver, std::uint16_t dashboard) {
  std::string services;
  for (const auto* name : simulate::kWatchedServices) {
    services += fmt::format("            - name: {}\n", name);
  }
  std::string monitor;
  for (const auto& host : fleet.endpoints()) {
    monitor += fmt::format(
        "        - host: {}\n          source: smb\n          address: {}\n          port: {}\n    "
        "      services:\n{}",
        host.host, host.address, host.port, services);
  }
  return fmt::format(R"(# Made by `tocsin demo`; gone when it ends.
tocsin:
  logLevel: warn
  dataDirectory: {0}
  web:
    listen: 127.0.0.1:{5}
  serviceMonitor:
    enable: true
    frequency: every 1 second
    credentials:
      - name: pretend
        username: {1}
        password: {2}
    monitor:
{3}    alertDestination:
      webhook:
        enable: true
  webhookNotification:
    enable: true
    serviceMonitor:
      rateLimit: 0
      webhooks:
        - description: the receiver of the demo
          webhookURL: http://127.0.0.1:{4}/
          httpMethod: POST
)",
                     data, kUser, kPassword, monitor, receiver, dashboard);
}

/// What arrived at the receiver, as a line.
void print_alert(const std::string& body, bool colored) {
  const auto message = nlohmann::json::parse(body, nullptr, false);
  if (!message.is_object()) return;
  const auto text = [&](const char* key) { return printable(message.value(key, "?")); };
  const auto state = text("currState");
  const auto color = state == "RUNNING"   ? Color::green
                     : state == "STOPPED" ? Color::red
                                          : Color::yellow;
  const auto reason = message.contains("reason") ? "  " + text("reason") : std::string();
  fmt::print("{}  {}  {:12}  {:32}  {} -> {}{}\n", local_time(SystemClock().now()),
             paint("ALERT", Color::bold, colored), text("host"), text("serviceDisplayName"),
             text("prevState"), paint(state, color, colored), reason);
  std::fflush(stdout);
}

void print_change(std::string_view what, bool colored) {
  fmt::print("{}  {}\n", local_time(SystemClock().now()),
             paint(fmt::format("pretend: {}", printable(what)), Color::dim, colored));
  std::fflush(stdout);
}

net::awaitable<void> wait_for_the_end(int seconds) {
  if (seconds > 0) {
    co_await net::sleep_for(std::chrono::seconds(seconds));
  } else {
    (void)co_await platform::stop_request();
  }
}

/// The usual port, or any where that is taken.
std::uint16_t free_dashboard_port(const net::Executor& executor) {
  const config::Web usual;
  return net::TcpListener::open(executor, usual.address, usual.port) ? usual.port : 0;
}

/// It listens a moment after the start.
net::awaitable<void> say_dashboard(const daemon::Daemon& daemon) {
  constexpr auto kPatience = std::chrono::seconds(2);
  constexpr auto kLookEvery = std::chrono::milliseconds(20);
  const auto end = net::within(kPatience);
  while (!daemon.dashboard() && net::MonotonicClock::now() < end)
    co_await net::sleep_for(kLookEvery);
  if (const auto address = daemon.dashboard()) {
    fmt::print("Dashboard:  {}\n\n", *address);
    std::fflush(stdout);
  }
}

net::awaitable<int> show(const DemoOptions& options, net::Executor executor) {
  const bool colored = platform::wants_color(platform::Stream::output);
  const auto random = platform::system_random();
  const SystemClock clock;
  const Folder folder(random);
  net::TaskScope pretending(executor);
  net::TaskScope receiving(executor);

  simulate::Fleet fleet({.hosts = static_cast<std::size_t>(options.hosts),
                         .user = std::string(kUser),
                         .password = Secret(std::string(kPassword)),
                         .random_changes = options.changes_per_minute / 60,
                         .seed = static_cast<std::uint64_t>(clock.now().time_since_epoch().count()),
                         .on_change = [=](std::string_view what) { print_change(what, colored); }},
                        clock, random);
  if (auto started = fleet.start(pretending, executor); !started)
    co_return failed(started.error().what);
  auto receiver =
      Receiver::open(executor, [=](const std::string& body) { print_alert(body, colored); });
  if (!receiver) co_return failed(receiver.error().what);
  receiving.spawn(receiver->run(receiving));

  const auto file = folder.path() / "tocsin.yaml";
  std::ofstream(file) << configuration_of(fleet, to_utf8(folder.path() / "data"), receiver->port(),
                                          free_dashboard_port(executor));
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  auto configuration = load(to_utf8(file));
  if (!configuration) co_return kExitBadConfiguration;

  fmt::print(
      "{} pretend hosts, 8 watched services each, checked every second; {:.0f} changes a minute.\n",
      options.hosts, options.changes_per_minute);
  fmt::print("Meanwhile, in another terminal:\n\n");
  fmt::print("  {0} check -c {1}\n  {0} history -c {1}\n\n^C ends it.\n\n", options.called,
             to_utf8(file));
  std::fflush(stdout);
  const daemon::Log log({.level = configuration->log_level,
                         .color = platform::wants_color(platform::Stream::errors)});
  daemon::Daemon daemon(executor, {*std::move(configuration), folder.path() / "data", version()},
                        log, random);
  const auto started = co_await daemon.start();
  if (started) {
    co_await say_dashboard(daemon);
    co_await wait_for_the_end(options.seconds);
    co_await daemon.stop();
  } else {
    complain(started.error().what);
  }
  receiving.cancel();
  pretending.cancel();
  co_await receiving.join();
  co_await pretending.join();
  co_return started ? kExitOk : kExitFailed;
}

}  // namespace

int demo(const DemoOptions& options) {
  net::Loop loop;
  return loop.run_until_done(show(options, loop.executor()));
}

}  // namespace tocsin::cli
