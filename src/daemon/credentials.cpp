#include "daemon/credentials.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/files.h"
#include "config/file/substitution.h"
#include "daemon/host_update.h"
#include "daemon/listed.h"

namespace tocsin::daemon {
namespace {

/// How soon after a silence a credential that is refused still is an alert.
constexpr auto kReviewEvery = std::chrono::seconds(10);

/// Whether hosts share the account: a name without a domain is a local account of each.
bool has_domain(const config::Credentials& account) {
  const std::string_view username = account.username;
  if (!account.realm.empty() || !account.keytab.empty() || account.is_of_process()) return true;
  const auto domain = username.substr(0, std::min(username.find('\\'), username.size()));
  return username.contains('@') || (username.contains('\\') && !domain.empty() && domain != ".");
}

/// Reads what proves the account from its file: a new keytab is tried at once, like a new password.
/// Null: it stands in no file.
std::function<Result<Secret>()> secret_reader_of(const config::Credentials& account) {
  if (account.keytab.empty())
    return account.password_file.empty()
               ? nullptr
               : config::secret_reader(account.password_file, config::SecretForm::password);
  return [path = account.keytab]() -> Result<Secret> {
    constexpr std::size_t kMostKeytab = 65536;
    auto keys = config::read_file(path, kMostKeytab, config::Accept::regular_files);
    if (!keys) return fail(ErrorKind::invalid_config, printable(path) + " cannot be read");
    return Secret(*std::move(keys));
  };
}

/// "h1, h2: wrong user name or password; h3: ...": hosts that say the same stand together.
std::string refusals_of(const logins::Suspicion& suspicion) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const auto& [host, refusal] : suspicion.refusals) {
    if (refusal.pardoned) continue;
    auto group = std::ranges::find(groups, refusal.reason,
                                   &std::pair<std::string, std::vector<std::string>>::first);
    if (group == groups.end()) group = groups.insert(groups.end(), {refusal.reason, {}});
    group->second.push_back(host.text());
  }
  std::string text;
  for (const auto& [reason, hosts] : groups)
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", listed(hosts), reason);
  return text;
}

TransitionKind kind_of(logins::Notice notice) {
  switch (notice) {
    case logins::Notice::accepted:
      return TransitionKind::accepted;
    case logins::Notice::retired:
      return TransitionKind::unmonitored;
    case logins::Notice::none:
    case logins::Notice::refused:
      break;
  }
  return TransitionKind::refused;
}

std::string reason_of(const logins::Gate& gate, logins::Notice notice) {
  if (notice == logins::Notice::accepted) return "it logs in again";
  if (notice == logins::Notice::retired) return "no longer monitored";
  auto text = refusals_of(gate.guard().suspicion());
  // A host that has refused nothing: does it wait too?
  if (const auto all = gate.find_suspension(HostName())) {
    text += fmt::format(
        "; hosts that need it are UNKNOWN; to avoid locking the account, the next attempt is made "
        "after {}",
        iso_time(all->until));
  }
  return text;
}

}  // namespace

std::string credential_id(const config::Credentials& account) {
  return std::string(kCredentialPrefix) + account.name;
}

bool is_firing_credential(const logins::StoredLogin& record) {
  return record.id.value.starts_with(kCredentialPrefix) && record.suspicion.notified_at != Time{};
}

bool is_firing_credential(const logins::Gate& gate) {
  return gate.id().value.starts_with(kCredentialPrefix) &&
         gate.guard().suspicion().notified_at != Time{};
}

void retire_unused(logins::Logins& logins, const std::vector<config::Host>& hosts) {
  std::set<std::string> used;
  for (const auto& host : hosts)
    for (const auto& account :
         {host.credentials, host.control ? host.control->credentials : nullptr})
      if (account) used.insert(credential_id(*account));
  logins.retire([&used](const logins::LoginId& id) {
    return id.value.starts_with(kCredentialPrefix) && !used.contains(id.value);
  });
}

