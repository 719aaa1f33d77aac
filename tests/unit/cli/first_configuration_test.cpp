#include "cli/first_configuration.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "config/load.h"

namespace tocsin::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ObservedService running(const std::string& name, StartMode start = StartMode::automatic,
                        bool trigger_start = false) {
  return {.name = ServiceName(name),
          .status = {.state = ServiceState::running},
          .details = std::make_shared<ServiceDetails>(ServiceDetails{
              .display_name = name, .start_mode = start, .trigger_start = trigger_start})};
}

std::vector<std::string> proposed(const std::vector<ObservedService>& services) {
  std::vector<std::string> names;
  for (const auto& service : propose(services)) names.push_back(service.name);
  return names;
}

TEST(FirstConfiguration, ProposesWhatStartsByItselfKnownProductsFirst) {
  EXPECT_THAT(proposed({running("Dhcp"), running("W3SVC"), running("SQLAgent$A"),
                        running("QlikSenseEngineService"), running("MSSQL$A", StartMode::manual),
                        running("mssqlserver", StartMode::automatic_delayed)}),
              ElementsAre("QlikSenseEngineService", "mssqlserver", "SQLAgent$A", "W3SVC", "Dhcp"));
}

TEST(FirstConfiguration, LeavesOutWhatEndsByItself) {
  auto stopped = running("Dhcp");
  stopped.status.state = ServiceState::stopped;
  EXPECT_THAT(proposed({stopped, running("sppsvc"), running("gupdatem"),
                        running("W32Time", StartMode::automatic, true)}),
              IsEmpty());
}

TEST(FirstConfiguration, LeavesOutNamesThatMeanSomethingElseInAFile) {
  EXPECT_THAT(proposed({running("${file:/etc/shadow}"), running("*"), running("a?"),
                        running("two\nlines"), running("\x1b[2J"), running("it's: #1")}),
              ElementsAre("it's: #1"));
}

TEST(FirstConfiguration, IsReadAsItWasMeant) {
  auto hostile = running("it's: #1");
  hostile.details = std::make_shared<ServiceDetails>(ServiceDetails{
      .display_name = "x\n        - name: evil", .start_mode = StartMode::automatic});
  const auto services = propose(std::vector{hostile, running("Dhcp"), running("W3SVC")});
  const auto text = write({.account = "CORP\\o'brien",
                           .password = "secret",
                           .hosts = {{.name = "a", .port = "1445", .services = services},
                                     {.name = "b", .services = {services.back()}},
                                     {.name = "c", .trouble = "refused\n      - host: evil"}},
                           .destination = {}});
  const auto loaded = config::parse(text, "tocsin.yaml", ".", {});
  ASSERT_TRUE(loaded.config) << text;
  const auto& hosts = loaded.config->hosts;
  ASSERT_EQ(hosts.size(), 2U) << text;
  EXPECT_EQ(hosts[0].port, 1445);
  EXPECT_EQ(hosts[0].credentials->username, "CORP\\o'brien");
  EXPECT_THAT(hosts[0].services.exact_names(),
              testing::UnorderedElementsAre(ServiceName("it's: #1"), ServiceName("Dhcp"),
                                            ServiceName("W3SVC")));
  EXPECT_THAT(hosts[1].services.exact_names(), ElementsAre(ServiceName(services.back().name)));
}

TEST(FirstConfiguration, KnowsADestinationByItsAddress) {
  using enum FirstDestination::Kind;
  EXPECT_EQ(parse_destination("https://hooks.slack.com/services/x", "")->kind, slack);
  EXPECT_EQ(parse_destination("https://user@ntfy.sh/topic", "")->kind, ntfy);
  EXPECT_EQ(parse_destination("https://desk.example/a@b", "")->kind, webhook);
  EXPECT_EQ(parse_destination("ops@example.com", "mail.example.com:587")->kind, email);
  EXPECT_FALSE(parse_destination("ops@example.com", ""));
  EXPECT_FALSE(parse_destination("ops@example.com", "mail\n  port: 1"));
  EXPECT_FALSE(parse_destination("ftp://a@b", "mail.example.com"));
  EXPECT_FALSE(parse_destination("nobody", ""));
}

}  // namespace
}  // namespace tocsin::cli
