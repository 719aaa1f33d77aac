// bench_receiver COUNT: takes webhooks faster than anybody sends them, in a process of its own.
// Says its port, and then the time (seconds since 1970) whenever it has received COUNT more.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "no_content_server.h"

int main(int argument_count, char** arguments) {
  const long count = argument_count > 1 ? std::strtol(arguments[1], nullptr, 10) : 1;
  long arrived = 0;
  const tocsin::bench::NoContentServer server([&] {
    if (++arrived % count != 0) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    fmt::print("{:.6f}\n", std::chrono::duration<double>(now).count());
    std::fflush(stdout);
  });
  fmt::print("{}\n", server.port());
  std::fflush(stdout);
  std::cin.get();  // until whoever started it is gone
}
