#include "domain/cluster.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tocsin {
namespace {

using enum ServiceState;

constexpr ClusterRule kExactlyOne{1, 1};
constexpr ClusterRule kAtLeastTwo{.least = 2};

/// Of hosts a, b, c ... in these states.
ClusterVerdict judged(const ClusterRule& rule, const std::vector<ServiceState>& states) {
  std::vector<ClusterMember> members;
  members.reserve(states.size());
  for (std::size_t i = 0; i < states.size(); i++)
    members.push_back({HostName(std::string(1, static_cast<char>('a' + i))), states[i]});
  return judge(rule, members);
}

TEST(Cluster, HasARuleThatIsSaidAsAConfigurationSaysIt) {
  EXPECT_EQ(to_string(kExactlyOne), "exactly one");
  EXPECT_EQ(to_string(ClusterRule{2, 2}), "exactly 2");
  EXPECT_EQ(to_string(kAtLeastTwo), "at least 2");
}

void expect(const ClusterRule& rule, const std::vector<ServiceState>& states, ServiceState state,
            const char* reason) {
  const auto verdict = judged(rule, states);
  EXPECT_EQ(verdict.state, state) << reason;
  EXPECT_EQ(verdict.reason, reason);
}

TEST(Cluster, ExactlyOne) {
  expect(kExactlyOne, {stopped, running}, running, "runs on b");
  expect(kExactlyOne, {stopped, missing, paused}, stopped, "runs on none of a, b and c");
  expect(kExactlyOne, {running, running}, overrun, "runs on a and b, where at most 1 may run it");
  expect(kExactlyOne, {stop_pending, start_pending}, stopped, "runs on none of a and b");
}

TEST(Cluster, AtLeastSoMany) {
  expect(kAtLeastTwo, {running, running, running}, running, "runs on a, b and c");
  expect(kAtLeastTwo, {running, stopped, running}, running, "runs on a and c");
  expect(kAtLeastTwo, {running, stopped, stopped}, stopped,
         "runs on a, where at least 2 must run it");
  expect(kAtLeastTwo, {stopped, stopped}, stopped,
         "runs on none of a and b, where at least 2 must run it");
}

TEST(Cluster, WhatIsKnownCounts) {
  expect(kExactlyOne, {running, unknown}, running, "runs on a; unknown on b");
  expect(kExactlyOne, {stopped, denied}, stopped, "runs on none of a; unknown on b");
  expect(kExactlyOne, {unknown, denied}, unknown, "");
}

TEST(Cluster, NamesTheFirstOfMany) {
  const auto verdict = judged(kAtLeastTwo, std::vector(12, running));
  EXPECT_EQ(verdict.reason, "runs on a, b, c, d, e, f, g, h, i, j and 2 more");
}

}  // namespace
}  // namespace tocsin
