#include "wire/smb2/server.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/try.h"
#include "wire/smb2/server_connection.h"

namespace tocsin::smb2 {
namespace {

bool known_while_expired(Command command) {  // 3.3.5.2.9
  return command == Command::session_setup || command == Command::logoff ||
         command == Command::close || command == Command::cancel;
}

}  // namespace

Result<std::vector<Bytes>> Server::Connection::handle(BytesView received) {
  std::vector<Bytes> replies;
  const auto form = form_of(received);
  if (form == MessageForm::smb1) {
    TRY(auto greeting, greet_smb1(received));
    replies.push_back(std::move(greeting));
    return replies;
  }
  auto copy = to_bytes(received);
  std::span<std::uint8_t> rest(copy);
  if (form == MessageForm::sealed) {
    if (!session) return fail(ErrorKind::malformed, "encrypted message before the login");
    TRY(session->channel.open(rest));
    rest = rest.subspan(kTransformSize);
  }
  // A related request goes on with session, tree and file of the one before (3.3.5.2.7.2).
  Header previous;
  while (!rest.empty()) {
    TRY(auto header, Header::decode(rest));
    const auto next = header.next_command;
    if (next != 0 && (next < kHeaderSize || next % 8 != 0 || next >= rest.size()))
      return fail(ErrorKind::malformed, "the next request of the compound lies outside of it");
    if ((header.flags & kFlagRelated) != 0) {
      header.session_id = previous.session_id;
      header.tree_id = previous.tree_id;
    }
    previous = header;
    TRY(auto reply, answer({.header = header,
                            .message = next == 0 ? rest : rest.first(next),
                            .sealed = form == MessageForm::sealed}));
    if (!reply.empty()) replies.push_back(std::move(reply));
    rest = next == 0 ? std::span<std::uint8_t>{} : rest.subspan(next);
  }
  answer_waiting();
  std::ranges::move(std::exchange(late, {}), std::back_inserter(replies));
  return replies;
}

Result<Bytes> Server::Connection::answer(const Request& request) {
  const auto& header = request.header;
  if ((header.flags & kFlagResponse) != 0)
    return fail(ErrorKind::malformed, "the client sends a reply instead of a request");
  const bool cancels = header.command == Command::cancel;  // without a message id of its own
  if (!cancels && !credits.spend(header.message_id, header.credit_charge))
    return fail(ErrorKind::malformed, "the client sends a request without a credit for it");
  if (header.command == Command::negotiate) return negotiate(request);
  if (!settled) return fail(ErrorKind::malformed, "request before the negotiation");
  const bool logged_in = session && session->channel.established();
  const bool ours = session && header.session_id == session->id;
  // A compound may have ended the session that encrypted it.
  if (request.sealed && !(ours && logged_in))
    return fail(ErrorKind::malformed, "encrypted request of no session");
  if (header.command == Command::session_setup && !(ours && logged_in))
    return setup_session(request);
  const auto deny = [&](Status status) { return cancels ? Bytes{} : refuse(request, status); };
  if (!ours || !logged_in) return deny(Status::user_session_deleted);

  if (!request.sealed) {
    if ((header.flags & kFlagSigned) == 0) return deny(Status::access_denied);
    if (!session->channel.verify(request.message))
      return fail(ErrorKind::malformed, "the request's signature is wrong");
    if (options->encrypt_data) return deny(Status::access_denied);
  }
  if (session->expired && !known_while_expired(header.command))
    return refuse(request, Status::network_session_expired);
  return dispatch(request);
}

Result<Bytes> Server::Connection::dispatch(const Request& request) {
  switch (request.header.command) {
    case Command::session_setup:
      return setup_session(request);
    case Command::logoff:
      return log_off(request);
    case Command::tree_connect:
      return connect_tree(request);
    case Command::echo:
      return reply(request, Status::success, EmptyBody{});
    case Command::cancel:
      cancel(request);
      return Bytes{};
    default:
      break;
  }
  if (!contains(session->trees, request.header.tree_id))
    return refuse(request, Status::network_name_deleted);
  switch (request.header.command) {
    case Command::tree_disconnect:
      return disconnect_tree(request);
    case Command::create:
      return create(request);
    case Command::close:
      return close(request);
    case Command::flush:
      return flush(request);
    case Command::read:
      return read(request);
    case Command::write:
      return write(request);
    case Command::ioctl:
      return control(request);
    case Command::query_info:
      return query_info(request);
    default:
      return refuse(request, Status::not_supported);
  }
}

Bytes Server::Connection::log_off(const Request& request) {
  for (const auto& open : session->opens) cancel_waiting(open.id);
  auto bytes = reply(request, Status::success, EmptyBody{});
  session.reset();
  return bytes;
}

Server::Server(std::shared_ptr<const ServerOptions> options, RandomFill random)
    : connection_(std::make_unique<Connection>(
          Connection{.options = std::move(options), .random = std::move(random)})) {}
Server::~Server() = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;

Result<std::vector<Bytes>> Server::handle(BytesView message) {
  return connection_->handle(message);
}

std::vector<Bytes> Server::late_replies() {
  connection_->answer_waiting();
  return std::exchange(connection_->late, {});
}

void Server::on_late_replies(std::function<void()> tell) {
  connection_->tell_late = std::move(tell);
}

void Server::expire_session() {
  if (connection_->session) connection_->session->expired = true;
}

}  // namespace tocsin::smb2
