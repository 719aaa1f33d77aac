#include "notify/attempt.h"

#include <optional>
#include <utility>

#include "logins/gate.h"

namespace tocsin::notify {

net::awaitable<std::expected<Answer, logins::Suspension>> attempt(
    Login login, std::function<net::awaitable<Answer>()> send) {
  std::optional<logins::Pass> pass;
  if (login.gate != nullptr) {
    if (auto suspension = login.gate->find_suspension(login_peer()))
      co_return std::unexpected(*std::move(suspension));
    if (login.by == Login::By::delivery) pass = login.gate->try_enter(login_peer());
  }
  auto answer = co_await send();
  conclude(std::move(pass), answer);
  co_return answer;
}

}  // namespace tocsin::notify
