#include "notify/login.h"

#include <chrono>
#include <utility>

#include "base/text.h"
#include "base/try.h"
#include "notify/channel.h"
#include "notify/http_policy.h"

namespace tocsin::notify {
namespace {

/// How often a suspended login is polled: nothing reports the end of its pause.
constexpr auto kPollInterval = std::chrono::seconds(1);
/// For the login that is under way elsewhere.
constexpr auto kTurnLimit = std::chrono::seconds(30);

class GateGuard final : public net::LoginGuard {
 public:
  GateGuard(net::Executor executor, logins::Gate& gate)
      : gate_(gate), opening_(std::move(executor), gate) {}

  net::awaitable<Result<>> enter() override {
    CO_TRY(auto pass, co_await gate_.enter(login_peer(), net::within(kTurnLimit)));
    pass_.emplace(std::move(pass));
    co_return Result<>{};
  }
  net::awaitable<void> wait() override { co_await opening_.wait(); }
  void conclude(net::LoginOutcome outcome, std::string reason) override {
    auto pass = std::exchange(pass_, std::nullopt);
    if (!pass) return;
    if (outcome == net::LoginOutcome::accepted) pass->accept();
    if (outcome == net::LoginOutcome::refused)
      pass->refuse(logins::Blame::secret, std::move(reason));
  }

 private:
  logins::Gate& gate_;
  Opening opening_;
  std::optional<logins::Pass> pass_;
};

}  // namespace

logins::Gate& login_gate(logins::Logins& logins, Account account) {
  const auto identity = std::string(account.server) + "\n" + account.user;
  auto name = "the login at " + printable(account.server);
  if (account.is_user_public)
    name = "the login \"" + printable(account.user) + "\" at " + printable(account.server);
  return logins.gate(logins::LoginId(channel_key(account.kind, identity)),
                     {.name = std::move(name),
                      .user = std::move(account.user),
                      .secret = std::move(account.secret),
                      .read_secret = std::move(account.read_secret),
                      .guard = {.shared = true, .peers_to_suspect = 1}});
}

Login url_login(logins::Logins& logins, std::string_view url) {
  auto info = user_info_of(url);
  if (!info) return {};
  const auto origin = origin_of(url);
  return {.gate = &login_gate(logins, {.kind = "http",
                                       .server = origin,
                                       .user = std::move(info->user),
                                       .secret = Secret(std::move(info->password)),
                                       .is_user_public = false})};
}

void conclude(std::optional<logins::Pass> pass, const Answer& answer) {
  if (!pass) return;
  if (const auto* refused = std::get_if<LoginRefused>(&answer))
    return pass->refuse(logins::Blame::secret, refused->reason);
  const auto* later = std::get_if<RetryAfter>(&answer);
  // A destination that rejects the message has accepted the account before.
  if (later == nullptr || later->logged_in) pass->accept();
}

Opening::Opening(net::Executor executor, logins::Gate& gate)
    : gate_(gate),
      opened_(std::move(executor)),
      listener_(gate.on_opening([this] { opened_.set(); })) {}

Opening::~Opening() { gate_.remove_on_opening(listener_); }

net::awaitable<void> Opening::wait() {
  for (;;) {
    opened_.reset();
    if (co_await gate_.check(login_peer())) co_return;
    co_await opened_.wait_until(net::within(kPollInterval));
  }
}

std::shared_ptr<net::LoginGuard> guard_of(net::Executor executor, logins::Gate& gate) {
  return std::make_shared<GateGuard>(std::move(executor), gate);
}

}  // namespace tocsin::notify
