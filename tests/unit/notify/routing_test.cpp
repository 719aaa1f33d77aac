#include "notify/routing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notify/destination.h"
#include "unit/notify/deliveries.h"

namespace tocsin::notify {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;
using enum TransitionKind;

class NamedChannel final : public Channel {
 public:
  explicit NamedChannel(std::string key) : key_(std::move(key)) {}
  const std::string& key() const override { return key_; }
  const std::string& name() const override { return key_; }
  net::awaitable<Answer> deliver(const Alert&, const DeliveryId&, net::Deadline) override {
    co_return Delivered{};
  }

 private:
  std::string key_;
};

/// slack (0), pagerDuty (1), and the webhooks On-call (2) and Office (3).
class RoutingTest : public testing::Test {
 protected:
  RoutingTest() {
    add("slack:1", "");
    add("pagerDuty:1", "");
    add("webhook:1", "On-call");
    add("webhook:2", "Office");
  }
  void add(std::string key, std::string label) {
    destinations_.push_back(
        {.channel = std::make_unique<NamedChannel>(std::move(key)), .label = std::move(label)});
  }
  std::vector<RoutedTo> targets(const std::vector<config::Route>& routes,
                                const Alert& alert) const {
    return Routing(routes, destinations_).targets(alert);
  }
  std::vector<RoutedTo> targets(const std::vector<config::Route>& routes,
                                TransitionKind kind) const {
    return targets(routes, about(kind));
  }
  static Alert about(TransitionKind kind, const std::string& service = "MSSQLSERVER") {
    Alert alert = make_delivery("1", kind, service).alert;
    alert.host = HostName("sql1");
    alert.set = "sql";
    alert.details.display_name = "SQL Server";
    const bool runs = kind == started || kind == restarted;
    alert.to = runs ? ServiceState::running : ServiceState::stopped;
    return alert;
  }
  std::vector<Destination> destinations_;
};

constexpr Duration kNow{};

RoutedTo sure(std::size_t destination, Duration after = kNow) {
  return {destination, after, false};
}
RoutedTo if_notified(std::size_t destination) { return {destination, kNow, true}; }
RoutedTo after_a_while(std::size_t destination, Duration after) {
  return {destination, after, true};
}

TEST_F(RoutingTest, WithoutRoutesEveryDestinationGetsEverything) {
  EXPECT_THAT(targets({}, stopped), ElementsAre(sure(0), sure(1), sure(2), sure(3)));
  EXPECT_THAT(targets({}, started), ElementsAre(sure(0), sure(1), sure(2), sure(3)));
}

TEST_F(RoutingTest, TheFirstRouteThatMatchesDecides) {
  const std::vector<config::Route> routes = {{.match = {.hosts = {"WEB*"}}, .to = {"slack"}},
                                             {.match = {.hosts = {"SQL?"}}, .to = {"pagerduty"}},
                                             {.to = {"webhook:ON-CALL"}}};
  EXPECT_THAT(targets(routes, stopped), ElementsAre(sure(1)));
  EXPECT_THAT(targets(routes, started),
              ElementsAre(if_notified(0), sure(1), if_notified(2), if_notified(3)))
      << "others may have been notified by the routes of before";
  auto elsewhere = about(stopped);
  elsewhere.host = HostName("file1");
  EXPECT_THAT(targets(routes, elsewhere), ElementsAre(sure(2)));
}

TEST_F(RoutingTest, NamesTheRouteThatDecides) {
  const Routing routing({{.name = "databases", .match = {.sets = {"sql"}}, .to = {"slack"}},
                         {.match = {.kinds = {paused}}, .to = {"slack"}}},
                        destinations_);
  EXPECT_EQ(routing.name_route(about(stopped)), "route 1 `databases`");
  auto alert = about(paused);
  alert.set = "";
  EXPECT_EQ(routing.name_route(alert), "route 2");
  alert.kind = stopped;
  EXPECT_EQ(routing.name_route(alert), "no route matches");
}

TEST_F(RoutingTest, AChannelMeansAllOfItsDestinationsAndNobodyMeansNobody) {
  EXPECT_THAT(targets({{.to = {"webhook"}}}, stopped), ElementsAre(sure(2), sure(3)));
  EXPECT_THAT(targets({{.to = {}}}, stopped), IsEmpty());
  EXPECT_THAT(targets({{.to = {}}}, started),
              ElementsAre(if_notified(0), if_notified(1), if_notified(2), if_notified(3)));
}

TEST_F(RoutingTest, AllConditionsMustHold) {
  const auto takes = [&](config::RouteConditions match, const Alert& alert) {
    return targets({{.match = std::move(match), .to = {"slack"}}, {.to = {}}}, alert).size() == 1;
  };
  const Alert alert = about(stopped);
  EXPECT_TRUE(takes({.sets = {"sql"}, .hosts = {"SQL1"}, .services = {"MSSQL*"}}, alert));
  EXPECT_TRUE(takes({.services = {"SQL SERVER"}}, alert)) << "by its display name";
  EXPECT_FALSE(takes({.sets = {"qlik"}, .hosts = {"SQL1"}}, alert));
  EXPECT_FALSE(takes({.services = {"SPOOLER"}}, alert));
  EXPECT_FALSE(takes({.severities = {AlertSeverity::info, AlertSeverity::warning}}, alert));
  EXPECT_TRUE(takes({.severities = {AlertSeverity::critical}, .kinds = {stopped}}, alert));
  EXPECT_FALSE(takes({.kinds = {stuck}}, alert));
}

TEST_F(RoutingTest, AlertsAboutHostsHaveNoServiceAndNoSet) {
  Alert host = about(unreachable, "");
  host.set.clear();
  const std::vector<config::Route> routes = {{.match = {.services = {"*"}}, .to = {"slack"}},
                                             {.match = {.sets = {"sql"}}, .to = {"slack"}},
                                             {.match = {.hosts = {"*"}}, .to = {"pagerDuty"}}};
  EXPECT_THAT(targets(routes, host), ElementsAre(sure(1)));
}

TEST_F(RoutingTest, EscalationsWaitAndGetTheEndIfTheyWereSent) {
  const std::vector<config::Route> routes = {
      {.to = {"slack"},
       .escalations = {{.after = minutes(30), .to = {"pagerDuty"}},
                       {.after = minutes(60), .to = {"slack", "webhook:Office"}}}}};
  EXPECT_THAT(targets(routes, stopped),
              ElementsAre(sure(0), after_a_while(1, minutes(30)), after_a_while(3, minutes(60))));
  EXPECT_THAT(targets(routes, started),
              ElementsAre(sure(0), if_notified(1), if_notified(2), if_notified(3)));
}

TEST_F(RoutingTest, KindsPartFiringAlertsAndTheEndGoesToThoseWhoWereNotified) {
  const std::vector<config::Route> routes = {{.match = {.kinds = {stuck}}, .to = {"pagerDuty"}},
                                             {.to = {"slack"}}};
  EXPECT_THAT(targets(routes, stuck), ElementsAre(if_notified(1)));
  EXPECT_THAT(targets(routes, stopped), ElementsAre(if_notified(0)));
  EXPECT_THAT(targets(routes, started),
              ElementsAre(if_notified(0), if_notified(1), if_notified(2), if_notified(3)));
  EXPECT_THAT(targets({{.match = {.kinds = {stuck}}, .to = {"pagerDuty"}}}, started),
              ElementsAre(if_notified(0), if_notified(1), if_notified(2), if_notified(3)));
}

TEST_F(RoutingTest, WhatIsForThoseWhoWereNotifiedAsksNoRoute) {
  const std::vector<config::Route> routes = {
      {.match = {.sets = {"sql"}},
       .to = {"slack"},
       .escalations = {{.after = minutes(5), .to = {"pagerDuty"}}}},
      {.to = {}}};
  Alert alert = about(unmonitored);
  alert.for_notified = true;
  EXPECT_THAT(targets(routes, alert),
              ElementsAre(if_notified(0), if_notified(1), if_notified(2), if_notified(3)));
}

TEST_F(RoutingTest, RestartsAreAlertsOfTheirOwn) {
  const std::vector<config::Route> routes = {{.match = {.kinds = {restarted}}, .to = {"slack"}},
                                             {.to = {"pagerDuty"}}};
  EXPECT_THAT(targets(routes, restarted), ElementsAre(sure(0), if_notified(1)));
  const std::vector<config::Route> others = {{.match = {.kinds = {stopped}}, .to = {"slack"}},
                                             {.to = {"pagerDuty"}}};
  EXPECT_THAT(targets(others, restarted), ElementsAre(if_notified(0), sure(1)));
}

TEST_F(RoutingTest, WhatHasSettledBadlyIsAsBadAsItsState) {
  const std::vector<config::Route> routes = {{.match = {.kinds = {stopped}}, .to = {"slack"}},
                                             {.to = {}}};
  EXPECT_THAT(targets(routes, steady), ElementsAre(if_notified(0)));
  Alert paused_now = about(steady);
  paused_now.to = ServiceState::paused;
  EXPECT_THAT(targets(routes, paused_now), IsEmpty());
}

TEST_F(RoutingTest, AStartFiresWhereAStopIsExpected) {
  Alert alert = about(started);
  alert.expected = Expected::stopped;
  EXPECT_THAT(targets({{.match = {.kinds = {started}}, .to = {"slack"}}, {.to = {}}}, alert),
              ElementsAre(if_notified(0)));
}

TEST_F(RoutingTest, WhatIsOverAlreadyGoesWhereItsBeginningWouldHaveGoneAtOnce) {
  Alert alert = about(started);
  alert.from = ServiceState::stopped;
  alert.over_already = true;
  const std::vector<config::Route> routes = {
      {.match = {.kinds = {stopped}},
       .to = {"slack"},
       .escalations = {{.after = minutes(5), .to = {"pagerDuty"}}}},
      {.to = {"Office"}}};
  EXPECT_THAT(targets(routes, alert), ElementsAre(RoutedTo{0}));
}

}  // namespace
}  // namespace tocsin::notify
