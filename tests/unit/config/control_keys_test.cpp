// `control`: whose services may be started and stopped, and by whom.
#include <gmock/gmock.h>

#include "unit/config/migrate_test.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The sample with these lines at its only host.
Loaded with_control(const std::string& lines) {
  return parse_sample(sample_with({{6, "      - host: node1\n" + lines}}));
}

TEST(Control, IsOffUnlessItIsAskedFor) {
  EXPECT_FALSE(parse_sample(sample_with({})).config->hosts[0].control);
  EXPECT_FALSE(with_control("        control: false").config->hosts[0].control);
  const auto on = with_control("        control: true");
  EXPECT_THAT(findings_of(on), IsEmpty());
  ASSERT_TRUE(on.config->hosts[0].control);
  EXPECT_FALSE(on.config->hosts[0].control->credentials) << "those of the checks";
}

TEST(Control, HasAnAccountOfItsOwn) {
  const auto loaded = with_control("        control:\n          credentials: main");
  EXPECT_THAT(findings_of(loaded), IsEmpty());
  ASSERT_TRUE(loaded.config->hosts[0].control);
  ASSERT_TRUE(loaded.config->hosts[0].control->credentials);
  EXPECT_EQ(loaded.config->hosts[0].control->credentials->name, "main");
  EXPECT_THAT(findings_of(with_control("        control:\n          credentials: mein")),
              ElementsAre(HasSubstr("there are no credentials `mein`")));
  EXPECT_THAT(findings_of(with_control("        control: perhaps")),
              ElementsAre(HasSubstr("`control` must be true or false")));
}

TEST(Control, HoldsForAllHostsWhereTheySayNothing) {
  const auto all = parse_sample(sample_with({{3, "    control: true\n    credentials:"}}));
  EXPECT_THAT(findings_of(all), IsEmpty());
  EXPECT_TRUE(all.config->hosts[0].control);
  const auto but_one =
      parse_sample(sample_with({{3, "    control: true\n    credentials:"},
                                {6, "      - host: node1\n        control: false"}}));
  EXPECT_FALSE(but_one.config->hosts[0].control);
  const auto account =
      parse_sample(sample_with({{3, "    control: {credentials: main}\n    credentials:"},
                                {6, "      - host: node1\n        control: true"}}));
  EXPECT_TRUE(account.config->hosts[0].control->credentials) << "the account stays";
}

TEST(Control, MigrationKeepsIt) {
  const auto text =
      migrate_sample(sample_with({{3, "    control: true\n    credentials:"},
                                  {6, "      - host: node1\n        control: false"}}))
          .text;
  EXPECT_THAT(text, HasSubstr("control: true"));
  EXPECT_THAT(text, HasSubstr("control: false"));
}

}  // namespace
}  // namespace tocsin::config
