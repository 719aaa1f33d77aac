// docs/configuration.md says what the loader knows, and the examples are right.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "config/known_keys.h"
#include "config/load.h"
#include "config/section/section.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

std::string in_project(const std::string& path) {
  return (std::filesystem::path(TOCSIN_ROOT) / path).string();
}

std::string row(const KnownKey& key) {
  const auto example = key.example.empty() ? "" : "`" + key.example + "`";
  return "| `" + key.path + "` | " + key.type + " | " + key.fallback + " | " + key.unit + " | " +
         example + " | " + key.description +
         (key.alias.empty() ? "" : " Formerly `" + key.alias + "`.") +
         (key.same_as.empty() ? "" : " Its keys are those of `" + key.same_as + "`.") +
         (key.differs.empty() ? "" : " *Unlike Butler:* " + key.differs) + " |";
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

struct Page {
  std::vector<std::string> before;
  std::vector<std::string> rows;
  std::vector<std::string> after;
};

Page read_page(const std::string& path) {
  Page page;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    auto& part = line.starts_with("| `") ? page.rows : page.rows.empty() ? page.before : page.after;
    part.push_back(line);
  }
  return page;
}

/// With TOCSIN_WRITE_REFERENCE set, it writes the rows instead.
TEST(Reference, HasARowForEveryKeyThatTheLoaderKnows) {
  std::vector<std::string> expected;
  for (const auto& key : known_keys()) expected.push_back(row(key));
  const auto path = in_project("docs/configuration.md");
  const auto page = read_page(path);
  if (std::getenv("TOCSIN_WRITE_REFERENCE") != nullptr) {
    std::ofstream(path, std::ios::binary)
        << joined(page.before) << joined(expected) << joined(page.after);
  } else {
    EXPECT_EQ(joined(page.rows), joined(expected));
  }
}

TEST(Reference, DescribesEveryKeyAndShowsEveryValue) {
  for (const auto& key : known_keys()) {
    EXPECT_FALSE(key.description.empty()) << key.path;
    EXPECT_EQ(key.example.empty(), key.type == "section" || key.type == "list of sections")
        << key.path;
  }
}

TEST(Reference, SaysInALineWhatIsDifferentFromButler) {
  for (const auto& key : known_keys())
    EXPECT_LE(key.differs.size(), kLongestDifference) << key.path;
}

struct ExampleFile {
  std::string name;
  Source source;
};

class Example : public testing::TestWithParam<ExampleFile> {};

TEST_P(Example, LoadsWithoutAWord) {
  const auto loaded = load(in_project("examples/" + GetParam().name),
                           {.variable = [](const auto&) { return "x"; },
                            .has_service_manager = GetParam().source == Source::scm});
  EXPECT_THAT(findings_of(loaded), testing::IsEmpty());
  EXPECT_TRUE(loaded.config);
}

INSTANTIATE_TEST_SUITE_P(Files, Example,
                         testing::Values(ExampleFile{"one-server.yaml", Source::smb},
                                         ExampleFile{"all-destinations.yaml", Source::smb},
                                         ExampleFile{"qlik-sense-cluster.yaml", Source::smb},
                                         ExampleFile{"200-hosts.yaml", Source::smb},
                                         ExampleFile{"sql-server-failover.yaml", Source::smb},
                                         ExampleFile{"webhooks/discord.yaml", Source::smb},
                                         ExampleFile{"webhooks/jira.yaml", Source::smb},
                                         ExampleFile{"webhooks/opsgenie.yaml", Source::smb},
                                         ExampleFile{"webhooks/servicenow.yaml", Source::smb},
                                         ExampleFile{"webhooks/splunk-on-call.yaml", Source::smb},
                                         ExampleFile{"webhooks/telegram.yaml", Source::smb},
                                         ExampleFile{"windows-server.yaml", Source::scm}));

TEST(Examples, HaveAsManyHostsAsTheySay) {
  const auto hosts_of_example = [](const std::string& name) {
    const auto loaded =
        load(in_project("examples/" + name), {.variable = [](const auto&) { return "x"; }});
    return loaded.config.value_or(Config{}).hosts.size();
  };
  EXPECT_EQ(hosts_of_example("200-hosts.yaml"), 200U);
  EXPECT_EQ(hosts_of_example("qlik-sense-cluster.yaml"), 7U);
}

/// The first example of the page, with an account and a destination.
TEST(GroupsAndPolicies, BeginsWithAnExampleThatLoads) {
  std::ifstream page(in_project("docs/groups-and-policies.md"));
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (inside && line == "```") break;
    if (inside) text += line + "\n";
    inside = inside || line == "```yaml";
  }
  const auto loaded = parse_sample(text +
                                   "    credentials: [{name: a, username: b, password: "
                                   "'${env:PASSWORD}'}]\n"
                                   "    alertDestination: {webhook: {enable: true}}\n"
                                   "  webhookNotification: {serviceMonitor: {webhooks: "
                                   "[{webhookURL: 'https://desk.example'}]}}\n");
  EXPECT_THAT(findings_of(loaded), testing::IsEmpty());
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->hosts.size(), 6U);
  EXPECT_EQ(loaded.config->hosts.front().address, "qs-node1.corp.example");
}

}  // namespace
}  // namespace tocsin::config
