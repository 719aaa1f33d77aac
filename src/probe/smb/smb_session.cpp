#include "probe/smb/smb_session.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/try.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/frame.h"

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

Blame blame_of(const Error& error) {
  const auto* known =
      std::ranges::find(kBlames, error.native.value_or(0), &std::pair<std::uint32_t, Blame>::first);
  return known == kBlames.end() ? Blame::secret : known->second;
}

void conclude(logins::Pass& pass, const Result<>& login) {
  if (login) {
    pass.accept();
  } else if (login.error().kind == ErrorKind::login_refused) {
    pass.refuse(blame_of(login.error()), login.error().what);
  }
}

}  // namespace

bool is_about_service(const Error& error) {
  constexpr std::uint32_t kLargestWin32 = 0xFFFF;  // above are NTSTATUS and the faults of RPC
  const bool answer = error.kind == ErrorKind::not_found || error.kind == ErrorKind::denied ||
                      error.kind == ErrorKind::unsupported || error.kind == ErrorKind::rejected;
  return answer && error.native &&
         (*error.native <= kLargestWin32 || *error.native == dcerpc::kOpnumOutOfRange);
}

std::string_view SmbSession::dialect() const {
  switch (smb_.agreement().settled.dialect) {
    case smb2::Dialect::smb2_1:
      return "SMB 2.1";
    case smb2::Dialect::smb3_0:
      return "SMB 3.0";
    case smb2::Dialect::smb3_0_2:
      return "SMB 3.0.2";
    case smb2::Dialect::smb3_1_1:
      return "SMB 3.1.1";
  }
  return "SMB";
}

std::string SmbSession::connection() const {
  return std::string(dialect()) + (smb_.encrypted() ? ", encrypted" : ", signed");
}

SmbSession::SmbSession(Environment environment, net::TcpStream stream)
    : environment_(environment),
      stream_(std::move(stream)),
      smb_({.server_name = environment.host.address,
            .renewal = [this] { return renew(); },
            .renewed = [this](const Result<>& login) { conclude_renewal(login); }},
           environment.random),
      scm_(dcerpc::Client(smb_, pipe_)) {}

net::awaitable<Result<std::unique_ptr<SmbSession>>> SmbSession::open(Environment environment,
                                                                     svcctl::HostTraits traits,
                                                                     net::Deadline deadline) {
  CO_TRY(co_await may_log_in(environment));
  CO_TRY(auto session, co_await connect(environment, deadline));
  CO_TRY(co_await session->negotiate(deadline));
  CO_TRY(co_await session->log_in(deadline));
  const auto rest = session->login_deadline(deadline);
  CO_TRY(co_await session->open_pipe(rest));
  CO_TRY(co_await session->open_manager(traits, rest));
  co_return session;
}

net::awaitable<Result<>> SmbSession::may_log_in(Environment environment) {
  const auto& host = environment.host;
  if (!host.credentials)
    co_return fail(ErrorKind::denied, "no credentials are configured for this host");
  auto* gate = environment.options.gate;
  co_return gate == nullptr ? Result<>{} : co_await gate->check(host.name);
}

net::awaitable<Result<std::unique_ptr<SmbSession>>> SmbSession::connect(Environment environment,
                                                                        net::Deadline deadline) {
  const auto& host = environment.host;
  CO_TRY(auto stream, co_await environment.connector.connect(host.address, host.port, deadline,
                                                             environment.options.connect_limit));
  co_return std::unique_ptr<SmbSession>(new SmbSession(environment, std::move(stream)));
}

net::awaitable<Result<>> SmbSession::negotiate(net::Deadline deadline) {
  co_return co_await drive(smb_.negotiate(port_), login_deadline(deadline));
}

/// The gate comes behind the negotiation: a host that is not there delays no other.
net::awaitable<Result<>> SmbSession::log_in(net::Deadline deadline) {
  auto* gate = environment_.options.gate;
  if (gate == nullptr)
    co_return co_await drive(smb_.login(port_, initiator()), login_deadline(deadline));
  CO_TRY(auto pass, co_await gate->enter(environment_.host.name, deadline));
  auto logged_in = co_await drive(smb_.login(port_, initiator()), login_deadline(deadline));
  conclude(pass, logged_in);
  co_return logged_in;
}

net::awaitable<Result<>> SmbSession::open_pipe(net::Deadline deadline) {
  CO_TRY(auto pipe,
         in_context(co_await drive(smb_.open_pipe(port_, std::string(svcctl::kPipe)), deadline),
                    "pipe svcctl"));
  pipe_ = pipe;
  co_return Result<>{};
}

