#include "notify/fields.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "alerts.h"
#include "base/text.h"

namespace tocsin::notify {
namespace {

using Json = nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Fields, AreButlers) {
  const std::vector<config::GenericUrl> urls = {
      {.id = "r", .link_text = "Runbook", .comment = "Read", .url = "https://x/?a=1&b=2"}};
  const Json values = Json::parse(template_values(stopped_alert(), urls));
  EXPECT_EQ(values["host"], "db1");
  EXPECT_EQ(values["serviceStatus"], "STOPPED");
  EXPECT_EQ(values["servicePrevStatus"], "RUNNING");
  EXPECT_EQ(values["serviceName"], "MSSQL$INSTANCE");
  EXPECT_EQ(values["serviceDisplayName"], "SQL Server (INSTANCE)");
  EXPECT_EQ(values["serviceFriendlyName"], "The database");
  EXPECT_EQ(values["serviceStartType"], "Automatic");
  EXPECT_EQ(values["serviceExePath"], R"(C:\sql\sqlservr.exe -s "INSTANCE")");
  EXPECT_EQ(values["genericUrls"],
            Json::parse(R"([{"id": "r", "linkText": "Runbook", "comment": "Read",
                                                    "url": "https://x/?a=1&b=2"}])"));
}

TEST(Fields, SayMore) {
  const Json down = Json::parse(template_values(stopped_alert(), {}));
  EXPECT_EQ(down["alertId"], "0190a0b0-0000-7000-8000-000000000000");
  EXPECT_EQ(down["kind"], "stopped");
  EXPECT_EQ(down["event"], "has stopped");
  EXPECT_EQ(down["up"], false);
  EXPECT_EQ(down["time"], "2025-11-24T16:00:00Z");
  EXPECT_EQ(down["unixTime"], 1'764'000'000);
  EXPECT_EQ(down["since"], "2025-11-24T13:13:20Z");
  EXPECT_EQ(down["downFor"], "");
  EXPECT_EQ(down["reason"], "exit code 1067");
  EXPECT_EQ(down["exitCode"], 1067);
  EXPECT_EQ(down["processId"], 0);
  EXPECT_EQ(down["dependencies"], Json::parse(R"(["KEYISO", "RpcSs"])"));
  EXPECT_EQ(down["recovery"], "");
  Alert started = started_alert();
  started.recovery = "after tocsin started it (attempt 1 of 3)";
  const Json up = Json::parse(template_values(started, {}));
  EXPECT_EQ(up["recovery"], started.recovery);
  EXPECT_EQ(up["up"], true);
  EXPECT_EQ(up["downFor"], "1 min");
  EXPECT_EQ(up["processId"], 4711);
}

TEST(Fields, ShowTheServicesOwnExitCodeWhereWindowsPointsToIt) {
  Alert alert = stopped_alert();
  alert.status.exit_code = 1066;
  alert.status.service_exit_code = 42;
  EXPECT_EQ(Json::parse(template_values(alert, {}))["exitCode"], 42);
}

TEST(Fields, FallBackToTheNamesThatThereAre) {
  Alert alert = stopped_alert("");
  alert.friendly_name.clear();
  const Json values = Json::parse(template_values(alert, {}));
  EXPECT_EQ(values["serviceDisplayName"], "MSSQL$INSTANCE");
  EXPECT_EQ(values["serviceFriendlyName"], "MSSQL$INSTANCE");
}

TEST(Fields, AreValidAndBoundedWhateverTheHostSays) {
  Alert alert = stopped_alert();
  alert.details.display_name = "a\xFF";
  for (int i = 0; i < 5000; ++i) alert.reason += "\u20ac";
  alert.details.dependencies.assign(5000, "x");
  const std::string text = template_values(alert, {});
  EXPECT_TRUE(is_utf8(text));
  const Json values = Json::parse(text);
  EXPECT_EQ(values["serviceDisplayName"], "a\uFFFD");
  EXPECT_LT(values["reason"].get<std::string>().size(), 8200U);
  EXPECT_TRUE(values["reason"].get<std::string>().ends_with("\u20ac\u2026"));
  EXPECT_EQ(values["dependencies"].size(), 100U);
}

TEST(Fields, NameEveryKind) {
  for (int kind = 0; kind <= static_cast<int>(TransitionKind::reachable); ++kind) {
    Alert alert = stopped_alert();
    alert.kind = static_cast<TransitionKind>(kind);
    EXPECT_NE(Json::parse(template_values(alert, {}))["event"], "has changed") << kind;
  }
}

TEST(Durations, AreShownInTheirTwoLargestUnits) {
  EXPECT_EQ(duration_text(seconds(0)), "0 s");
  EXPECT_EQ(duration_text(seconds(45)), "45 s");
  EXPECT_EQ(duration_text(seconds(200)), "3 min 20 s");
  EXPECT_EQ(duration_text(minutes(60)), "1 h");
  EXPECT_EQ(duration_text(minutes(125) + seconds(59)), "2 h 5 min");
  EXPECT_EQ(duration_text(hours(99) + minutes(59)), "4 d 3 h");
  EXPECT_EQ(duration_text(hours(48) + minutes(5)), "2 d");
  EXPECT_EQ(duration_text(-seconds(5)), "0 s");
}

TEST(DedupKey, NeverChanges) {
  EXPECT_EQ(dedup_key(stopped_alert()), "204e877c7c9f43a60f94086872adbe23");
}

TEST(DedupKey, IsTheSameForAllAlertsOfAServiceAndForNoOther) {
  auto other = stopped_alert();
  EXPECT_EQ(dedup_key(other), dedup_key(started_alert()));
  other.kind = TransitionKind::stuck;
  other.host = HostName("DB1");
  EXPECT_EQ(dedup_key(other), dedup_key(stopped_alert())) << "case does not count";
  other.service = ServiceName("another");
  EXPECT_NE(dedup_key(other), dedup_key(stopped_alert()));
  other.service = {};
  EXPECT_NE(dedup_key(other), dedup_key(stopped_alert())) << "the host as a whole";
}

}  // namespace
}  // namespace tocsin::notify
