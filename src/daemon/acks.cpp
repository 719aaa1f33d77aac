#include "daemon/acks.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::daemon {
namespace {

bool has_id(const std::vector<Ack>& acks, std::int64_t id) {
  return std::ranges::find(acks, id, &Ack::id) != acks.end();
}

}  // namespace

Suppression suppression_of(const Ack& ack) {
  return {fmt::format("acknowledged{}{}{}{}", ack.author.empty() ? "" : " by ",
                      printable(ack.author), ack.reason.empty() ? "" : ": ",
                      printable(ack.reason))};
}

std::optional<Suppression> Acks::find(const HostName& host, const ServiceName& service,
                                      Time firing_since) const {
  const auto found = std::ranges::find_if(
      acks_, [&](const Ack& ack) { return ack.covers(host, service, firing_since); });
  return found == acks_.end() ? std::nullopt : std::optional(suppression_of(*found));
}

void Acks::set_acks(std::vector<Ack> acks) {
  std::erase_if(ended_, [&](std::int64_t id) { return !has_id(acks, id); });
  std::erase_if(acks, [&](const Ack& ack) { return ended_.contains(ack.id); });
  for (const auto& ack : acks) {
    if (!has_id(acks_, ack.id))
      log_.notice("{}: {}", printable(ack.text()), suppression_of(ack).reason);
  }
  for (const auto& ack : acks_) {
    if (!has_id(acks, ack.id)) log_.notice("{}: no longer acknowledged", printable(ack.text()));
  }
  acks_ = std::move(acks);
}

std::vector<std::int64_t> Acks::end_with_alerts(const FiringSince& firing_since) {
  std::erase_if(acks_, [&](const Ack& ack) {
    const auto since = firing_since(ack.host, ack.service);
    const bool holds = since && ack.covers(ack.host, ack.service, *since);
    if (!holds) {
      log_.notice("{}: the alert has ended, and so has its acknowledgement", printable(ack.text()));
      ended_.insert(ack.id);
    }
    return !holds;
  });
  return {ended_.begin(), ended_.end()};
}

}  // namespace tocsin::daemon
