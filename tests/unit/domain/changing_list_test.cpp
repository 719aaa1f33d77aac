// A host whose list of services is another one at every check, with the longest names that there
// are.
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "domain/monitored_host.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using enum ServiceState;

constexpr std::size_t kListed = 8'000;
constexpr std::size_t kLongestName = 256;

class ChangingList : public testing::Test {
 protected:
  /// The n-th list, and the one service that is always there.
  std::vector<Alert> check(std::size_t n, ServiceState spooler = running) {
    std::vector<ObservedService> list{
        {.name = ServiceName("Spooler"), .status = {.state = spooler}, .details = {}}};
    for (std::size_t i = 0; i < kListed; i++) {
      auto name = fmt::format("{:06}{:02}", i, n);
      name.resize(kLongestName, 'x');
      list.push_back({.name = ServiceName(name), .status = {.state = running}, .details = {}});
    }
    now_ += 30s;
    return host_
        .apply({.host = host_.name(), .at = now_, .services = ObservedServices(std::move(list))})
        .alerts;
  }

  Time now_{1h};
  MonitoredHost host_{HostName("node1"),
                      {.services = Watchlist({{.pattern = "Spooler"}, {.pattern = "*"}}),
                       .policy = {.storm_wait = Duration(0)}},
                      {}};
};

TEST_F(ChangingList, CostsBoundedMemoryAndAlertsAndHidesNoOtherService) {
  const auto names = InternedName::count();
  std::size_t alerts = 0;
  for (std::size_t n = 0; n < 5; n++) alerts += check(n).size();
  EXPECT_EQ(host_.services().size(), kMostServices);
  EXPECT_EQ(alerts, kMostServices - 1) << "each that was watched has vanished once";
  EXPECT_LE(InternedName::count() - names, kMostServices + kListed + 1);

  const auto last = check(5, stopped);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last.front().kind, TransitionKind::stopped);
  EXPECT_EQ(last.front().service, ServiceName("Spooler"));
}

TEST_F(ChangingList, ANameThatIsWatchedInFullIsAlwaysWatched) {
  for (std::size_t n = 0; n < 3; n++) check(n);
  ASSERT_EQ(host_.services().size(), kMostServices);
  host_.set_rules({.services = Watchlist({{.pattern = "Late"}, {.pattern = "*"}}), .policy = {}});
  host_.apply({.host = host_.name(),
               .at = now_ + 30s,
               .services = std::vector<ObservedService>{
                   {.name = ServiceName("Late"), .status = {.state = stopped}, .details = {}}}});
  EXPECT_NE(host_.services().find(ServiceName("Late")), nullptr);
}

}  // namespace
}  // namespace tocsin
