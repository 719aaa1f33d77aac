// One configuration in several files.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/path.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class ConfigFilesTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const auto path = folder_ / fs::path(name);
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  /// The sample, which includes something.
  void write_main(const std::string& include) {
    write("main.yaml", sample_with({{1, "tocsin:\n  include: " + include}}));
  }

  Loaded load_main() { return load(to_utf8(folder_ / "main.yaml"), kSampleEnvironment); }

  /// As `validate` prints them, with files seen from the folder.
  std::vector<std::string> findings() {
    std::vector<std::string> lines;
    const auto folder = with_slashes(to_utf8(folder_)) + "/";
    for (const auto& finding : load_main().findings) {
      auto line = with_slashes(to_string(finding));
      for (auto at = line.find(folder); at != std::string::npos; at = line.find(folder))
        line.erase(at, folder.size());
      lines.push_back(std::move(line));
    }
    return lines;
  }

  std::vector<std::string> hosts() {
    std::vector<std::string> names;
    for (const auto& host : load_main().config.value_or(Config{}).hosts)
      names.push_back(host.name.text());
    return names;
  }

  kit::ScratchDirectory scratch_{kit::ScratchDirectory::Place::memory};
  const fs::path folder_ = fs::weakly_canonical(scratch_.path());
};

std::string monitor(const std::string& host) {
  return "tocsin:\n  serviceMonitor:\n    monitor:\n      - {host: " + host +
         ", services: [{name: x}]}\n";
}

TEST_F(ConfigFilesTest, AddToTheLists) {
  write_main("[more/*.yaml, last.yaml]");
  write("more/b.yaml", monitor("b"));
  write("more/a.yaml",
        "Butler:\n  include: [deep/c.yaml]\n  serviceMonitor:\n"
        "    serviceSets: [{name: s, services: [{name: y}]}]\n"
        "    credentials: [{name: other, username: u, password: p}]\n"
        "    monitor: [{host: a, sets: [s], credentials: other}]\n");
  write("more/deep/c.yaml", monitor("c"));
  write("more/.hidden.yaml", "no configuration");
  write("more/readme.txt", "no configuration");
  write("last.yaml", monitor("last") + "  logLevel: warn\n");
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_THAT(hosts(), ElementsAre("node1", "a", "c", "b", "last"));
  const auto config = load_main().config.value();
  EXPECT_EQ(config.hosts[1].credentials->name, "other");
  EXPECT_EQ(config.log_level, LogLevel::warn);
}

TEST_F(ConfigFilesTest, MayHoldEverything) {
  write("main.yaml", "tocsin:\n  include: [sample.yaml]\n");
  write("sample.yaml", kSample);
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_THAT(hosts(), ElementsAre("node1"));
}

TEST_F(ConfigFilesTest, StartPathsFromTheirOwnFolders) {
  write_main("[sub/a.yaml]");
  write("main.secret", "from main\n");
  write("sub/name.secret", "from-sub\n");
  write("sub/a.yaml", monitor("'${file:name.secret}'") +
                          "  dataDirectory: data\n  slackNotification:\n    serviceStopped:\n"
                          "      {webhookURL: 'https://x.example/', templateFile: t.handlebars}\n");
  EXPECT_THAT(hosts(), ElementsAre("node1", "from-sub"));
  EXPECT_EQ(with_slashes(load_main().config.value().data_directory),
            with_slashes(to_utf8(folder_ / "sub" / "data")));
}

TEST_F(ConfigFilesTest, NameTheirFileInFindings) {
  write_main("[a.yaml, b.yaml]");
  write("a.yaml", monitor("NODE1") + "    policy: {sevrity: info}\n");
  write("b.yaml", "tocsin:\n  serviceMonitor: [\n");
  EXPECT_THAT(
      findings(),
      ElementsAre(
          "a.yaml:4:16: error: the host `NODE1` appears twice, first in line 7 of main.yaml",
          "a.yaml:5:14: warning: unknown key `sevrity`; did you mean `severity`?",
          "b.yaml:3:1: error: not YAML: a list in `[...]` is not closed here; quote texts that "
          "contain brackets or braces"));
}

