// bench_changes HOSTS PUSH: pretend hosts, which tell of changes as `tocsin simulate --push PUSH`
// does, and the webhook that is to be told of them: one clock sees both ends of a change.
//
// Says the port of the webhook, and in the next line NAME ADDRESS PORT of each host. Then, for each
// line that it reads, it makes changes, and says in one line how many milliseconds passed until the
// requests came:
//   turn COUNT PAUSE   each after the one before was told and a pause of up to so many milliseconds
//   burst COUNT        all at once, each on another host; counted from the first of them
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/words.h"
#include "net/async.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "net/worker.h"
#include "no_content_server.h"
#include "platform/process.h"
#include "simulate/catalogue.h"
#include "simulate/fleet.h"

namespace tocsin::bench {
namespace {

using Instant = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::size_t kServices = std::size(simulate::kWatchedServices);
constexpr auto kPatience = std::chrono::minutes(2);

class Changes {
 public:
  Changes(std::size_t hosts, simulate::Push push)
      : fleet_({.hosts = hosts, .user = "monitor", .password = Secret("pretend"), .push = push},
               clock_, platform::system_random()),
        scope_(loop_.executor()),
        all_arrived_(loop_.executor()) {}

  int run() {
    if (const auto started = fleet_.start(scope_, loop_.executor()); !started) {
      fmt::print(stderr, "{}\n", started.error().what);
      return 1;
    }
    say(fmt::format("{}", server_.port()));
    std::vector<std::string> hosts;
    hosts.reserve(fleet_.endpoints().size());
    for (const auto& [host, address, port] : fleet_.endpoints()) {
      hosts.push_back(fmt::format("{} {} {}", host, address, port));
      models_.push_back(fleet_.find(host));
    }
    say(fmt::format("{}", fmt::join(hosts, " ")));
    loop_.run_until_done(obey());
    return 0;
  }

 private:
  static void say(const std::string& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  }
  static std::optional<std::string> read_line() {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }

  net::awaitable<void> obey() {
    while (const auto line = co_await input_.run(read_line)) {
      std::istringstream words(*line);
      std::string what;
      std::size_t count = 0;
      int pause = 0;
      words >> what >> count >> pause;
      std::vector<double> took;
      if (what == "burst") {
        took = co_await change(count);
      } else {
        took = co_await change_in_turn(count, pause);
      }
      say(fmt::format("{:.3f}", fmt::join(took, " ")));
    }
    scope_.cancel();
    co_await scope_.join();
  }

  net::awaitable<std::vector<double>> change_in_turn(std::size_t count, int most_pause) {
    std::uniform_int_distribution<int> pause(0, most_pause);
    std::vector<double> took;
    took.reserve(count);
    while (took.size() < count) {
      co_await net::sleep_for(std::chrono::milliseconds(pause(chance_)));
      took.push_back((co_await change(1)).front());
    }
    co_return took;
  }

  /// At once; the milliseconds until each request came.
  net::awaitable<std::vector<double>> change(std::size_t count) {
    arrived_.clear();
    awaited_ = count;
    all_arrived_.reset();
    const auto begun = std::chrono::steady_clock::now();
    for (std::size_t number = 0; number < count; ++number) change_next();
    if (!co_await all_arrived_.wait_until(net::within(kPatience))) {
      fmt::print(stderr, "{} of {} requests within two minutes\n", arrived_.size(), count);
      std::exit(1);
    }
    std::vector<double> took;
    took.reserve(arrived_.size());
    for (const auto at : arrived_) took.push_back(Milliseconds(at - begun).count());
    co_return took;
  }

  /// Another host each time, then another service.
  void change_next() {
    auto& host = *models_[next_ % models_.size()];
    const ServiceName name(simulate::kWatchedServices[next_ / models_.size() % kServices]);
    next_++;
    const bool runs = host.find(name)->status.current_state == svcctl::kRunning;
    (void)host.apply(runs ? simulate::Action::stop : simulate::Action::start, name);
  }

  void take(Instant at) {
    arrived_.push_back(at);
    if (arrived_.size() >= awaited_) all_arrived_.set();
  }

  const SystemClock clock_;
  net::Loop loop_;
  net::Worker input_{"input", 1};
  simulate::Fleet fleet_;
  net::TaskScope scope_;
  net::Event all_arrived_;
  std::vector<simulate::HostModel*> models_;
  std::size_t next_ = 0;
  std::size_t awaited_ = 0;
  std::vector<Instant> arrived_;
  std::mt19937 chance_{1};
  NoContentServer server_{
      [this] { loop_.post([this, at = std::chrono::steady_clock::now()] { take(at); }); }};
};

}  // namespace
}  // namespace tocsin::bench

int main(int count, char** arguments) {
  using tocsin::simulate::Push;
  const auto push = count == 3 ? tocsin::parse_word<Push>(arguments[2]) : std::nullopt;
  if (!push) return 2;
  tocsin::platform::allow_many_files();
  return tocsin::bench::Changes(std::strtoul(arguments[1], nullptr, 10), *push).run();
}
