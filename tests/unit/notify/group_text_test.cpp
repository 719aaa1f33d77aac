#include "notify/group_text.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "unit/notify/alerts.h"

namespace tocsin::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kChangedAt{std::chrono::hours(14) + std::chrono::minutes(3)};
constexpr std::size_t kRoom = 100'000;

Alert grouped_alert(const std::string& service, TransitionKind kind = TransitionKind::stopped,
                    const std::string& host = "db1") {
  Alert alert;
  alert.at = kChangedAt;
  alert.kind = kind;
  alert.host = HostName(host);
  alert.service = ServiceName(service);
  alert.to = row_of(kind).leads_to;
  alert.from = kind == TransitionKind::started ? ServiceState::stopped : ServiceState::running;
  return alert;
}

Contents contents_with(const std::vector<Alert>& alerts, std::vector<std::string> still = {}) {
  Contents contents{.alerts = {}, .still_firing = std::move(still)};
  for (const auto& alert : alerts) contents.alerts.push_back(&alert);
  return contents;
}

TEST(GroupText, ListsTheAlertsWithTheirTimesAndReasons) {
  std::vector<Alert> alerts{grouped_alert("a"), grouped_alert("b", TransitionKind::started)};
  alerts[0].reason = "exit code 1067";
  alerts[1].at += std::chrono::seconds(5);
  const auto text = describe_group(contents_with(alerts, {"a"}), kRoom);
  EXPECT_EQ(text.title, "db1: 1 alert, 1 resolved");
  EXPECT_THAT(text.lines, ElementsAre("14:03:00Z a has stopped on db1: exit code 1067",
                                      "14:03:05Z b has started on db1"));
  EXPECT_EQ(text.still_down, "still down: a");
  EXPECT_EQ(plain_text(text),
            "14:03:00Z a has stopped on db1: exit code 1067\n14:03:05Z b has started on db1\n"
            "still down: a");
}

TEST(GroupText, PutsRootCausesFirst) {
  std::vector<Alert> alerts{grouped_alert("web"), grouped_alert("database"),
                            grouped_alert("other")};
  alerts[0].root_cause = ServiceName("DATABASE");
  const auto text = describe_group(contents_with(alerts), kRoom);
  EXPECT_THAT(text.lines[0], HasSubstr("database has stopped"));
  EXPECT_THAT(text.lines[1], HasSubstr("web has stopped"));
}

TEST(GroupText, KeepsTheOrderOfOneServicesAlertsWhereItIsARootCause) {
  std::vector<Alert> alerts{grouped_alert("other"), grouped_alert("web"),
                            grouped_alert("database", TransitionKind::started),
                            grouped_alert("database"),
                            grouped_alert("database", TransitionKind::started)};
  alerts[1].root_cause = ServiceName("database");
  const auto text = describe_group(contents_with(alerts), kRoom);
  EXPECT_THAT(text.lines,
              ElementsAre(HasSubstr("database has started"), HasSubstr("database has stopped"),
                          HasSubstr("other has stopped"), HasSubstr("web has stopped"),
                          HasSubstr("database has started")));
}

TEST(GroupText, CutsToItsRoomWithATrueCount) {
  std::vector<Alert> alerts;
  alerts.reserve(250);
  for (int i = 0; i < 250; i++)
    alerts.push_back(grouped_alert("service" + std::to_string(100 + i)));
  const auto text = describe_group(contents_with(alerts), 1000);
  EXPECT_EQ(text.lines.size() + text.more, 250U);
  EXPECT_LE(plain_text(text).size(), 1030U);
  EXPECT_THAT(plain_text(text), HasSubstr("\nand " + std::to_string(text.more) + " more"));
  EXPECT_THAT(describe_group(contents_with(alerts), 0).lines, SizeIs(1)) << "one at least";
}

TEST(GroupText, SaysANoticeBeforeAllElse) {
  std::vector<Alert> alerts{grouped_alert("", TransitionKind::unreachable, "h1"),
                            grouped_alert("", TransitionKind::unreachable, "h2")};
  alerts[1].notice = "tocsin reaches none of its 2 hosts: check its own network first";
  const auto text = describe_group(contents_with(alerts), kRoom);
  EXPECT_EQ(text.title, "2 hosts: 2 alerts");
  EXPECT_THAT(plain_text(text), testing::StartsWith(alerts[1].notice + "\n"));
}

TEST(GroupText, CountsTheNamesThatHaveNoRoom) {
  std::vector<std::string> names;
  names.reserve(500);
  for (int i = 0; i < 500; i++) names.push_back("service" + std::to_string(i));
  const auto text = describe_group(contents_with({grouped_alert("a")}, names), kRoom);
  EXPECT_LT(text.still_down.size(), 700U);
  EXPECT_THAT(text.still_down, AllOf(testing::StartsWith("still down: service0, "),
                                     HasSubstr(" and "), testing::EndsWith(" more")));
}

TEST(GroupText, StaysOnItsLinesWhateverNamesHold) {
  std::vector<Alert> alerts{grouped_alert("a"), grouped_alert("b")};
  alerts[0].reason = "first\nsecond\xFF";
  alerts[1].details.display_name = std::string(5000, 'x');
  const auto text = describe_group(contents_with(alerts, {"a\r\nb"}), kRoom);
  EXPECT_THAT(text.lines[0], testing::Not(HasSubstr("\n")));
  EXPECT_LT(text.lines[1].size(), 410U);
  EXPECT_EQ(text.still_down, "still down: a  b");
}

TEST(GroupText, IsUpWhereNothingOfItFiresAnyMore) {
  const std::vector<Alert> alerts{grouped_alert("a"), grouped_alert("A", TransitionKind::started)};
  const auto up = [](const Contents& contents) {
    const auto values = group_values(contents, describe_group(contents, kRoom), {});
    return nlohmann::json::parse(values)["up"].get<bool>();
  };
  EXPECT_TRUE(up(contents_with(alerts)));
  const std::vector<Alert> again{alerts[1], alerts[0]};
  EXPECT_FALSE(up(contents_with(again)));
}

TEST(GroupText, GivesTemplatesTheListAndEachAlert) {
  const std::vector<Alert> alerts{grouped_alert("a"), grouped_alert("b"), grouped_alert("c")};
  const auto contents = contents_with(alerts, {"a", "b", "c"});
  const auto text = describe_group(contents, kRoom);
  const auto values = nlohmann::json::parse(group_values(contents, text, {}));
  EXPECT_EQ(values["count"], 3);
  EXPECT_EQ(values["title"], "db1: 3 alerts");
  EXPECT_EQ(values["host"], "db1");
  EXPECT_EQ(values["severity"], "critical");
  EXPECT_EQ(values["up"], false);
  EXPECT_EQ(values["stillDown"], "still down: a, b, c");
  ASSERT_THAT(values["alerts"], SizeIs(3));
  EXPECT_EQ(values["alerts"][1]["serviceName"], "b");
}

}  // namespace
}  // namespace tocsin::notify
