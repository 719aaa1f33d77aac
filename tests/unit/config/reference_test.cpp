// docs/configuration.md says what the loader knows, and the examples are right.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "config/known_keys.h"
#include "config/load.h"
#include "sample.h"

namespace tocsin::config {
namespace {

std::string in_project(const std::string& path) {
  return (std::filesystem::path(TOCSIN_TEST_DATA).parent_path().parent_path() / path).string();
}

std::string row(const KnownKey& key) {
  const auto example = key.example.empty() ? "" : "`" + key.example + "`";
  return "| `" + key.path + "` | " + key.type + " | " + key.fallback + " | " + key.unit + " | " +
         example + " | " + key.description + " |";
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

TEST(Reference, HasARowForEveryKeyThatTheLoaderKnows) {
  std::vector<std::string> expected;
  for (const auto& key : known_keys()) expected.push_back(row(key));
  std::ifstream file(in_project("docs/configuration.md"));
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `")) rows.push_back(line);
  }
  EXPECT_EQ(joined(rows), joined(expected));
}

TEST(Reference, DescribesEveryKeyAndShowsEveryValue) {
  for (const auto& key : known_keys()) {
    EXPECT_FALSE(key.description.empty()) << key.path;
    EXPECT_EQ(key.example.empty(), key.type == "section" || key.type == "list of sections")
        << key.path;
  }
}

struct ExampleFile {
  std::string name;
  Source source;
};

class Example : public testing::TestWithParam<ExampleFile> {};

TEST_P(Example, LoadsWithoutAWord) {
  const auto loaded =
      load(in_project("examples/" + GetParam().name),
           {.variable = [](const auto&) { return "x"; }, .default_source = GetParam().source});
  EXPECT_THAT(findings_of(loaded), testing::IsEmpty());
  EXPECT_TRUE(loaded.config);
}

INSTANTIATE_TEST_SUITE_P(Files, Example,
                         testing::Values(ExampleFile{"one-server.yaml", Source::smb},
                                         ExampleFile{"qlik-sense-cluster.yaml", Source::smb},
                                         ExampleFile{"windows-server.yaml", Source::scm}));

}  // namespace
}  // namespace tocsin::config
