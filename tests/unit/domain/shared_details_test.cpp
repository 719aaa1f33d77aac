#include "domain/shared_details.h"

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

ServiceDetails named(const std::string& display_name) { return {.display_name = display_name}; }

TEST(SharedDetails, AreInMemoryOnceAndForAsLongAsAnybodyHasThem) {
  const auto before = count_shared_details();
  {
    const auto first = share(named("Print Spooler"));
    EXPECT_EQ(share(named("Print Spooler")), first);
    EXPECT_EQ(*first, named("Print Spooler"));
    EXPECT_EQ(count_shared_details(), before + 1);
    auto other = named("Print Spooler");
    other.trigger_start = true;
    EXPECT_NE(share(other), first);
    EXPECT_EQ(count_shared_details(), before + 1) << "nobody has the other ones any more";
  }
  EXPECT_EQ(count_shared_details(), before);
}

TEST(SharedDetails, MayComeAndGoInManyThreads) {
  const auto before = count_shared_details();
  const auto work = [] {
    for (int i = 0; i < 5'000; i++) {
      const auto name = "Thread" + std::to_string(i % 3);
      if (share(named(name))->display_name != name) std::abort();
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; i++) threads.emplace_back(work);
  threads.clear();
  EXPECT_EQ(count_shared_details(), before);
}

}  // namespace
}  // namespace tocsin
