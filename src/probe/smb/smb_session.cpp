#include "probe/smb/smb_session.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/try.h"
#include "probe/scm_terms.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/frame.h"

namespace tocsin::probe {

/// Of each service a write and a read.
constexpr std::size_t kRequestsOfBatch = 2 * svcctl::DetailsBatch::kLargest;

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
  return std::string(dialect()) + (smb_.encrypted() ? ", encrypted, " : ", signed, ") +
         environment_.login.way();
}

SmbSession::SmbSession(Environment environment, net::TcpStream stream)
    : environment_(environment),
      stream_(std::move(stream)),
      smb_({.server_name = server_name_of(environment.host),
            .renewal = [this] { return renew(); },
            .renewed = [this](const Result<>& login) { conclude_renewal(login); }},
           environment.random),
      scm_(dcerpc::Client(smb_, pipe_)) {}

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

/// Over a connection of its own, which a login that is left half way is of no use to.
net::awaitable<Result<>> SmbSession::ask_names(Environment environment, net::Deadline deadline) {
  CO_TRY(auto session, co_await connect(environment, deadline));
  CO_TRY(co_await session->negotiate(deadline));
  std::optional<ntlm::HostNames> names;
  auto question = ntlm::make_question([&names](ntlm::HostNames told) { names = std::move(told); });
  const auto ended = co_await session->drive(
      session->smb_.login(session->port_, std::move(question)), session->login_deadline(deadline));
  // One that has no NTLM does not say.
  if (!names && !ended && ended.error().kind == ErrorKind::unsupported) names.emplace();
  if (!names && !ended) co_return ended;
  environment.login.answer_names(std::move(names).value_or(ntlm::HostNames{}));
  co_return Result<>{};
}

net::awaitable<Result<std::unique_ptr<SmbSession>>> SmbSession::open(Environment environment,
                                                                     svcctl::HostTraits traits,
                                                                     net::Deadline deadline) {
  CO_TRY(co_await prepare_login(environment, deadline));
  CO_TRY(auto session, co_await connect(environment, deadline));
  CO_TRY(co_await session->negotiate(deadline));
  CO_TRY(co_await session->log_in(deadline));
  const auto rest = session->login_deadline(deadline);
  CO_TRY(co_await session->open_pipe(rest));
  CO_TRY(co_await session->open_manager(traits, rest));
  co_return session;
}

net::awaitable<Result<>> SmbSession::prepare_login(Environment environment,
                                                   net::Deadline deadline) {
  const auto& host = environment.host;
  if (!host.credentials)
    co_return fail(ErrorKind::denied, "no credentials are configured for this host");
  if (auto* gate = environment.options.gate; gate != nullptr) {
    CO_TRY(co_await gate->check(host.name));
  }
  if (environment.login.needs_names()) co_return co_await ask_names(environment, deadline);
  co_return Result<>{};
}

/// The gate comes behind the negotiation: a host that is not there delays no other. What the KDC
/// refuses is a logon like any other.
net::awaitable<Result<>> SmbSession::log_in(net::Deadline deadline) {
  auto* gate = environment_.options.gate;
  if (gate == nullptr) co_return co_await log_in_once(login_deadline(deadline));
  CO_TRY(auto pass, co_await gate->enter(environment_.host.name, deadline));
  auto logged_in = co_await log_in_once(login_deadline(deadline));
  conclude(pass, logged_in);
  co_return logged_in;
}

net::awaitable<Result<>> SmbSession::log_in_once(net::Deadline deadline) {
  CO_TRY(auto initiator, co_await environment_.login.initiator(deadline));
  auto logged_in = co_await drive(smb_.login(port_, std::move(initiator)), deadline);
  if (!logged_in) co_return std::unexpected(environment_.login.explain(logged_in.error()));
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
  multiplexes_ = traits.multiplexes;
  auto opened = co_await drive(scm_.open_manager(port_), deadline);
  if (!opened && opened.error().kind == ErrorKind::denied && is_about_service(opened.error())) {
    co_return fail(ErrorKind::denied,
                   "the account may not open the service control manager: grant it connect and "
                   "enumerate rights there (sc.exe sdset scmanager, see docs/windows-hosts.md)",
                   opened.error().native);
  }
  co_return opened;
}

net::awaitable<Result<>> SmbSession::stay_logged_in(net::Deadline deadline) {
  if (!environment_.login.is_ageing()) co_return Result<>{};
  std::optional<logins::Pass> pass;
  if (!environment_.login.may_log_in(pass)) co_return Result<>{};
  auto initiator = co_await environment_.login.fresh_initiator(deadline);
  if (!initiator) co_return Result<>{};  // the ticket of the session is still good
  const auto logged_in =
      co_await drive(smb_.log_in_again(port_, std::move(initiator)), login_deadline(deadline));
  if (pass) conclude(*pass, logged_in);
  co_return logged_in;
}

/// Null, when now is no time to log in: then the session ends, and the next one waits its turn.
std::unique_ptr<wire::Initiator> SmbSession::renew() {
  auto initiator = environment_.login.renewed_initiator();
  if (!initiator || !environment_.login.may_log_in(renewal_)) return nullptr;
  return initiator;
}

void SmbSession::conclude(logins::Pass& pass, const Result<>& login) const {
  if (login) {
    pass.accept();
  } else if (login.error().kind == ErrorKind::login_refused &&
             !environment_.login.tries_ntlm_next()) {
    pass.refuse(environment_.login.blame_of(login.error()), login.error().what);
  }
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
  return stream_.read_message({smb2::kFrameHeaderSize, smb2::parse_frame_header}, deadline);
}

