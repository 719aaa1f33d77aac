#include "domain/imagined_alert.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(ImaginedAlert, IsOfTheUsualKindWhereNoneIsNamed) {
  EXPECT_EQ(imagined_kind("", About::service), TransitionKind::stopped);
  EXPECT_EQ(imagined_kind("", About::host), TransitionKind::unreachable);
  EXPECT_EQ(imagined_kind("paused", About::service), TransitionKind::paused);
  EXPECT_EQ(imagined_kind("other", About::service), std::nullopt);
  EXPECT_EQ(imagined_kind("nothing", About::service), std::nullopt);
}

TEST(ImaginedAlert, HasWhatRoutesMatch) {
  WatchedService entry;
  entry.set = "databases";
  entry.policy.severity = AlertSeverity::warning;
  const auto alert =
      imagined_alert(HostName("sql1"), ServiceName("MSSQL"), entry, TransitionKind::stopped);
  EXPECT_EQ(alert.host, HostName("sql1"));
  EXPECT_EQ(alert.service, ServiceName("MSSQL"));
  EXPECT_EQ(alert.set, "databases");
  EXPECT_EQ(alert.severity, AlertSeverity::warning);
  EXPECT_EQ(alert.to, ServiceState::stopped);
  HostPolicy policy;
  policy.severity = AlertSeverity::info;
  const auto about_host = imagined_alert(HostName("sql1"), policy, TransitionKind::unreachable);
  EXPECT_TRUE(about_host.service.empty());
  EXPECT_EQ(about_host.severity, AlertSeverity::info);
}

}  // namespace
}  // namespace tocsin
