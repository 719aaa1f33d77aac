#include "daemon/probes.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "logins/logins.h"
#include "net/loop.h"
#include "platform/process.h"

namespace tocsin::daemon {
namespace {

TEST(Probes, DoNotAskAHostWhoseAccountIsMissing) {
  net::Loop loop;
  const SystemClock clock;
  logins::Logins logins(
      {.executor = loop.executor(), .clock = clock, .random = platform::system_random()});
  Probes probes(loop.executor(),
                {.logins = logins, .clock = clock, .random = platform::system_random()});
  const config::Host host{.name = HostName("node1"),
                          .address = "node1.invalid",
                          .not_asked = "there are no credentials `x`"};
  const auto probe = probes.make(host);
  for (int i = 0; i < 2; i++) {
    const auto answer = loop.run_until_done(i == 0 ? probe->check(net::Deadline::max())
                                                   : probe->list(net::Deadline::max()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid_config);
    EXPECT_EQ(answer.error().what, "not asked: there are no credentials `x`");
  }
}

}  // namespace
}  // namespace tocsin::daemon
