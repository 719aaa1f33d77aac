#include <string>

#include <gmock/gmock.h>

#include "config/load.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

Loaded load_proxies(const std::string& for_all, const std::string& of_ntfy) {
  return parse("tocsin:\n" + for_all +
                   "  serviceMonitor:\n"
                   "    credentials: [{name: a, username: b, password: c}]\n"
                   "    monitor: [{host: h, services: [{name: s}]}]\n"
                   "    alertDestination: {ntfy: {enable: true}, pagerDuty: {enable: true}}\n"
                   "  pagerDutyNotification: {routingKey: '0123456789abcdef0123456789abcdef'}\n"
                   "  ntfyNotification: {topic: t" +
                   of_ntfy + "}\n",
               "f", "", {});
}

TEST(HttpProxy, IsLeftToTheEnvironmentWhereNothingSaysOtherwise) {
  const auto loaded = load_proxies("", "");
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.value().get<Ntfy>().proxy, HttpProxy{});
}

TEST(HttpProxy, OfADestinationReplacesThatOfAllKeyByKey) {
  const std::string for_all =
      "  proxy: http://me:secret@proxy:3128/\n  noProxy: [localhost, 10.0.0.0/8]\n";
  const auto shared = load_proxies(for_all, "");
  EXPECT_THAT(findings_of(shared), IsEmpty());
  for (const auto& proxy :
       {shared.config.value().get<Ntfy>().proxy, shared.config.value().get<PagerDuty>().proxy,
        shared.config.value().get<NewRelic>().proxy,
        shared.config.value().get<WebhookDestinations>().proxy,
        shared.config.value().get<Slack>().proxy, shared.config.value().get<Teams>().proxy,
        shared.config.value().get<InfluxDb>().proxy,
        shared.config.value().get<Alertmanager>().proxy}) {
    EXPECT_THAT(proxy.url, Optional(std::string("http://me:secret@proxy:3128/")));
    EXPECT_THAT(proxy.bypass, Optional(std::string("localhost,10.0.0.0/8")));
  }

  const auto own = load_proxies(for_all, ", proxy: none").config.value();
  EXPECT_THAT(own.get<Ntfy>().proxy.url, Optional(std::string()));
  EXPECT_THAT(own.get<Ntfy>().proxy.bypass, Optional(std::string("localhost,10.0.0.0/8")));
  EXPECT_THAT(own.get<PagerDuty>().proxy.url,
              Optional(std::string("http://me:secret@proxy:3128/")));
  const auto all = load_proxies(for_all, ", noProxy: []").config.value();
  EXPECT_THAT(all.get<Ntfy>().proxy.bypass, Optional(std::string()));
}

TEST(HttpProxy, ReportsMistakesWithoutTheirSecrets) {
  const auto say = [](const std::string& keys) { return findings_of(load_proxies(keys, "")); };
  EXPECT_THAT(say("  proxy: proxy:3128\n"), ElementsAre(HasSubstr("http://")));
  EXPECT_THAT(
      say("  proxy: 'socks5://me:s3cret@h'\n"),
      ElementsAre(testing::AllOf(HasSubstr("or be `none`"), testing::Not(HasSubstr("s3cret")))));
  EXPECT_THAT(say("  proxy: http://h:3128/path\n"), ElementsAre(HasSubstr("must end after")));
  EXPECT_THAT(say("  noProxy: ['*.example.com']\n"), ElementsAre(HasSubstr("without `*`")));
  EXPECT_THAT(say("  noProxy: ['http://h']\n"), ElementsAre(HasSubstr("must be a host name")));
  EXPECT_THAT(say("  noProxy: ['a, b']\n"), ElementsAre(HasSubstr("must be a host name")));
  EXPECT_THAT(say("  noProxy: ['*', '.example.com']\n"), IsEmpty());
}

}  // namespace
}  // namespace tocsin::config
