#include "cli/simulate.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/text.h"
#include "base/try.h"
#include "base/words.h"
#include "cli/load.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "platform/process.h"
#include "platform/stop.h"
#include "simulate/fleet.h"
#include "simulate/script.h"

namespace tocsin::cli {
namespace {

Result<std::string> load_text(const std::string& path) {
  std::ifstream file(to_path(path), std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file && !file.eof()) return fail(ErrorKind::invalid_config, path + ": cannot be read");
  return text;
}

void print_line(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

/// One line for each logon, in the file before the client has the answer.
class LogonLog {
 public:
  LogonLog(const std::string& path, const Clock& clock)
      : clock_(clock), file_(to_path(path), std::ios::binary | std::ios::app) {}

  [[nodiscard]] bool writable() const { return file_.is_open(); }
  void add(const simulate::FleetLogon& ended) {
    const auto& logon = ended.logon;
    // The client chose these two names.
    const auto user = printable(logon.user);
    const auto workstation = printable(logon.workstation);
    file_ << fmt::format("{}\t{}\t{}\t{}\t0x{:08X}\t{}\n", iso_time(clock_.now()), ended.host,
                         user.empty() ? "-" : user, logon.status == 0 ? "accepted" : "refused",
                         logon.status, workstation.empty() ? "-" : workstation)
          << std::flush;
  }

 private:
  const Clock& clock_;
  std::ofstream file_;
};

/// The lines that are complete, from `read` on, which moves behind them.
std::string take_new_lines(const std::string& path, std::size_t& read) {
  const auto text = load_text(path).value_or("");
  if (text.size() < read) read = 0;       // written anew
  const auto end = text.rfind('\n') + 1;  // npos + 1 is 0
  const auto begin = std::exchange(read, std::max(read, end));
  return text.substr(begin, read - begin);
}

/// Lets happen what is appended to the file, until it is cancelled.
net::awaitable<void> follow(std::string path, simulate::Fleet& fleet) {
  for (std::size_t read = 0;; co_await net::sleep_for(std::chrono::milliseconds(50))) {
    std::istringstream lines(take_new_lines(path, read));
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line.starts_with('#')) continue;
      const auto event = simulate::parse_event(line);
      const auto done = event ? fleet.apply(*event) : std::unexpected(event.error());
      print_line(done ? simulate::describe(*event) : printable(line) + ": " + done.error().what);
    }
  }
}

void print_logons(std::string_view host, simulate::LogonCounts logons) {
  print_line(
      fmt::format("logons {}: {} accepted, {} refused", host, logons.accepted, logons.refused));
}

/// Of all hosts, and of each that refused one.
void print_logons(const simulate::Fleet& fleet) {
  const auto all = fleet.logons();
  if (all.accepted + all.refused == 0) return;
  for (const auto& endpoint : fleet.endpoints()) {
    const auto logons = fleet.logons(endpoint.host);
    if (logons.refused > 0) print_logons(endpoint.host, logons);
  }
  print_logons("*", all);
}

Result<simulate::FleetOptions> make_fleet_options(const SimulateOptions& typed) {
  simulate::FleetOptions options{
      .hosts = typed.hosts,
      .name = typed.name,
      .address = typed.address,
      .port = typed.port,
      .spread = typed.one_port ? simulate::Spread::addresses : simulate::Spread::ports,
      .services = typed.services,
      .user = typed.user,
      .password = Secret(typed.password),
      .encryption = typed.encryption != "none",
      .demand_encryption = typed.encryption == "demanded",
      .pending = std::chrono::round<Duration>(std::chrono::duration<double>(typed.pending_seconds)),
      .old = typed.old,
      .push = parse_word<simulate::Push>(typed.push).value_or(simulate::Push::multiplexed),
      .controllable = !typed.watch_only,
      .random_changes = typed.random_changes,
      .seed = typed.seed,
      .on_change = print_line};
  std::string script;
  if (!typed.script.empty()) {
    TRY(auto text, load_text(typed.script));
    script = std::move(text);
  }
  auto events = simulate::parse_script(script);
  if (!events) return fail(std::move(events), typed.script);
  options.script = *std::move(events);
  return options;
}

}  // namespace