TEST_F(ConfigFilesTest, DefineASectionOnce) {
  write_main("[a.yaml]");
  write("a.yaml",
        "tocsin:\n  webhookNotification: {enable: true}\n  serviceMonitor:\n"
        "    alertDestination: {}\n");
  EXPECT_THAT(findings(),
              ElementsAre("a.yaml:2:3: error: the section `webhookNotification` stands in two "
                          "files, first in line 12 of main.yaml",
                          "a.yaml:4:5: error: the key `alertDestination` stands in two files, "
                          "first in line 10 of main.yaml"));
}

TEST_F(ConfigFilesTest, ThatAreMissingAreReported) {
  write_main("[none/*.yaml, none.yaml]");
  EXPECT_THAT(findings(),
              ElementsAre("main.yaml:2:13: warning: `include`: there is no file `none/*.yaml`",
                          "main.yaml:2:26: error: `include`: the file `none.yaml` cannot be read: "
                          "No such file or directory"));
}

TEST_F(ConfigFilesTest, MayNotIncludeThemselves) {
  write_main("[a.yaml]");
  write("a.yaml", "tocsin:\n  include: ['../" + to_utf8(folder_.filename()) + "/b.yaml']\n");
  write("b.yaml", "tocsin:\n  include: ['*.yaml']\n");
  EXPECT_THAT(findings(),
              ElementsAre("b.yaml:2:13: error: `include`: the file `a.yaml` includes itself, "
                          "through `b.yaml`",
                          "b.yaml:2:13: error: `include`: the file `b.yaml` includes itself",
                          "b.yaml:2:13: error: `include`: the file `main.yaml` includes itself, "
                          "through `a.yaml` and `b.yaml`"));
}

TEST_F(ConfigFilesTest, ComeOnce) {
  write_main("[a.yaml, b.yaml]");
  write("a.yaml", "tocsin:\n  include: [b.yaml]\n");
  write("b.yaml", monitor("b"));
  EXPECT_THAT(findings(), ElementsAre("main.yaml:2:21: error: `include`: the file `b.yaml` appears "
                                      "twice, first in line 2 of a.yaml"));
}

TEST_F(ConfigFilesTest, AreAList) {
  write_main("a.yaml");
  EXPECT_THAT(findings(), ElementsAre("main.yaml:2:12: error: `include` must be a list of files, "
                                      "as in `[conf.d/*.yaml]`"));
  write_main("[[a.yaml], '', '${env:NONE}']");
  EXPECT_THAT(findings(),
              ElementsAre("main.yaml:2:13: error: `include` must be a list of files, as in "
                          "`[conf.d/*.yaml]`",
                          "main.yaml:2:23: error: `include` must be a list of files, as in "
                          "`[conf.d/*.yaml]`",
                          "main.yaml:2:27: error: the environment variable `NONE` is not set"));
}

TEST_F(ConfigFilesTest, AreBounded) {
  write_main("['big/*.yaml']");
  std::string three_megabytes = "tocsin:\n";
  for (int i = 0; i < 3; i++)
    three_megabytes += "  key" + std::to_string(i) + ": " + std::string(1 << 20, 'x') + "\n";
  for (const auto* name : {"big/a.yaml", "big/b.yaml", "big/c.yaml"}) write(name, three_megabytes);
  EXPECT_THAT(findings(),
              testing::Contains("main.yaml:2:13: error: `include`: the files up to `big/c.yaml` "
                                "have more than 8 MB, the limit for a configuration"));
  write_main("['many/*.yaml']");
  for (int i = 0; i < 1000; i++) write("many/" + std::to_string(i) + ".yaml", "tocsin: {a: }\n");
  EXPECT_THAT(findings(),
              testing::Contains("main.yaml:2:13: error: `include`: more than 1000 files"));
}

}  // namespace
}  // namespace tocsin::config
