#include "probe/smb/smb_login.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "kerberos/tickets.h"
#include "logins/gate.h"
#include "net/resolver.h"
#include "wire/ntlm/ntlm.h"
#include "wire/spnego/negotiation.h"

namespace tocsin::probe {
namespace {

using logins::Blame;

/// Refused logons that say nothing about the secret ([MS-ERREF] 2.3.1; docs/windows-hosts.md).
constexpr std::array<std::pair<std::uint32_t, Blame>, 16> kBlames{{
    {0xC000006F, Blame::account},  // not within its logon hours
    {0xC0000071, Blame::account},  // its password has expired
    {0xC0000072, Blame::account},  // disabled
    {0xC0000193, Blame::account},  // expired
    {0xC0000224, Blame::account},  // its password must be changed
    {0xC0000234, Blame::account},  // locked out
    {0xC0000022, Blame::peer},     // the host checks the name that it is called by
    {0xC000006E, Blame::peer},     // restricted: NTLM is denied to it, e.g. by Protected Users
    {0xC0000070, Blame::peer},     // not from this workstation
    {0xC0000133, Blame::peer},     // its clock and the domain's differ
    {0xC000015B, Blame::peer},     // no network logon on this host
    {0xC000018A, Blame::peer},     // its trust in the domain is broken
    {0xC000018B, Blame::peer},
    {0xC000018D, Blame::peer},
    {0xC0000413, Blame::peer},  // an authentication policy denies this host
    {0xC0000418, Blame::peer},  // NTLM is blocked
}};

constexpr std::uint32_t kLogonFailure = 0xC000006D;

bool offers(const spnego::NegTokenInit& hint, BytesView oid) {
  return std::ranges::any_of(hint.mech_types, [oid](const spnego::Oid& offered) {
    return std::ranges::equal(offered, oid);
  });
}

}  // namespace

/// Takes Kerberos, unless the host's hint has none.
class SmbLogin::Chooser final : public wire::Initiator {
 public:
  Chooser(SmbLogin& login, std::unique_ptr<wire::Initiator> kerberos)
      : login_(login), chosen_(std::move(kerberos)) {}

  Result<Bytes> step(BytesView token) override {
    if (!std::exchange(has_begun_, true) && !token.empty()) {
      auto facts = login_.facts();
      if (const auto hint = spnego::decode_init(token)) {
        facts.offers_kerberos =
            offers(*hint, spnego::kKerberosOid) || offers(*hint, spnego::kWindowsKerberosOid);
        facts.offers_ntlm = offers(*hint, spnego::kNtlmOid);
      }
      login_.settle(choose_login(facts));
      if (login_.choice_.way == LoginWay::none) return std::unexpected(login_.refusal());
      if (login_.choice_.way == LoginWay::ntlm) chosen_ = login_.ntlm_initiator();
    }
    return chosen_->step(token);
  }
  bool complete() const override { return chosen_->complete(); }
  Bytes session_key() const override { return chosen_->session_key(); }

