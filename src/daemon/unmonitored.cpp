#include "daemon/unmonitored.h"

#include <utility>

#include "daemon/host_update.h"
#include "net/now.h"

namespace tocsin::daemon {

KnownHosts take_unmonitored(KnownHosts& known, const std::vector<config::Host>& hosts,
                            const std::vector<config::Cluster>& clusters) {
  KnownHosts monitored;
  const auto keep = [&](const HostName& name) {
    if (auto node = known.extract(name)) monitored.insert(std::move(node));
  };
  for (const auto& host : hosts) keep(host.name);
  for (const auto& cluster : clusters) keep(cluster.name);
  return std::exchange(known, std::move(monitored));
}

net::awaitable<void> end_unmonitored(KnownHosts hosts, Journal& journal, const Clock& clock,
                                     const Log& log, const RandomFill& random) {
  for (auto& [name, known] : hosts) {
    auto subject = log.of("host " + name.text());
    subject.info("no longer monitored, and forgotten");
    MonitoredHost host(name, {}, std::move(known));
    HostUpdate update(name, {journal, subject, random});
    update.add(host.retire(net::now_by(clock)), host.host());
    co_await update.write();
  }
}

}  // namespace tocsin::daemon
