#include "daemon/metrics.h"

#include <utility>

#include <gmock/gmock.h>

#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Gauges with_destinations() {
  Gauges now;
  now.destinations = {
      {.key = "webhook:1",
       .name = "webhook:desk",
       .stored = StoredDeliveries{.waiting = 3, .oldest = std::chrono::minutes(2), .dead = 1}},
      {.key = "slack:2", .name = "slack"},
  };
  return now;
}

TEST(Metrics, CountTheChecksOfEachHostByOutcome) {
  Metrics metrics;
  auto& host = metrics.of(HostName("node\"1"));
  metrics.count_check(host, {}, std::chrono::milliseconds(250));
  metrics.count_check(host, ErrorKind::timed_out, std::chrono::seconds(30));
  metrics.count_check(host, ErrorKind::timed_out, std::chrono::seconds(30));
  metrics.count_pushed(host, 3);
  const auto text = metrics.text({.stuck_threads = 1});
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node\\\"1\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node\\\"1\",outcome=\"timed_out\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_seconds{host=\"node\\\"1\"} 30\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_host_reached{host=\"node\\\"1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_heard_total{host=\"node\\\"1\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_stuck_threads 1\n"));
}

TEST(Metrics, SayHowLongChecksTake) {
  Metrics metrics;
  auto& host = metrics.of(HostName("node1"));
  metrics.count_check(host, {}, std::chrono::milliseconds(5));
  metrics.count_check(host, {}, std::chrono::milliseconds(250));
  metrics.count_check(host, ErrorKind::timed_out, std::chrono::seconds(31));
  const auto text = metrics.text({});
  EXPECT_THAT(text, HasSubstr("# TYPE tocsin_check_duration_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_duration_seconds_bucket{le=\"0.0025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_duration_seconds_bucket{le=\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_duration_seconds_bucket{le=\"30\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_duration_seconds_sum 31.255\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_check_duration_seconds_count 3\n"));
}

TEST(Metrics, ForgetAHostThatIsGone) {
  Metrics metrics;
  metrics.count_check(metrics.of(HostName("gone1")), {}, std::chrono::seconds(1));
  metrics.count_check(metrics.of(HostName("stays1")), {}, std::chrono::seconds(1));
  metrics.forget(HostName("GONE1"));
  EXPECT_THAT(metrics.text({}), AllOf(Not(HasSubstr("gone1")), HasSubstr("stays1")));
}

TEST(Metrics, NameNoHostWhereNoneIsWanted) {
  Metrics metrics;
  metrics.count_check(metrics.of(HostName("node1")), {}, std::chrono::seconds(1));
  metrics.count_check(metrics.of(HostName("node2")), ErrorKind::denied, std::chrono::seconds(1));
  metrics.count_pushed(metrics.of(HostName("node2")), 2);
  metrics.forget(HostName("node2"));
  metrics.set_per_host(false);
  const auto text = metrics.text({.reached = 1});
  EXPECT_THAT(text, AllOf(Not(HasSubstr("host=")), Not(HasSubstr("node"))));
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{outcome=\"denied\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_heard_total 2\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_hosts{state=\"reached\"} 1\n"));
}

TEST(Metrics, CountDeliveriesOfEachDestinationThatIsConfigured) {
  Metrics metrics;
  metrics.count_deliveries("webhook:1", DeliveryOutcome::delivered, 2);
  metrics.count_deliveries("webhook:1", DeliveryOutcome::failed, 1);
  metrics.count_deliveries("webhook:gone", DeliveryOutcome::dead, 1);
  const auto text = metrics.text(with_destinations());
  const auto figure = [](std::string_view destination, std::string_view outcome, int count) {
    return HasSubstr(
        fmt::format("tocsin_deliveries_total{{destination=\"{}\",outcome=\"{}\"}} {}\n",
                    destination, outcome, count));
  };
  EXPECT_THAT(text, figure("webhook:desk", "delivered", 2));
  EXPECT_THAT(text, figure("webhook:desk", "failed", 1));
  EXPECT_THAT(text, figure("webhook:desk", "dead", 0));
  EXPECT_THAT(text, figure("slack", "delivered", 0));
  EXPECT_THAT(text, Not(HasSubstr("gone")));
}

