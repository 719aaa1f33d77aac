#include "base/wildcard.h"

#include <string>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Wildcard, Table) {
  const struct {
    const char* pattern;
    const char* name;
    bool matches;
  } rows[] = {
      {"SPOOLER", "SPOOLER", true},
      {"SPOOLER", "SPOOLER2", false},
      {"QLIK*", "QLIKSENSE", true},
      {"QLIK*", "QLIK", true},
      {"*SENSE", "QLIKSENSE", true},
      {"*A*B*", "XAYBZ", true},
      {"*A*B*", "XBYAZ", false},
      {"?", "Ö", true},
      {"A?C", "AÖC", true},
      {"A?C", "AC", false},
      {"*", "", true},
      {"", "A", false},
      {"MSSQL$*", "MSSQL$X", true},
      {"*AB", "AAB", true},
      {"", "", true},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(matches_wildcard(row.pattern, row.name), row.matches)
        << row.pattern << " against " << row.name;
  }
}

TEST(Wildcard, ManyStarsAreNotExponential) {
  std::string pattern;
  for (int i = 0; i < 500; i++) pattern += "*A";
  EXPECT_FALSE(matches_wildcard(pattern + "B", std::string(5000, 'A')));
}

}  // namespace
}  // namespace tocsin
