#include <string>

#include <gmock/gmock.h>

#include "config/load.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Loaded load_ntfy(const std::string& keys) {
  return parse(
      "tocsin:\n"
      "  serviceMonitor:\n"
      "    credentials: [{name: a, username: b, password: c}]\n"
      "    monitor: [{host: h, services: [{name: s}]}]\n"
      "    alertDestination: {ntfy: {enable: true}}\n"
      "  ntfyNotification: {" +
          keys + "}\n",
      "f", "", {});
}

TEST(NtfyNotification, NeedsATopicOnly) {
  const auto loaded = load_ntfy("topic: windows-services");
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  const auto& ntfy = loaded.config.value().get<Ntfy>();
  EXPECT_TRUE(ntfy.enabled);
  EXPECT_EQ(ntfy.url, "https://ntfy.sh");
  EXPECT_EQ(ntfy.topic, "windows-services");
  EXPECT_EQ(ntfy.priority, 0U);
}

TEST(NtfyNotification, ReadsAllItsKeys) {
  const auto loaded = load_ntfy(
      "url: 'https://ntfy.example.com', topic: t, username: u, password: p, priority: 4, "
      "tags: [computer], click: 'https://example.com', rateLimit: 60");
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  const auto& ntfy = loaded.config.value().get<Ntfy>();
  EXPECT_EQ(ntfy.username, "u");
  EXPECT_EQ(ntfy.password.reveal(), "p");
  EXPECT_EQ(ntfy.priority, 4U);
  EXPECT_THAT(ntfy.tags, ElementsAre("computer"));
  EXPECT_EQ(ntfy.click, "https://example.com");
  EXPECT_EQ(ntfy.rate_limit, std::chrono::minutes(1));
}

TEST(NtfyNotification, ReportsMistakes) {
  const auto say = [](const std::string& keys) { return findings_of(load_ntfy(keys)); };
  EXPECT_THAT(say("tags: [a]"), ElementsAre(HasSubstr("the key `topic` is missing")));
  EXPECT_THAT(say("topic: 'a b'"), ElementsAre(HasSubstr("1 to 64 letters, digits, - and _")));
  EXPECT_THAT(say("topic: " + std::string(65, 'a')), ElementsAre(HasSubstr("1 to 64 letters")));
  EXPECT_THAT(say("topic: t, priority: 6"), ElementsAre(HasSubstr("priority")));
  EXPECT_THAT(say("topic: t, url: 'ftp://h'"), ElementsAre(HasSubstr("url")));
  EXPECT_THAT(say("topic: t, url: 'https://ntfy.sh/t'"), ElementsAre(HasSubstr("only the server")));
  EXPECT_THAT(say("topic: t, url: 'https://ntfy.sh/'"), IsEmpty());
  EXPECT_THAT(say("topic: t, password: p"), ElementsAre(HasSubstr("without `username`")));
  EXPECT_THAT(say("topic: t, token: x, username: u, password: p"),
              ElementsAre(HasSubstr("two ways to log in")));
  EXPECT_THAT(say("topic: t, username: u"), ElementsAre(HasSubstr("so `password` must be")));
}

TEST(NtfyNotification, ThatIsSwitchedOffMayBeATemplate) {
  EXPECT_THAT(findings_of(load_ntfy("enable: false")), ElementsAre(HasSubstr("`enable` is false")));
}

}  // namespace
}  // namespace tocsin::config
