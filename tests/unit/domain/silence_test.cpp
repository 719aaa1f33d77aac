#include "domain/silence.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

bool covers(const char* scope, const char* host, const char* service) {
  return SilenceScope::parse(scope).covers(HostName(host), ServiceName(service));
}

TEST(SilenceScope, OfAHostHoldsForAllThatIsOnIt) {
  EXPECT_TRUE(covers("sql1", "SQL1", ""));
  EXPECT_TRUE(covers("sql1", "SQL1", "MSSQLSERVER"));
  EXPECT_FALSE(covers("sql1", "sql10", ""));
  EXPECT_TRUE(covers("SQL*", "sql10", "MSSQLSERVER"));
}

TEST(SilenceScope, OfServicesLeavesTheHostAlone) {
  EXPECT_TRUE(covers("*/mssql*", "sql1", "MSSQLSERVER"));
  EXPECT_FALSE(covers("*/mssql*", "sql1", "Spooler"));
  EXPECT_FALSE(covers("*/*", "sql1", ""));
}

TEST(SilenceScope, IsWrittenAsItWasRead) {
  for (const auto* text : {"sql1", "SQL?/MSSQL$*"})
    EXPECT_EQ(SilenceScope::parse(text).text(), text);
}

TEST(Silence, HoldsFromItsBeginUpToItsEnd) {
  const Silence silence{.begin = Time(Duration(10)), .end = Time(Duration(20))};
  EXPECT_TRUE(silence.is_active(Time(Duration(9)))) << "the clock was set back";
  EXPECT_TRUE(silence.is_active(Time(Duration(10))));
  EXPECT_FALSE(silence.is_active(Time(Duration(20))));
}

}  // namespace
}  // namespace tocsin
