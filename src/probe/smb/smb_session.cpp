#include "probe/smb/smb_session.h"

#include <array>

#include "wire/ntlm/ntlm.h"
#include "wire/smb2/frame.h"

namespace tocsin::probe {

SmbSession::SmbSession(Environment environment, net::TcpStream stream)
    : environment_(environment),
      stream_(std::move(stream)),
      smb_({.server_name = environment.host.address, .renewal = [this] { return initiator(); }},
           environment.random),
      scm_(dcerpc::Client(smb_, pipe_)) {}

net::awaitable<Result<std::unique_ptr<SmbSession>>> SmbSession::open(Environment environment,
                                                                     svcctl::HostTraits traits,
                                                                     net::Deadline deadline) {
  if (!environment.host.credentials) {
    co_return fail(Kind::denied, "no credentials are configured for this host");
  }
  auto stream = co_await environment.connector.connect(
      environment.host.address, environment.host.port,
      std::min(deadline, net::within(environment.options.connect_limit)));
  if (!stream) co_return fail(std::move(stream));
  std::unique_ptr<SmbSession> session(new SmbSession(environment, *std::move(stream)));
  auto ready = co_await session->log_in(
      traits, std::min(deadline, net::within(environment.options.login_limit)));
  if (!ready) co_return fail(std::move(ready));
  co_return session;
}

net::awaitable<Result<>> SmbSession::log_in(svcctl::HostTraits traits, net::Deadline deadline) {
  auto logged_in = co_await drive(smb_.login(port_, initiator()), deadline);
  if (!logged_in) co_return logged_in;
  auto pipe = co_await drive(smb_.open_pipe(port_, std::string(svcctl::kPipe)), deadline);
  if (!pipe) co_return fail(std::move(pipe), "pipe svcctl");
  pipe_ = *pipe;
  dcerpc::Client rpc(smb_, pipe_);
  auto bound = co_await drive(rpc.bind(port_, svcctl::kInterface), deadline);
  if (!bound) co_return bound;
  scm_ = svcctl::Client(rpc, traits);
  auto opened = co_await drive(scm_.open_manager(port_), deadline);
  if (!opened && opened.error().kind == Kind::denied) {
    co_return fail(Kind::denied,
                   "the account may not open the service control manager: grant it connect and "
                   "enumerate rights there (sc sdset scmanager, see docs/windows-hosts.md)",
                   opened.error().native);
  }
  co_return opened;
}

std::unique_ptr<wire::Initiator> SmbSession::initiator() const {
  // Kerberos will be chosen here, where a ticket, a keytab or a realm allows it.
  const auto& credentials = *environment_.host.credentials;
  auto login = ntlm::make_credentials(credentials.username, credentials.password);
  login.workstation = ntlm::workstation_name(environment_.options.own_host_name);
  return ntlm::make_initiator(std::move(login), environment_.random, environment_.clock.now(),
                              "cifs/" + environment_.host.address);
}

net::awaitable<Result<>> SmbSession::send(BytesView message, net::Deadline deadline) {
  const auto header = smb2::frame_header(message.size());
  Bytes framed;
  framed.reserve(header.size() + message.size());
  framed.insert(framed.end(), header.begin(), header.end());
  framed.insert(framed.end(), message.begin(), message.end());
  co_return co_await stream_.write(framed, deadline);
}

net::awaitable<Result<Bytes>> SmbSession::receive(net::Deadline deadline) {
  std::array<std::uint8_t, smb2::kFrameHeaderSize> header{};
  if (auto got = co_await stream_.read(header, deadline); !got) co_return fail(std::move(got));
  const auto size = smb2::parse_frame_header(header);
  if (!size) co_return std::unexpected(size.error());
  Bytes message(*size);
  if (auto got = co_await stream_.read(message, deadline); !got) co_return fail(std::move(got));
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
  return ask(scm_.close(port_, service), deadline);
}

net::awaitable<void> SmbSession::log_off(net::Deadline deadline) {
  // Whatever it answers, the connection is closed next.
  (void)co_await ask(smb_.logoff(port_), deadline);
}

}  // namespace tocsin::probe