void add_simulate_options(CLI::App& command, SimulateOptions& options) {
  const auto add = [&](const char* name, auto& value, const char* text, const char* type) {
    return command.add_option(name, value, text)->capture_default_str()->type_name(type);
  };
  add("--hosts", options.hosts, "how many hosts to pretend", "N")->check(CLI::Range(1, 65536));
  add("--name", options.name, "their name; several are numbered", "NAME");
  add("--address", options.address, "where they listen", "ADDRESS");
  add("--port", options.port, "the first port; 0 lets the system choose", "PORT");
  command.add_flag("--one-port", options.one_port,
                   "successive addresses with the same port instead of successive ports");
  add("--services", options.services, "services of each host", "N")->check(CLI::Range(8, 100000));
  add("--user", options.user, "the account that may log in", "NAME");
  add("--password", options.password, "its password", "TEXT");
  add("--encryption", options.encryption, "SMB encryption of the hosts", "WHAT")
      ->check(CLI::IsMember({"offered", "demanded", "none"}));
  add("--pending", options.pending_seconds, "how long services take to start, stop and pause",
      "SECONDS")
      ->check(CLI::Range(0.0, 86400.0));
  command.add_flag("--old", options.old,
                   "as Samba: no process ids, no list with process ids, no delayed start, no push");
  add("--push", options.push,
      "how a host tells of changes by itself: several calls at a time on a pipe, a single one, or "
      "not at all",
      "HOW")
      ->check(CLI::IsMember({"multiplexed", "single", "none"}));
  command.add_flag("--watch-only", options.watch_only,
                   "refuses the account the rights to start, stop and pause services");
  command.add_option("--script", options.script, "what happens, and when")->type_name("FILE");
  command
      .add_option("--event", options.events,
                  "what has happened before the start, as in a script but without the time: "
                  "\"stop qs-node1 Spooler\"; may be given several times")
      ->type_name("EVENT")
      ->allow_extra_args(false);
  command
      .add_option("--follow", options.follow,
                  "a file of further events, each of which happens as soon as its line is written")
      ->type_name("FILE");
  command
      .add_option("--logons", options.logons,
                  "a file that gets a line for each logon: TIME HOST USER accepted|refused STATUS "
                  "WORKSTATION, separated by tabs")
      ->type_name("FILE");
  add("--random", options.random_changes, "stops and starts per second, at random", "RATE")
      ->check(CLI::Range(0.0, 10000.0));
  add("--seed", options.seed, "seed of the random changes", "N");
}

int run_simulate(const SimulateOptions& typed) {
  const auto give_up = [](const Error& error) {
    complain(error.what);
    return 2;
  };
  auto options = make_fleet_options(typed);
  if (!options) return give_up(options.error());

  platform::allow_many_files();
  const SystemClock clock;
  std::optional<LogonLog> log;
  if (!typed.logons.empty()) {
    log.emplace(typed.logons, clock);
    if (!log->writable())
      return give_up({.kind = ErrorKind::invalid_config,
                      .what = typed.logons + ": cannot be written",
                      .native = {}});
    options->on_logon = [&](const simulate::FleetLogon& ended) { log->add(ended); };
  }
  net::Loop loop;
  simulate::Fleet fleet(*std::move(options), clock, platform::system_random());
  net::TaskScope scope(loop.executor());
  Result<> started = fleet.start(scope, loop.executor());
  for (const auto& text : typed.events) {
    const auto event = simulate::parse_event(text);
    if (started) started = event ? fleet.apply(*event) : std::unexpected(event.error());
  }
  const auto run = [&]() -> net::awaitable<void> {
    if (started) {
      for (const auto& [host, address, port] : fleet.endpoints())
        fmt::print("{} {}:{}\n", host, address, port);
      print_line("ready");
      if (!typed.follow.empty()) scope.spawn(follow(typed.follow, fleet));
      co_await platform::stop_request();
    }
    scope.cancel();
    co_await scope.join();
    if (started) print_logons(fleet);
  };
  loop.run_until_done(run());
  return started ? 0 : give_up(started.error());
}

}  // namespace tocsin::cli
