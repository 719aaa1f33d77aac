// What the log says at level debug of a check, an alert and its delivery.
#include <fstream>
#include <initializer_list>
#include <regex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/text.h"
#include "daemon/credentials.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

/// Counts how often it was formatted.
struct Counted {
  int* times;
};

}  // namespace
}  // namespace tocsin::daemon

template <>
struct fmt::formatter<tocsin::daemon::Counted> : fmt::formatter<int> {
  template <typename Context>
  auto format(const tocsin::daemon::Counted& counted, Context& context) const {
    return fmt::formatter<int>::format(++*counted.times, context);
  }
};

namespace tocsin::daemon {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using enum ServiceState;

/// A log file for the length of a test.
class DebugLogTest : public DaemonTest {
 protected:
  void SetUp() override {
    DaemonTest::SetUp();
    std::filesystem::create_directories(logs_);
  }
  [[nodiscard]] LogOptions log(config::LogLevel level = config::LogLevel::debug) const {
    return {.level = level, .directory = logs_};
  }
  /// With N for each duration.
  [[nodiscard]] std::vector<std::string> lines(const Log& from) const {
    from.flush();
    std::ifstream file(logs_ / "tocsin.log");
    std::vector<std::string> all;
    const std::regex took(" in [0-9]+ ms");
    for (std::string line; std::getline(file, line);)
      all.push_back(std::regex_replace(line, took, " in N ms"));
    return all;
  }
  /// Each of these texts is in a line.
  void expect_lines(const Log& from, std::initializer_list<std::string_view> texts) const {
    const auto all = lines(from);
    for (const auto text : texts) EXPECT_THAT(all, Contains(HasSubstr(std::string(text))));
  }
  /// The spooler runs, then it does not, and it takes two checks until that is notified.
  void watch_a_stop(Deps& deps) {
    host_.services = Watchlist({{.pattern = "Spooler", .policy = {.grace = {.checks = 2}}}});
    const auto check = [](ServiceState state) { return Seen({service("Spooler", state, 7)}); };
    deps.watch(host_, {check(running), check(stop_pending), check(stopped), check(stopped)});
    EXPECT_EQ(deps.notified(1).size(), 1);
  }

  std::filesystem::path logs_ = folder_ / "logs";
};

TEST_F(DebugLogTest, AnAlertIsTracedFromTheCheckToItsDelivery) {
  Deps deps(folder_, log());
  watch_a_stop(deps);
  expect_lines(
      deps.log_,
      {
          "host node1: check begins: smb node1:445, no credential",
          "host node1: check answered in N ms: services 1, changed 1; no session",
          "host node1: state RUNNING when first seen, no alert: baseline: Spooler",
          "host node1: state RUNNING -> STOP_PENDING, no alert: pending, not settled: Spooler",
          "host node1: Spooler stopped: RUNNING -> STOPPED, suppressed: not yet seen 2 times",
          "host node1: alert waits: Spooler stopped (checks 1): not yet seen 2 times",
          "host node1: Spooler stopped: RUNNING -> STOPPED, for 1 s by now",
          "host node1: routed: Spooler stopped: no route matches: kept:1",
          "states 2, alerts 1, deliveries 1",
          "kept:1: delivery queued: node1 Spooler stopped, id ",
          "kept:1: delivery attempt 1: node1 Spooler stopped, id ",
          "kept:1: delivery answered: node1 Spooler stopped in N ms: delivered, kept",
      });
}

TEST_F(DebugLogTest, AHostThatIsNotReachedIsTracedWithTheErrorAndTheGrace) {
  host_.policy.grace = {.checks = 2, .time = std::chrono::seconds(30)};
  Deps deps(folder_, log());
  deps.watch(host_, {std::vector{service("Spooler", running, 7), service("mssql$x", running, 8)},
                     fail(ErrorKind::denied, "no access", 0xC0000022),
                     fail(ErrorKind::denied, "no rights", 0xC0000022),
                     fail(ErrorKind::timed_out, "late")});
  expect_lines(
      deps.log_,
      {
          "host node1: check failed at once, tried once more: no access",
          "check not answered in N ms: denied (native 0xC0000022): no rights; no session",
          "host node1: check failed: no rights",
          "state RUNNING -> UNKNOWN, no alert: not observed by this check: mssql$x, Spooler",
          "host node1: unreachable, no rights, suppressed: not yet tried 2 times",
          "host node1: alert waits: unreachable: failed checks 1 of 2, for 0 s of 30 s",
          "host node1: alert waits: unreachable: failed checks 2 of 2, for 1 s of 30 s",
      });
}

TEST_F(DebugLogTest, APushedChangeIsTraced) {
  Deps deps(folder_, log());
  const auto check = Seen({service("Spooler", running, 7)});
  deps.watch(host_, {check, check},
             {.services = {service("Spooler", stopped)}, .check_again = true});
  EXPECT_THAT(lines(deps.log_),
              Contains(HasSubstr("host node1: pushed by the host: Spooler STOPPED")));
  EXPECT_THAT(lines(deps.log_), Contains(HasSubstr("services came or went, check at once")));
}

TEST_F(DebugLogTest, InfoHasNoneOfIt) {
  Deps deps(folder_, log(config::LogLevel::info));
  watch_a_stop(deps);
  const auto all = lines(deps.log_);
  EXPECT_THAT(all, Contains(HasSubstr("host node1: Spooler stopped: RUNNING -> STOPPED")));
  EXPECT_THAT(all, Each(AllOf(Not(HasSubstr(" debug ")), Not(HasSubstr("check ")),
                              Not(HasSubstr("alert waits")), Not(HasSubstr("delivery ")))));
}

TEST_F(DebugLogTest, InfoFormatsNothingOfIt) {
  int times = 0;
  const Log info(log(config::LogLevel::info));
  info.debug("{}", Counted{&times});
  info.of("host node1").debug("{}", Counted{&times});
  EXPECT_EQ(times, 0);
  const Log debug(log());
  debug.debug("{}", Counted{&times});
  debug.of("host node1").debug("{}", Counted{&times});
  EXPECT_EQ(times, 2);
}

TEST_F(DebugLogTest, ANameThatAHostChoosesIsPrintable) {
  host_.services = Watchlist({{.pattern = "Spo*"}});
  Deps deps(folder_, log());
  deps.watch(host_, {Seen({service("Spo\x1b[31m\noler", running, 7)}),
                     Seen({service("Spo\x1b[31m\noler", stopped)})});
  EXPECT_EQ(deps.notified(1).size(), 1);
  const auto all = lines(deps.log_);
  EXPECT_THAT(all, Contains(HasSubstr("delivery attempt 1: node1 Spo?[31m?oler stopped")));
  EXPECT_THAT(all, Each(AllOf(HasSubstr("T"), Not(HasSubstr("\x1b")))));
}

/// Fails at first.
class FlakyTransport final : public net::HttpTransport {
 public:
  net::awaitable<Result<net::HttpResponse>> fetch(net::HttpRequest /*request*/,
                                                  net::Deadline /*deadline*/) override {
    co_return net::HttpResponse{.status = requests_++ == 0 ? 503 : 200};
  }
  [[nodiscard]] int requests() const { return requests_; }