 private:
  SmbLogin& login_;
  std::unique_ptr<wire::Initiator> chosen_;
  bool has_begun_ = false;
};

Secret SmbLogin::secret() const {
  const auto* gate = deps_.options.gate;
  return gate == nullptr ? deps_.host.credentials->password : gate->secret();
}

std::string SmbLogin::service() const { return "cifs/" + server_name_of(deps_.host); }

std::optional<kerberos::Account> SmbLogin::account() const {
  if (deps_.options.tickets == nullptr) return std::nullopt;
  return find_kerberos_account(*deps_.host.credentials, secret(), names_);
}

LoginFacts SmbLogin::facts() const {
  const auto& credentials = *deps_.host.credentials;
  return {.wish = credentials.authentication,
          .has_password = !credentials.username.empty() && credentials.keytab.empty(),
          .has_realm = account().has_value(),
          .is_address = net::as_address(server_name_of(deps_.host)).has_value(),
          .failure = failure_,
          .refused = net::MonotonicClock::now() < refused_until_ ? refused_ : std::string()};
}

bool SmbLogin::needs_names() const {
  if (names_ || deps_.options.tickets == nullptr || !needs_host_names(*deps_.host.credentials))
    return false;
  auto facts = this->facts();
  facts.has_realm = true;
  facts.failure.reset();
  return choose_login(facts).way == LoginWay::kerberos;
}

net::awaitable<Result<std::unique_ptr<wire::Initiator>>> SmbLogin::initiator(
    net::Deadline deadline) {
  failure_.reset();
  settle(choose_login(facts()));
  if (choice_.way == LoginWay::kerberos) {
    auto client = co_await deps_.options.tickets->initiate(
        *account(), service(), std::min(deadline, net::within(deps_.options.kerberos_limit)));
    if (client) {
      note(std::move(client->ticket));
      co_return std::make_unique<Chooser>(*this,
                                          spnego::make_initiator(std::move(client->mechanism)));
    }
    failure_ = std::move(client).error();
    settle(choose_login(facts()));
  }
  if (choice_.way == LoginWay::none) co_return std::unexpected(refusal());
  co_return ntlm_initiator();
}

std::unique_ptr<wire::Initiator> SmbLogin::renewed_initiator() const {
  return choice_.way == LoginWay::ntlm ? ntlm_initiator() : nullptr;
}

bool SmbLogin::is_ageing() const {
  return choice_.way == LoginWay::kerberos && net::MonotonicClock::now() >= ages_at_;
}

net::awaitable<std::unique_ptr<wire::Initiator>> SmbLogin::fresh_initiator(net::Deadline deadline) {
  ages_at_ = net::within(kerberos::Tickets::kPause);
  const auto of = account();
  if (!of) co_return nullptr;
  auto client = co_await deps_.options.tickets->initiate(
      *of, service(), std::min(deadline, net::within(deps_.options.kerberos_limit)),
      kerberos::Freshness::fresh);
  if (!client) co_return nullptr;
  note(std::move(client->ticket));
  co_return spnego::make_initiator(std::move(client->mechanism));
}

void SmbLogin::note(kerberos::ServiceTicket ticket) {
  ticket_ = std::move(ticket);
  // Before half of it is over, so that a KDC may be away for as long again.
  ages_at_ = ticket_.lifetime ? net::within(*ticket_.lifetime * 2 / 5) : net::Deadline::max();
}

std::unique_ptr<wire::Initiator> SmbLogin::ntlm_initiator() const {
  auto login = ntlm::make_credentials(deps_.host.credentials->username, secret());
  login.workstation = ntlm::workstation_name(deps_.options.own_host_name);
  return ntlm::make_initiator(std::move(login), deps_.random, deps_.clock.now(), service());
}

void SmbLogin::settle(LoginChoice choice) {
  choice_ = std::move(choice);
  notice_.clear();
  if (choice_.way == LoginWay::ntlm && choice_.is_notable)
    notice_ = "logs in by NTLM instead of Kerberos: " + choice_.why;
}

Error SmbLogin::refusal() const {
  using kerberos::Obstacle;
  const auto obstacle = failure_ ? failure_->obstacle : Obstacle::other;
  auto kind = ErrorKind::denied;
  if (obstacle == Obstacle::secret || obstacle == Obstacle::account)
    kind = ErrorKind::login_refused;
  if (obstacle == Obstacle::lack) kind = ErrorKind::exhausted;
  auto what = choice_.why;
  if (obstacle == Obstacle::no_ticket && deps_.host.credentials->is_of_process())
    what = "no credentials are configured for this host, and " + what;
  return {kind, "Kerberos: " + what, failure_ ? failure_->native : std::nullopt};
}

/// It may take NTLM, where that is allowed: the next login tries, and Kerberos has its turn again
/// after a while.
Error SmbLogin::explain(Error error) {
  constexpr std::uint32_t kMostKerberosCode = 255;
  if (choice_.way != LoginWay::kerberos) {
    if (error.kind == ErrorKind::login_refused && choice_.is_notable)
      error.what += fmt::format(" (by NTLM instead of Kerberos: {})", choice_.why);
    return error;
  }
  const bool by_kerberos =
      error.kind == ErrorKind::denied && error.native.value_or(kLogonFailure) <= kMostKerberosCode;
  if (!by_kerberos && error.kind != ErrorKind::login_refused) return error;
  if (error.native == kLogonFailure)
    error.what = fmt::format(
        "login: the host refuses the Kerberos ticket for {}: its key is another one, or it does "
        "not know the account",
        service());
  if (!failure_ && blame_of(error) == Blame::peer) {
    refused_ = error.what;
    refused_until_ = net::MonotonicClock::now() + kerberos::Tickets::kPause;
  }
  return error;
}

bool SmbLogin::tries_ntlm_next() const {
  return choice_.way == LoginWay::kerberos && net::MonotonicClock::now() < refused_until_ &&
         choose_login(facts()).way == LoginWay::ntlm;
}

Blame SmbLogin::blame_of(const Error& error) const {
  if (failure_ && failure_->obstacle == kerberos::Obstacle::secret) return Blame::secret;
  if (failure_ && failure_->obstacle == kerberos::Obstacle::account) return Blame::account;
  const auto* known =
      std::ranges::find(kBlames, error.native.value_or(0), &std::pair<std::uint32_t, Blame>::first);
  if (known != kBlames.end()) return known->second;
  return choice_.way == LoginWay::kerberos ? Blame::peer : Blame::secret;
}

bool SmbLogin::may_log_in(std::optional<logins::Pass>& pass) const {
  auto* gate = deps_.options.gate;
  if (gate == nullptr) return true;
  pass = gate->try_enter(deps_.host.name);
  return pass.has_value();
}

/// Like every other logon it passes the gate; when that is closed, the ticket must do.
net::awaitable<void> SmbLogin::renew_ticket(net::Deadline deadline) {
  if (choice_.way != LoginWay::kerberos) co_return;
  const auto of = account();
  if (!of || !deps_.options.tickets->is_due(*of)) co_return;
  std::optional<logins::Pass> pass;
  if (!may_log_in(pass)) co_return;
  const auto renewed = co_await deps_.options.tickets->renew(
      *of, std::min(deadline, net::within(deps_.options.kerberos_limit)));
  if (!pass) co_return;
  if (renewed) {
    pass->accept();
  } else if (renewed.error().obstacle == kerberos::Obstacle::secret) {
    pass->refuse(Blame::secret, renewed.error().what);
  } else if (renewed.error().obstacle == kerberos::Obstacle::account) {
    pass->refuse(Blame::account, renewed.error().what);
  }
}

std::string SmbLogin::way() const {
  if (choice_.way == LoginWay::kerberos) return "Kerberos";
  return "NTLM";
}

std::string SmbLogin::ticket() const {
  if (choice_.way != LoginWay::kerberos || ticket_.encryption.empty()) return "";
  return fmt::format("ticket for {} {}, session key {}", service(), ticket_.encryption,
                     ticket_.key_encryption);
}

std::string SmbLogin::take_notice() {
  if (notice_ == noticed_) return {};
  noticed_ = notice_;
  return notice_;
}

}  // namespace tocsin::probe
