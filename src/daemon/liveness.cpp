#include "daemon/liveness.h"

#include <chrono>
#include <utility>

#include "base/clock.h"

namespace tocsin::daemon {
namespace {

constexpr auto kLookEvery = std::chrono::seconds(10);

}  // namespace

net::awaitable<void> Liveness::watch() {
  const auto start = net::MonotonicClock::now();
  Progress checks(start);
  Progress deliveries(start);
  Progress store(start);
  for (Work answers{.pending = true};; co_await net::sleep_for(kLookEvery)) {
    if (co_await deps_.store_answers()) answers.ended++;
    const auto now = net::MonotonicClock::now();
    store.note(answers, now);
    checks.note(deps_.checks(), now);
    deliveries.note(deps_.deliveries(), now);
    if (store.stands_still(now))
      note("the store has not answered", false);
    else if (checks.stands_still(now))
      note("no check has ended", true);
    else if (deliveries.stands_still(now))
      note("no attempt of a due delivery has ended", true);
    else
      note({}, false);
  }
}

void Liveness::note(std::string standstill, bool restart_helps) {
  if (standstill.empty() && !goes_on()) deps_.log.notice("tocsin works again: heartbeats go on");
  if (!standstill.empty() && goes_on())
    deps_.log.error("tocsin stands still: {} for {}: heartbeats stop", standstill,
                    duration_text(Progress::kPatience));
  standstill_ = std::move(standstill);
  restart_helps_ = restart_helps;
}

}  // namespace tocsin::daemon
