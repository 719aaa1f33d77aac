#include "base/clock.h"

#include <fmt/chrono.h>

namespace tocsin {

std::string iso_time(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     (time - seconds).count());
}

}  // namespace tocsin
