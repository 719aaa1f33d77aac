#include "daemon/probes.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/credentials.h"
#include "daemon/open_files.h"
#include "net/resolver.h"
#include "platform/process.h"
#include "probe/scm/scm_control.h"
#include "probe/scm/scm_probe.h"
#include "probe/smb/smb_control.h"
#include "probe/smb/smb_probe.h"

namespace tocsin::daemon {

namespace {

/// Each host has one call at a time and needs one thread meanwhile; a call that hangs keeps it.
constexpr std::size_t kMostThreads = 10'000;

/// A host without the account that it is to be asked with: no login is attempted with another.
class NotAsked final : public probe::Probe {
 public:
  explicit NotAsked(std::string why) : why_(std::move(why)) {}

  net::awaitable<Result<std::vector<ObservedService>>> check(net::Deadline /*deadline*/) override {
    co_return fail(ErrorKind::invalid_config, "not asked: " + why_);
  }
  net::awaitable<Result<std::vector<ObservedService>>> list(net::Deadline deadline) override {
    return check(deadline);
  }
  net::awaitable<void> close(net::Deadline /*deadline*/) override { co_return; }

 private:
  std::string why_;
};

}  // namespace

bool has_service_manager() { return probe::scm::this_system() != nullptr; }

config::Host with_control_account(config::Host host) {
  if (host.control && host.control->credentials) host.credentials = host.control->credentials;
  return host;
}

Probes::Probes(const net::Executor& executor, Deps deps)
    : connector_(executor, connector_limits(platform::most_open_files())),
      threads_("scm", kMostThreads),
      tickets_(executor, kerberos::this_library()),
      deps_(std::move(deps)) {}

std::unique_ptr<probe::Probe> Probes::make(const config::Host& host) {
  if (!host.not_asked.empty()) return std::make_unique<NotAsked>(host.not_asked);
  // The loader refuses the sources that this version does not have on this platform.
  if (host.source == config::Source::scm)
    return probe::make_scm_probe(host, system_, threads_, deps_.clock);
  return probe::make_smb_probe(host, smb_options(host), connector_, deps_.random, deps_.clock);
}

std::unique_ptr<probe::Control> Probes::make_control(const config::Host& host) {
  if (host.source == config::Source::scm)
    return probe::make_scm_control(host.address, system_, threads_);
  auto as_operator = with_control_account(host);
  auto options = smb_options(as_operator);
  return probe::make_smb_control(std::move(as_operator), std::move(options), connector_,
                                 deps_.random, deps_.clock);
}

probe::SmbProbeOptions Probes::smb_options(const config::Host& host) {
  probe::SmbProbeOptions options{.own_host_name = net::own_host_name(), .tickets = &tickets_};
  if (host.credentials)
    options.gate = &gate_of(deps_.logins, *host.credentials, deps_.peers_to_suspect);
  return options;
}

}  // namespace tocsin::daemon
