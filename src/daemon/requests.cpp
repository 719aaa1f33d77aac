#include "daemon/requests.h"

#include <utility>

#include "base/try.h"

namespace tocsin::daemon {
namespace {

/// How soon a silence or an acknowledgement begins that somebody asks for.
constexpr auto kReadEvery = std::chrono::seconds(2);

}  // namespace

Result<> Requests::read_suppressions() {
  TRY(auto silences, deps_.stored.load_silences(deps_.clock.now()));
  TRY(auto acks, deps_.stored.load_acks());
  deps_.silences.set_silences(std::move(silences));
  deps_.acks.set_acks(std::move(acks));
  return {};
}

net::awaitable<void> Requests::run() {
  for (bool failing = false;; (void)co_await asked_.wait_until(net::within(kReadEvery))) {
    asked_.reset();
    const auto done = co_await read();
    if (!done && !failing)
      deps_.log.warn(
          "silences, acknowledgements and other requests are not read until the store works again: "
          "{}",
          done.error().what);
    failing = !done;
  }
}

net::awaitable<Result<>> Requests::end_acks() {
  const auto ended = deps_.acks.end_with_alerts(deps_.firing_since);
  if (ended.empty()) co_return Result<>{};
  co_return co_await deps_.worker.run([&]() -> Result<> {
    for (const auto id : ended) {
      TRY(deps_.stored.end_ack(id, deps_.clock.now()));
    }
    return {};
  });
}

/// In small steps, so that commits come in between.
net::awaitable<Result<>> Requests::retry_dead_letters() {
  std::size_t count = 0;
  for (bool was_asked = false;; was_asked = true) {
    CO_TRY(const auto is_asked,
           co_await deps_.worker.run([this] { return deps_.stored.has_retries(); }));
    if (!is_asked) {
      if (was_asked) deps_.log.notice("dead letters sent again on request: {}", count);
      co_return Result<>{};
    }
    CO_TRY(auto taken, co_await deps_.retry());
    count += taken;
  }
}

net::awaitable<Result<>> Requests::read() {
  CO_TRY(auto silences, co_await deps_.worker.run(
                            [this] { return deps_.stored.load_silences(deps_.clock.now()); }));
  deps_.silences.set_silences(std::move(silences));
  CO_TRY(auto acks, co_await deps_.worker.run([this] { return deps_.stored.load_acks(); }));
  deps_.acks.set_acks(std::move(acks));
  CO_TRY(co_await end_acks());
  CO_TRY(co_await retry_dead_letters());
  CO_TRY(const auto asked,
         co_await deps_.worker.run([this] { return deps_.stored.find_reload(); }));
  if (!asked) co_return Result<>{};
  deps_.log.debug("reload requested by `tocsin reload`");
  const auto answer = co_await deps_.reload();
  co_return co_await deps_.worker.run([&] { return deps_.stored.answer_reload(*asked, answer); });
}

}  // namespace tocsin::daemon
