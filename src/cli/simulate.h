// `tocsin simulate`: pretend Windows hosts, for trying out, tests and load.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tocsin::cli {

/// As typed; run_simulate() checks them.
struct SimulateOptions {
  std::size_t hosts = 1;
  std::string name = "qs-node";
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  bool one_port = false;
  std::size_t services = 250;
  std::string user = "monitor";
  std::string password = "tocsin";
  std::string encryption = "offered";
  double pending_seconds = 0;
  bool old = false;
  std::string push = "multiplexed";
  bool watch_only = false;
  std::string script;  ///< a file
  std::vector<std::string> events;
  std::string follow;  ///< a file
  std::string logons;  ///< a file
  double random_changes = 0;
  std::uint64_t seed = 1;
};

/// Declares the options of the subcommand.
void add_simulate_options(CLI::App& command, SimulateOptions& options);

/// Prints `HOST ADDRESS:PORT` for each host, then `ready`, then what changes, until SIGINT or
/// SIGTERM; then, where there were any, the logons of each host that refused one and of all hosts.
/// Answers the exit code: 0, or 2 for options that make no sense, a file that cannot be written or
/// a port that is taken.
int run_simulate(const SimulateOptions& options);

}  // namespace tocsin::cli