logins::Gate& gate_of(logins::Logins& logins, const config::Credentials& account,
                      std::size_t peers_to_suspect) {
  auto read = secret_reader_of(account);
  auto secret = account.password;
  if (!account.keytab.empty()) secret = read().value_or(Secret());
  return logins.gate({credential_id(account)}, {.name = "the credential " + account.name,
                                                .user = account.username,
                                                .secret = std::move(secret),
                                                .read_secret = std::move(read),
                                                .guard = {.shared = has_domain(account),
                                                          .peers_to_suspect = peers_to_suspect}});
}

std::string subject_of(const logins::Gate& gate) {
  constexpr std::string_view kArticle = "the ";
  std::string_view name = gate.name();
  if (name.starts_with(kArticle)) name.remove_prefix(kArticle.size());
  return std::string(name);
}

decltype(logins::Logins::Deps::on_step) step_log(const Log& log) {
  if (!log.wants(config::LogLevel::debug)) return {};
  return [&log](const logins::Gate& gate, const HostName& peer, logins::LoginStep step,
                std::string_view why) {
    const auto* colon = why.empty() ? "" : ": ";
    if (peer.empty()) {
      log.of(subject_of(gate)).debug("login {}{}{}", to_string(step), colon, why);
    } else {
      log.of("host " + peer.text())
          .debug("login {}, {}{}{}", to_string(step), subject_of(gate), colon, why);
    }
  };
}

/// Its deliveries say so too; this line says when the next attempt is made.
void CredentialAlerts::log_destination(const logins::Gate& gate, bool refused) const {
  const auto suspension = gate.find_suspension(HostName());
  if (refused && suspension) {
    deps_.log.warn("{} is refused and is not tried before {}, to avoid locking the account: {}",
                   gate.name(), iso_time(suspension->until), suspension->reason);
  } else if (!refused) {
    deps_.log.info("{} is accepted again", gate.name());
  }
}

net::awaitable<void> CredentialAlerts::notify(const logins::Gate& gate, logins::Notice notice) {
  const bool refused = notice == logins::Notice::refused;
  if (!gate.id().value.starts_with(kCredentialPrefix)) {
    log_destination(gate, refused);
    co_return;
  }
  const HostName name(gate.id().value);
  // A silence may have kept the refusal from people: its end is for those who were notified.
  Alert alert{.at = deps_.clock.now(),
              .kind = kind_of(notice),
              .host = name,
              .from = ServiceState::unknown,
              .to = ServiceState::unknown,
              .reason = reason_of(gate, notice),
              .across_hosts = true,
              .for_notified = !refused,
              .goes_on = !refused};
  if (refused) {
    if (const auto suppression = deps_.silences.find(name, {}, alert.at))
      alert.suppressed = suppression->reason;
  }
  if (alert.suppressed.empty()) {
    suppressed_.erase(gate.id());
  } else {
    suppressed_.insert(gate.id());
  }
  HostUpdate update(name, {deps_.journal, deps_.log.of(subject_of(gate)), deps_.random});
  MonitoredHost::Outcome outcome;
  outcome.alerts.push_back(std::move(alert));
  update.add(std::move(outcome), {});
  co_await update.write();
}

bool CredentialAlerts::is_silenced(const logins::LoginId& id) const {
  return deps_.silences.find(HostName(id.value), {}, deps_.clock.now()).has_value();
}

net::awaitable<void> CredentialAlerts::run(const logins::Logins& logins) {
  for (;; co_await net::sleep_for(kReviewEvery)) {
    for (const auto& id : std::set(suppressed_)) {
      const auto* gate = logins.find(id);
      if (gate == nullptr || is_silenced(id)) continue;
      if (gate->guard().suspicion().notified_at == Time{}) {
        suppressed_.erase(id);  // it was over before the silence was
      } else {
        co_await notify(*gate, logins::Notice::refused);
      }
    }
  }
}

}  // namespace tocsin::daemon
