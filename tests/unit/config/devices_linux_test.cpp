// What is a file and has no end.
#include <gmock/gmock.h>

#include "config/substitution.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;

TEST(Devices, AreNoConfiguration) {
  EXPECT_THAT(findings_of(load("/dev/zero", kSampleEnvironment)),
              ElementsAre(" error: the file is larger than 8 MB"));
}

TEST(Devices, AreNoAuthority) {
  const auto text = sample_with({{14,
                                  "        - webhookURL: https://desk.example/hook\n"
                                  "          cert: {enable: true, certCA: /dev/zero}"}});
  EXPECT_THAT(findings_of(parse_sample(text)),
              ElementsAre("15:40: error: `certCA`: the file `/dev/zero` is no regular file"));
}

TEST(Devices, AreNoSecret) {
  Substitution substitution(kSampleEnvironment);
  EXPECT_EQ(substitution.expand("${file:/dev/zero}", "").error(),
            "the file `/dev/zero` is no regular file");
}

}  // namespace
}  // namespace tocsin::config
