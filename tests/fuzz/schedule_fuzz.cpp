// Any text is a schedule or a mistake within it; a schedule's times go on, and stay where they are
// when one asks from just before them. What begins with "TZif" is a zone file.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "schedule/schedule.h"

namespace {

using namespace tocsin;

constexpr std::string_view kText = "at 2:30 also every 7 minutes except on sunday";

void follow(const Schedule& schedule) {
  Time at = std::chrono::sys_days(std::chrono::year(2024) / 2 / 28);
  for (int i = 0; i < 5; i++) {
    const auto next = schedule.next(at);
    if (!next) return;
    if (*next <= at || schedule.next(*next - Duration(1)) != next) std::abort();
    at = *next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("TZif")) {
    if (auto zone = TimeZone::parse("fuzz", text))
      follow(*Schedule::parse(kText, *std::move(zone)));
    return 0;
  }
  const auto schedule = Schedule::parse(text);
  if (schedule) {
    follow(*schedule);
  } else if (schedule.error().column > size || schedule.error().expected.empty()) {
    std::abort();
  }
  return 0;
}
