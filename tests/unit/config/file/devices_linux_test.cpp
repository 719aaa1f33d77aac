// What is a file and has no end.
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "config/file/substitution.h"
#include "kit/scratch.h"
#include "unit/config/sample.h"

namespace tocsin::config {
namespace {

using testing::ElementsAre;

TEST(Devices, AreNoConfiguration) {
  EXPECT_THAT(findings_of(load("/dev/zero", kSampleEnvironment)),
              ElementsAre(" error: the file is larger than 8 MB"));
}

TEST(Devices, APipeThatNobodyWritesToIsNoConfiguration) {
  const kit::ScratchDirectory folder;
  const auto pipe = (folder.path() / "tocsin.yaml").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(findings_of(load(pipe, kSampleEnvironment)),
              ElementsAre(" error: the file is not a regular file"));
}

TEST(Devices, AreNoAuthority) {
  const auto text = sample_with({{14,
                                  "        - webhookURL: https://desk.example/hook\n"
                                  "          cert: {enable: true, certCA: /dev/zero}"}});
  EXPECT_THAT(findings_of(parse_sample(text)),
              ElementsAre("15:40: error: `certCA`: the file `/dev/zero` is not a regular file"));
}

TEST(Devices, AreNoSecret) {
  FilesRead files_read;
  Substitution substitution(kSampleEnvironment, files_read);
  EXPECT_EQ(substitution.expand("${file:/dev/zero}", "").error(),
            "the file `/dev/zero` is not a regular file");
}

}  // namespace
}  // namespace tocsin::config
