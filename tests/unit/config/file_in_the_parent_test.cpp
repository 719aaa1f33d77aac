// Files of Butler that stand in the folder above.
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "base/path.h"
#include "config/load.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;

/// With folders `program` and `program/config`.
class FileInTheParent : public testing::Test {
 protected:
  FileInTheParent() { std::filesystem::create_directories(folder_.path() / "config"); }

  void write(const std::string& path, const std::string& text) const {
    std::ofstream(folder_.path() / path, std::ios::binary) << text;
  }
  [[nodiscard]] Loaded load_with(const std::string& sections,
                                 const std::string& destinations) const {
    return parse_sample(file_with("Butler", sections, destinations),
                        to_utf8(folder_.path() / "config"));
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return with_slashes(to_utf8(folder_.path() / name));
  }

  /// But for what is said of groups.
  static std::vector<std::string> findings_about_files(const Loaded& loaded) {
    auto findings = findings_of(loaded);
    std::erase_if(findings, [](const auto& text) { return text.contains("groupTemplateFile"); });
    return findings;
  }

  kit::ScratchDirectory folder_;
};

TEST_F(FileInTheParent, IsFoundWhereTheFolderHasNone) {
  write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  write("stopped.handlebars", "{}");
  write("both.handlebars", "{}");
  write("config/both.handlebars", "{}");
  const auto loaded = load_with(
      "  slackNotification:\n    serviceStopped: {webhookURL: 'https://x', templateFile: "
      "stopped.handlebars}\n    serviceStarted: {webhookURL: 'https://x', templateFile: "
      "both.handlebars}\n  webhookNotification:\n    serviceMonitor: {webhooks: [{webhookURL: "
      "'https://x', cert: {enable: true, certCA: ca.pem}}]}\n",
      "slack: {enable: true}, webhook: {enable: true}");
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(findings_about_files(loaded),
              ElementsAre("10:61: info: `templateFile`: the file is in the parent of the "
                          "configuration's folder; better write `../stopped.handlebars`",
                          "13:88: info: `certCA`: the file is in the parent of the configuration's "
                          "folder; better write `../ca.pem`"));
  const auto& slack = loaded.config->get<Slack>();
  EXPECT_EQ(with_slashes(slack.stopped.template_file), path("stopped.handlebars"));
  EXPECT_EQ(with_slashes(slack.started.template_file), path("config/both.handlebars"));
  EXPECT_EQ(with_slashes(loaded.config->get<WebhookDestinations>().webhooks.at(0).ca_file),
            path("ca.pem"));
}

TEST_F(FileInTheParent, ThatIsMissingIsToldOnce) {
  const auto loaded = load_with(
      "  slackNotification:\n    serviceStopped: {webhookURL: 'https://x', templateFile: "
      "a.handlebars}\n    serviceStarted: {webhookURL: 'https://x', templateFile: a.handlebars}\n",
      "slack: {enable: true}");
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(
      findings_about_files(loaded),
      ElementsAre("10:61: warning: `templateFile`: the template `" + path("config/a.handlebars") +
                  "` does not exist; the built-in one is used until it does"));
  EXPECT_THAT(loaded.config->missing_templates, testing::SizeIs(1));
}

}  // namespace
}  // namespace tocsin::config
