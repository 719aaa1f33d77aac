#include "domain/imagined_alert.h"

#include <utility>

#include "domain/suppression.h"

namespace tocsin {

std::optional<TransitionKind> imagined_kind(std::string_view word, About about) {
  if (word.empty())
    return about == About::service ? TransitionKind::stopped : TransitionKind::unreachable;
  const auto kind = parse_word<TransitionKind>(word);
  return kind == TransitionKind::other ? std::nullopt : kind;
}

Alert imagined_alert(HostName host, const HostPolicy& policy, TransitionKind kind) {
  Alert alert;
  alert.kind = kind;
  alert.host = std::move(host);
  alert.severity = policy.severity;
  return alert;
}

Alert imagined_alert(HostName host, ServiceName service, const WatchedService& entry,
                     TransitionKind kind) {
  Alert alert;
  alert.kind = kind;
  alert.host = std::move(host);
  alert.service = std::move(service);
  alert.set = entry.set;
  alert.severity = entry.policy.severity;
  alert.expected = entry.policy.expected;
  alert.to = row_of(kind).leads_to;
  if (const auto suppressed = standing_suppression(entry, kind))
    alert.suppressed = suppressed->reason;
  return alert;
}

}  // namespace tocsin
