#include "daemon/requests.h"

#include <utility>

namespace tocsin::daemon {
namespace {

/// How soon a silence begins that somebody asks for.
constexpr auto kReadEvery = std::chrono::seconds(2);

}  // namespace

Result<> Requests::read_silences() {
  auto silences = stored_.load_silences(deps_.clock.now());
  if (!silences) return fail(std::move(silences));
  deps_.silences.set_silences(*std::move(silences));
  return {};
}

net::awaitable<void> Requests::run() {
  for (bool failing = false;; co_await net::sleep_for(kReadEvery)) {
    const auto done = co_await read();
    if (!done && !failing)
      deps_.log.warn("silences and reloads are not read until the store works again: {}",
                     done.error().what);
    failing = !done;
  }
}

net::awaitable<Result<>> Requests::read() {
  auto silences =
      co_await deps_.worker.run([this] { return stored_.load_silences(deps_.clock.now()); });
  if (!silences) co_return fail(std::move(silences));
  deps_.silences.set_silences(*std::move(silences));

  auto asked = co_await deps_.worker.run([this] { return stored_.find_reload(); });
  if (!asked) co_return fail(std::move(asked));
  if (!*asked) co_return Result<>{};
  deps_.log.debug("reload requested by `tocsin reload`");
  const auto answer = co_await deps_.reload();
  co_return co_await deps_.worker.run([&] { return stored_.answer_reload(**asked, answer); });
}

}  // namespace tocsin::daemon
