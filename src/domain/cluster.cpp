#include "domain/cluster.h"

#include <algorithm>
#include <vector>

namespace tocsin {
namespace {

using Names = std::vector<std::string>;

/// "a", "a and b", "a, b and c"; of many the first.
std::string listed(const Names& names) {
  constexpr std::size_t kMostNamed = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); i++)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  if (names.size() > kMostNamed)
    text += " and " + std::to_string(names.size() - kMostNamed) + " more";
  return text;
}

/// What the rule wants, after where it runs.
std::string wanted(const ClusterRule& rule, std::size_t running) {
  if (running > rule.most) return ", where at most " + std::to_string(rule.most) + " may run it";
  if (running == 0 && rule.least == 1) return "";
  return ", where at least " + std::to_string(rule.least) + " must run it";
}

}  // namespace

std::string to_string(const ClusterRule& rule) {
  const bool has_limit = rule.most != ClusterRule::kNoLimit;
  return (has_limit ? "exactly " : "at least ") +
         (rule.least == 1 ? "one" : std::to_string(rule.least));
}

ClusterVerdict judge(const ClusterRule& rule, std::span<const ClusterMember> members) {
  Names running;
  Names idle;
  Names not_known;
  for (const auto& member : members) {
    const bool known =
        member.state != ServiceState::unknown && member.state != ServiceState::denied;
    auto& group = !known ? not_known : member.state == ServiceState::running ? running : idle;
    group.push_back(member.host.text());
  }
  if (running.empty() && idle.empty()) return {};

  ClusterVerdict verdict{.state = ServiceState::running};
  if (running.size() < rule.least) verdict.state = ServiceState::stopped;
  if (running.size() > rule.most) verdict.state = ServiceState::overrun;
  verdict.reason =
      running.empty() ? "runs on none of " + listed(idle) : "runs on " + listed(running);
  if (verdict.state != ServiceState::running) verdict.reason += wanted(rule, running.size());
  if (!not_known.empty()) verdict.reason += "; unknown on " + listed(not_known);
  return verdict;
}

ClusterVerdict judge(const ClusterRule& rule, std::span<const HostName> hosts,
                     const std::function<ServiceState(const HostName&)>& state_on) {
  std::vector<ClusterMember> members;
  members.reserve(hosts.size());
  for (const auto& host : hosts) members.push_back({host, state_on(host)});
  return judge(rule, members);
}

}  // namespace tocsin