 private:
  int requests_ = 0;
};

TEST_F(DebugLogTest, ADeliveryThatFailsIsTracedWithoutASecret) {
  const Log to(log());
  kit::VirtualTime clock;
  net::Loop loop;
  FlakyTransport http;
  notify::Messages messages;
  const RandomFill zeros = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 0); };
  logins::Logins logins(
      {.executor = loop.executor(), .clock = clock, .random = zeros, .on_step = step_log(to)});
  config::Config config;
  config.get<config::WebhookDestinations>().enabled = true;
  config.get<config::WebhookDestinations>().webhooks = {
      {.description = "",
       .firing = {.url = "https://alice:geheim@hooks.example/geheim?token=geheim"}}};
  const auto destinations = notify::make_destinations(config, {.executor = loop.executor(),
                                                               .http = http,
                                                               .version = "1.2.3",
                                                               .messages = messages,
                                                               .logins = logins,
                                                               .clock = clock});
  auto store = store::Store::open(folder_).value();
  net::Worker worker("store", 1);
  notify::StoreOutbox outbox(store, worker);
  Metrics metrics;
  DeliveryLog observer(to, metrics, destinations.alerts);
  notify::Dispatcher dispatcher(loop.executor(), destinations.alerts, outbox, observer, clock,
                                zeros);
  Alert alert{
      .kind = TransitionKind::stopped, .host = HostName("db1"), .service = ServiceName("W3SVC")};
  loop.run_until_done([&]() -> net::awaitable<void> {
    dispatcher.start();
    dispatcher.submit({{.id = {"42"},
                        .destination = destinations.alerts.front().channel->key(),
                        .alert = alert,
                        .created = clock.now()}});
    co_await clock.pass(std::chrono::seconds(1));
    EXPECT_EQ(http.requests(), 2);
    (void)co_await dispatcher.stop();
  }());

  const auto all = lines(to);
  const std::string subject = "webhook \"https://hooks.example\": ";
  for (const auto* line : {
           "delivery queued: db1 W3SVC stopped, id 42",
           "delivery attempt 1: db1 W3SVC stopped, id 42",
           "delivery answered: db1 W3SVC stopped in N ms: try again: 503 Service Unavailable",
           "db1 W3SVC stopped not delivered, attempt 1, next in N ms: 503 Service Unavailable",
           "delivery attempt 2: db1 W3SVC stopped, id 42",
           "delivery answered: db1 W3SVC stopped in N ms: delivered, 200 OK",
       })
    EXPECT_THAT(all, Contains(HasSubstr(subject + line)));
  EXPECT_THAT(all, Contains(AllOf(HasSubstr("login "), HasSubstr("at https://hooks.example"),
                                  HasSubstr(": login admitted"))));
  EXPECT_THAT(all, Each(Not(HasSubstr("geheim"))));
}

TEST_F(DebugLogTest, AnAttemptNamesTheMessageThatDeliveriesShare) {
  const Log to(log());
  Metrics metrics;
  DeliveryLog observer(to, metrics, {});
  store::Delivery delivery{.id = {"42"}, .destination = "slack:1", .attempts = 1};
  delivery.alert = {
      .kind = TransitionKind::stopped, .host = HostName("db1"), .service = ServiceName("W3SVC")};
  for (const auto* group : {"", "42", "99"}) {
    delivery.group = group;
    observer.attempting(delivery);
  }
  const auto end = testing::EndsWith("delivery attempt 1: db1 W3SVC stopped, id 42");
  EXPECT_THAT(
      lines(to),
      testing::ElementsAre(
          end, end, testing::EndsWith("delivery attempt 1: db1 W3SVC stopped, id 42, group 99")));
}

}  // namespace
}  // namespace tocsin::daemon
