#include "base/names.h"

#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Names, CompareAsWindowsDoesAndKeepTheirSpelling) {
  EXPECT_EQ(ServiceName("MSSQL$Größe"), ServiceName("mssql$GRÖßE"));
  EXPECT_NE(ServiceName("Spooler"), ServiceName("Spooler2"));
  EXPECT_EQ(std::hash<ServiceName>{}(ServiceName("spooler")),
            std::hash<ServiceName>{}(ServiceName("SPOOLER")));
  EXPECT_EQ(ServiceName("Spooler").text(), "Spooler");
  EXPECT_EQ(ServiceName("Spooler").key(), "SPOOLER");
  EXPECT_LT(ServiceName("alpha"), ServiceName("BETA"));
}

TEST(Names, AreEqualInAnySpellingAndOnlyThen) {
  const ServiceName upper("SPOOLER");
  EXPECT_EQ(upper, ServiceName("Spooler"));
  EXPECT_EQ(upper.text(), "SPOOLER");
  EXPECT_EQ(ServiceName(), ServiceName(""));
  EXPECT_NE(ServiceName(), upper);
  EXPECT_LT(ServiceName(), upper);
  EXPECT_TRUE(ServiceName("").empty());
  EXPECT_EQ(ServiceName().key(), "");
}

TEST(Names, AreInMemoryOnceAndForAsLongAsAnybodyHasThem) {
  const auto before = InternedName::count();
  {
    const ServiceName first("OnceInMemory");
    auto copy = first;
    const ServiceName again("OnceInMemory");
    EXPECT_EQ(InternedName::count(), before + 1);
    EXPECT_EQ(&first.text(), &again.text());
    const auto moved = std::move(copy);
    copy = ServiceName("Another");
    copy = first;
    EXPECT_EQ(&moved.text(), &copy.text());
    EXPECT_EQ(InternedName::count(), before + 1);
  }
  EXPECT_EQ(InternedName::count(), before);
}

TEST(Names, MayComeAndGoInManyThreads) {
  const auto before = InternedName::count();
  const auto work = [](int seed) {
    ServiceName kept;
    for (int i = 0; i < 20'000; i++) {
      const auto text = "Thread" + std::to_string((i * seed) % 5);
      const ServiceName name(text);
      if (name.text() != text) std::abort();
      kept = name;
    }
  };
  std::vector<std::jthread> threads;
  for (const int seed : {1, 2, 3, 7}) threads.emplace_back(work, seed);
  threads.clear();
  EXPECT_EQ(InternedName::count(), before);
}

}  // namespace
}  // namespace tocsin