net::awaitable<Result<>> SmbSession::open_manager(svcctl::HostTraits traits,
                                                  net::Deadline deadline) {
  dcerpc::Client rpc(smb_, pipe_);
  CO_TRY(co_await drive(rpc.bind(port_, svcctl::kInterface), deadline));
  scm_ = svcctl::Client(rpc, traits);
  auto opened = co_await drive(scm_.open_manager(port_), deadline);
  if (!opened && opened.error().kind == ErrorKind::denied) {
    co_return fail(ErrorKind::denied,
                   "the account may not open the service control manager: grant it connect and "
                   "enumerate rights there (sc sdset scmanager, see docs/windows-hosts.md)",
                   opened.error().native);
  }
  co_return opened;
}

std::unique_ptr<wire::Initiator> SmbSession::initiator() const {
  // Kerberos will be chosen here, where a ticket, a keytab or a realm allows it.
  const auto& credentials = *environment_.host.credentials;
  const auto* gate = environment_.options.gate;
  auto login = ntlm::make_credentials(credentials.username,
                                      gate == nullptr ? credentials.password : gate->secret());
  login.workstation = ntlm::workstation_name(environment_.options.own_host_name);
  return ntlm::make_initiator(std::move(login), environment_.random, environment_.clock.now(),
                              "cifs/" + environment_.host.address);
}

/// Null, when now is no time to log in: then the session ends, and the next one waits its turn.
std::unique_ptr<wire::Initiator> SmbSession::renew() {
  if (auto* gate = environment_.options.gate; gate != nullptr) {
    renewal_ = gate->try_enter(environment_.host.name);
    if (!renewal_) return nullptr;
  }
  return initiator();
}

void SmbSession::conclude_renewal(const Result<>& login) {
  auto pass = std::exchange(renewal_, std::nullopt);
  if (pass) conclude(*pass, login);
}

net::awaitable<Result<>> SmbSession::send_outgoing(net::Deadline deadline) {
  const auto messages = port_.take_outgoing();
  if (messages.empty()) co_return Result<>{};
  std::size_t size = 0;
  for (const auto& message : messages) size += smb2::kFrameHeaderSize + message.size();
  Bytes framed;
  framed.reserve(size);
  for (const auto& message : messages) {
    const auto header = smb2::frame_header(message.size());
    framed.insert(framed.end(), header.begin(), header.end());
    framed.insert(framed.end(), message.begin(), message.end());
  }
  co_return co_await stream_.write(framed, deadline);
}

net::awaitable<Result<Bytes>> SmbSession::receive(net::Deadline deadline) {
  std::array<std::uint8_t, smb2::kFrameHeaderSize> header{};
  CO_TRY(co_await stream_.read(header, deadline));
  CO_TRY(const auto size, smb2::parse_frame_header(header));
  Bytes message(size);
  CO_TRY(co_await stream_.read(message, deadline));
  co_return message;
}

net::awaitable<Result<svcctl::Enumeration>> SmbSession::enumerate(net::Deadline deadline) {
  return ask(scm_.enumerate(port_), deadline);
}

net::awaitable<Result<svcctl::Handle>> SmbSession::open_service(std::string name,
                                                                net::Deadline deadline) {
  return ask(scm_.open_service(port_, std::move(name)), deadline);
}

net::awaitable<Result<svcctl::ServiceStatusProcess>> SmbSession::query_status(
    svcctl::Handle service, net::Deadline deadline) {
  return ask(scm_.query_status(port_, service), deadline);
}

net::awaitable<Result<svcctl::QueryServiceConfig>> SmbSession::query_config(
    svcctl::Handle service, net::Deadline deadline) {
  return ask(scm_.query_config(port_, service), deadline);
}

net::awaitable<Result<bool>> SmbSession::query_delayed_start(svcctl::Handle service,
                                                             net::Deadline deadline) {
  return ask(scm_.query_delayed_start(port_, service), deadline);
}

net::awaitable<Result<bool>> SmbSession::query_start_trigger(svcctl::Handle service,
                                                             net::Deadline deadline) {
  return ask(scm_.query_start_trigger(port_, service), deadline);
}

net::awaitable<Result<>> SmbSession::close_service(svcctl::Handle service, net::Deadline deadline) {
  auto closed = co_await ask(scm_.close(port_, service), deadline);
  if (closed || is_about_service(closed.error())) co_return Result<>{};
  co_return closed;
}

net::awaitable<void> SmbSession::log_off(net::Deadline deadline) {
  // Whatever it answers, the connection is closed next.
  (void)co_await ask(smb_.logoff(port_), deadline);
}

}  // namespace tocsin::probe
