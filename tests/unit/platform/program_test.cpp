#include "platform/program.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "platform/process.h"

namespace tocsin::platform {
namespace {

TEST(Program, AVariableThatIsNotSetIsNothing) {
  EXPECT_EQ(environment_variable("TOCSIN_TEST_NO_SUCH_VARIABLE"), std::nullopt);
  EXPECT_EQ(environment_variable("NO=NAME"), std::nullopt);
  EXPECT_TRUE(environment_variable("PATH").has_value());
}

TEST(Process, RandomnessIsNotTheSameTwice) {
  const auto random = system_random();
  std::array<std::uint8_t, 32> one{};
  std::array<std::uint8_t, 32> other{};
  random(one);
  random(other);
  EXPECT_NE(one, other);
  random({});
}

}  // namespace
}  // namespace tocsin::platform
