// What a configuration says of changes that hosts tell by themselves.
#include <gmock/gmock.h>

#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

TEST(PushKeys, HowOftenIsCheckedIsOfAllHostsOrOfOne) {
  const auto loaded =
      parse_sample(sample_with({{3, "    checkEveryNth: 10\n    credentials:"},
                                {6, "      - host: node1\n        checkEveryNth: 1"}}));
  ASSERT_THAT(findings_of(loaded), testing::IsEmpty());
  auto host = loaded.config->hosts.at(0);
  EXPECT_EQ(host.check_every_nth, 1);
  const auto other = parse_sample(sample_with({{3, "    checkEveryNth: 10\n    credentials:"}}));
  ASSERT_THAT(findings_of(other), testing::IsEmpty());
  EXPECT_EQ(other.config->hosts.at(0).check_every_nth, 10);
  EXPECT_TRUE(is_asked_alike(host, other.config->hosts.at(0)));
  EXPECT_THAT(differing_keys(host, other.config->hosts.at(0)),
              testing::ElementsAre("checkEveryNth"));
  EXPECT_EQ(parse_sample(sample_with({})).config->hosts.at(0).check_every_nth, 4);
}

TEST(PushKeys, NeverCheckingIsAMistake) {
  const auto loaded = parse_sample(sample_with({{3, "    checkEveryNth: 0\n    credentials:"}}));
  EXPECT_THAT(findings_of(loaded), testing::ElementsAre(testing::HasSubstr("checkEveryNth")));
}

}  // namespace
}  // namespace tocsin::config
