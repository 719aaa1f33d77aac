// One attempt past the queue, for a test: no login that was refused a moment ago is tried again.
#pragma once

#include <expected>
#include <functional>

#include "logins/guard.h"
#include "net/async.h"
#include "notify/answer.h"
#include "notify/login.h"

namespace tocsin::notify {

/// What the destination says, of which the login's gate is told. Error: the login must not be tried
/// now, so nothing was sent.
net::awaitable<std::expected<Answer, logins::Suspension>> attempt(
    Login login, std::function<net::awaitable<Answer>()> send);

}  // namespace tocsin::notify
