#include "daemon/metrics.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using testing::HasSubstr;

TEST(Metrics, CountTheChecksOfEachHostByOutcome) {
  Metrics metrics;
  const HostName host("node\"1");
  metrics.count_check(host, "ok", std::chrono::milliseconds(250));
  metrics.count_check(host, "timed_out", std::chrono::seconds(30));
  metrics.count_check(host, "timed_out", std::chrono::seconds(30));
  metrics.count_pushed(host, 3);
  metrics.set_stuck_threads(1);
  const auto text = metrics.text();
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node\\\"1\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node\\\"1\",outcome=\"timed_out\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_seconds{host=\"node\\\"1\"} 30\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_host_reached{host=\"node\\\"1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_heard_total{host=\"node\\\"1\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_stuck_threads 1\n"));
}

TEST_F(DaemonTest, ChecksAreCounted) {
  Deps deps(folder_);
  deps.watch(host_,
             {std::vector{service("Spooler", ServiceState::running)},
              fail(ErrorKind::timed_out, "no answer within 5 s")},
             {.services = {service("Spooler", ServiceState::stopped)}});
  const auto text = deps.metrics_.text();
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node1\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node1\",outcome=\"timed_out\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_heard_total{host=\"node1\"} 1\n"));
}

}  // namespace
}  // namespace tocsin::daemon
