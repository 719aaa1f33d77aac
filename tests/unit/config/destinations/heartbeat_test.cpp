#include "config/destinations/heartbeat.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Heartbeat, IsAListOfUrls) {
  const auto loaded =
      parse_sample(file_with("tocsin",
                             "  proxy: http://proxy.example:3128\n"
                             "  heartbeat:\n    - {url: 'https://pulse.example/1'}\n"
                             "    - {url: 'https://pulse.example/2', every: 30s}\n"));
  ASSERT_TRUE(loaded.config);
  ASSERT_THAT(loaded.config->heartbeats, SizeIs(2));
  const auto& first = loaded.config->heartbeats[0];
  const auto& second = loaded.config->heartbeats[1];
  EXPECT_EQ(first.url, "https://pulse.example/1");
  EXPECT_EQ(first.every, 1min);
  EXPECT_EQ(first.proxy.url, "http://proxy.example:3128");
  EXPECT_EQ(second.every, 30s);
}

TEST(Heartbeat, ASectionIsButlersAndStaysUnused) {
  for (const auto* root : {"Butler", "tocsin"}) {
    const auto loaded = parse_sample(
        file_with(root, "  heartbeat: {enable: true, remoteURL: 'http://a.example'}\n"));
    ASSERT_TRUE(loaded.config) << root;
    EXPECT_THAT(loaded.config->heartbeats, IsEmpty());
  }
}

TEST(Heartbeat, AMistakeIsNamedWithoutTheUrl) {
  const auto findings = [](const std::string& entry) {
    return findings_of(parse_sample(file_with("tocsin", "  heartbeat: [" + entry + "]\n")));
  };
  EXPECT_THAT(findings("{url: ftp://t0ken}"), Contains(HasSubstr("`url` must begin with http")));
  EXPECT_THAT(findings("{url: 'https://me:t0ken@a.example/'}"),
              Contains(EndsWith("`url` must not hold a user and password")));
  EXPECT_THAT(findings("{url: 'https://a.example/', every: 5s}"), Contains(HasSubstr("`every`")));
  EXPECT_THAT(findings("{every: 1m}"), Contains(HasSubstr("`url`")));
  for (const auto& finding : findings("{url: 'https://me:t0ken@a.example/'}"))
    EXPECT_EQ(finding.find("t0ken"), std::string::npos) << finding;
}

TEST(HistoryDays, HoldFromOneDayToTenYears) {
  const auto loaded = parse_sample(file_with("tocsin", "  historyDays: 365\n"));
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->history_kept, std::chrono::days(365));
  EXPECT_EQ(parse_sample(file_with("tocsin", "")).config->history_kept, std::chrono::days(90));
  for (const auto* wrong : {"0", "3651", "-1", "1.5", "90d"})
    EXPECT_THAT(findings_of(parse_sample(
                    file_with("tocsin", std::string("  historyDays: ") + wrong + "\n"))),
                Contains(HasSubstr("`historyDays` must be a whole number from 1 to 3650")))
        << wrong;
}

}  // namespace
}  // namespace tocsin::config