net::awaitable<Result<svcctl::Enumeration>> SmbSession::enumerate(net::Deadline deadline) {
  return ask(scm_.enumerate(port_), deadline);
}

net::awaitable<Result<svcctl::ListReply>> SmbSession::ask_for_list(net::Deadline deadline) {
  return ask(scm_.ask_for_list(port_), deadline);
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

net::awaitable<Result<svcctl::Handle>> SmbSession::open_service(std::string name,
                                                                std::uint32_t rights,
                                                                net::Deadline deadline) {
  return ask(scm_.open_service(port_, std::move(name), rights), deadline);
}

net::awaitable<Result<>> SmbSession::start_service(svcctl::Handle service, net::Deadline deadline) {
  return drive(scm_.start_service(port_, service), deadline);
}

net::awaitable<Result<>> SmbSession::control_service(svcctl::Handle service,
                                                     svcctl::Control control,
                                                     net::Deadline deadline) {
  return drive(scm_.control_service(port_, service, control), deadline);
}

net::awaitable<Result<std::vector<std::string>>> SmbSession::dependents(svcctl::Handle service,
                                                                        net::Deadline deadline) {
  return ask(scm_.dependents(port_, service), deadline);
}

net::awaitable<Result<>> SmbSession::close_service(svcctl::Handle service, net::Deadline deadline) {
  auto closed = co_await ask(scm_.close(port_, service), deadline);
  if (closed || is_about_service(closed.error())) co_return Result<>{};
  co_return closed;
}

net::awaitable<Result<svcctl::Client*>> SmbSession::batches(net::Deadline deadline) {
  prepare_batches();
  if (preparing_) {
    const auto until = std::min(deadline, net::within(environment_.options.call_limit));
    const auto prepared = co_await go_on(*preparing_, until);
    preparing_.reset();
    if (!prepared) co_return prepared;
  }
  co_return multiplexes_ ? &batches_->scm() : nullptr;
}

void SmbSession::prepare_batches() {
  if (batches_ || preparing_ || !multiplexes_) return;
  smb_.expect_requests(kRequestsOfBatch);
  preparing_.emplace(open_batches());
  preparing_->start();
}

Conversation<Result<svcctl::Client*>> SmbSession::open_batches() {
  batches_.emplace(smb_, scm_.traits(), dcerpc::Calls::any_number);
  if (const auto opened = co_await batches_->open(port_); !opened) {
    CO_TRY(co_await batches_->close(port_));
    co_return refused(opened.error());
  }
  CO_TRY(co_await batches_->open_manager(port_));
  co_return &batches_->scm();
}

/// What the host has said to it leaves the session sound.
Result<svcctl::Client*> SmbSession::refused(const Error& error) {
  const bool answered = error.native.has_value() || error.kind == ErrorKind::unsupported;
  if (!answered || is_shutdown(error)) return std::unexpected(error);
  multiplexes_ = false;
  return nullptr;
}

net::awaitable<Result<>> SmbSession::read_batch(svcctl::DetailsBatch& batch,
                                                std::chrono::milliseconds pause,
                                                net::Deadline deadline) {
  return drive(batch.read(port_), deadline, pause);
}

net::awaitable<Result<>> SmbSession::listen_to(std::span<const ObservedService> services,
                                               net::Deadline deadline) {
  if (!listener_) {
    CO_TRY(auto* scm, co_await batches(deadline));
    if (scm != nullptr)
      listener_.emplace(*scm, port_);
    else
      listener_.emplace(smb_, scm_.traits(), port_);
  }
  listener_->listen_to(services);
  co_return co_await send_outgoing(deadline);
}

net::awaitable<Result<>> SmbSession::listen(net::Deadline deadline, const bool& is_stopped) {
  const auto limit = environment_.options.call_limit;
  // What waited for credits that came with the last reply.
  CO_TRY(co_await send_outgoing(net::within(limit)));
  while (!listener_->has_news() && !is_stopped) {
    CO_TRY(const bool readable, co_await stream_.wait_readable(deadline));
    if (!readable) co_return Result<>{};
    CO_TRY(auto message, co_await receive(net::within(limit)));
    port_.deliver(std::move(message));
    listener_->begin_more();
    // At once, also where there is news: a change that follows is not told before.
    CO_TRY(co_await send_outgoing(net::within(limit)));
  }
  co_return Result<>{};
}

net::awaitable<Result<PushOffer>> SmbSession::ask_for_push(std::string service,
                                                           net::Deadline deadline) {
  CO_TRY(auto* scm, co_await batches(deadline));
  if (scm != nullptr)
    co_return co_await ask(probe::ask_for_push(*scm, port_, std::move(service)), deadline);
  SmbPipe pipe(smb_, scm_.traits(), dcerpc::Calls::one_at_a_time);
  co_return co_await ask(probe::ask_for_push(pipe, port_, std::move(service)), deadline);
}

net::awaitable<Result<>> SmbSession::echo(net::Deadline deadline) {
  return ask(smb_.echo(port_), deadline);
}

svcctl::HostTraits SmbSession::traits() const {
  auto traits = scm_.traits();
  if (batches_) traits.learn(batches_->traits());
  traits.multiplexes = multiplexes_;
  return traits;
}

net::awaitable<void> SmbSession::log_off(net::Deadline deadline) {
  // Whatever it answers, the connection is closed next.
  (void)co_await ask(smb_.logoff(port_), deadline);
}

}  // namespace tocsin::probe