TEST(Metrics, SayWhatWaitsOnlyWhereTheStoreIsRead) {
  const auto text = Metrics().text(with_destinations());
  EXPECT_THAT(text, HasSubstr("tocsin_deliveries_waiting{destination=\"webhook:desk\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_oldest_waiting_delivery_seconds{destination=\"webhook:desk\"}"
                              " 120\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_dead_letters{destination=\"webhook:desk\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("tocsin_dead_letters{destination=\"slack\"}")));
}

TEST(Metrics, SayWhatIsSoNow) {
  Gauges now{.version = "1.2.3", .reached = 2, .unreached = 1, .unchecked = 4};
  now.services.at(web::index_of(ServiceState::stopped)) = 5;
  now.open.at(std::to_underlying(About::host)) = 6;
  now.loop_lag = std::chrono::milliseconds(3);
  const auto text = Metrics().text(now);
  EXPECT_THAT(text, HasSubstr("tocsin_hosts{state=\"unreached\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_hosts{state=\"unchecked\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_services{state=\"STOPPED\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_services{state=\"RUNNING\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_open_alerts{about=\"host\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_loop_lag_seconds 0.003\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_build_info{version=\"1.2.3\"} 1\n"));
}

TEST(Metrics, SayWhetherTheConfigurationWasAccepted) {
  Metrics metrics;
  metrics.count_reload(true, Time(std::chrono::seconds(1000)));
  metrics.count_reload(false, Time(std::chrono::seconds(2000)));
  EXPECT_THAT(metrics.text({}), AllOf(HasSubstr("tocsin_reload_success 0\n"),
                                      HasSubstr("tocsin_reload_timestamp_seconds 1000\n")));
}

TEST(Metrics, CountTheTransactionsThatTheStoreRefuses) {
  Metrics metrics;
  metrics.count_commit(true, std::chrono::milliseconds(2));
  metrics.count_commit(false, std::chrono::seconds(2));
  EXPECT_THAT(metrics.text({}), AllOf(HasSubstr("tocsin_store_commit_seconds_count 2\n"),
                                      HasSubstr("tocsin_store_commit_failures_total 1\n")));
}

TEST(MetricsText, BeginsAFamilyWithItsFirstSample) {
  MetricsText text;
  text.gauge("empty", "Nothing.");
  text.counter("some_total", "Some.");
  text.add({{"a", "line\nbreak \\"}, {"b", ""}}, 1);
  text.add({}, 0.1);
  EXPECT_EQ(text.take(),
            "# HELP some_total Some.\n"
            "# TYPE some_total counter\n"
            "some_total{a=\"line\\nbreak \\\\\",b=\"\"} 1\n"
            "some_total 0.1\n");
}

TEST_F(DaemonTest, ChecksAreCounted) {
  Deps deps(folder_);
  deps.watch(host_,
             {std::vector{service("Spooler", ServiceState::running)},
              fail(ErrorKind::timed_out, "no answer within 5 s")},
             {.services = {service("Spooler", ServiceState::stopped)}});
  const auto text = deps.metrics_.text({});
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node1\",outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_checks_total{host=\"node1\",outcome=\"timed_out\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tocsin_heard_total{host=\"node1\"} 1\n"));
}

TEST_F(DaemonTest, DeliveriesAndTransactionsAreCounted) {
  Deps deps(folder_);
  deps.watch(host_, {std::vector{service("Spooler", ServiceState::running)},
                     std::vector{service("Spooler", ServiceState::stopped)}});
  EXPECT_EQ(deps.notified(1).size(), 1U);
  Gauges now;
  now.destinations = {{.key = "kept:1", .name = "keeps"}};
  EXPECT_THAT(deps.metrics_.text(now),
              AllOf(HasSubstr("{destination=\"keeps\",outcome=\"delivered\"} 1\n"),
                    Not(HasSubstr("tocsin_store_commit_seconds_count 0\n"))));
}

}  // namespace
}  // namespace tocsin::daemon
