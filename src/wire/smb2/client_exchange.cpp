#include "wire/smb2/client_exchange.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace tocsin::smb2 {
namespace {

/// One interim response is sent for a request (3.3.4.2), and oplocks are never asked for.
constexpr int kMostUnasked = 16;
/// Asked for again whenever fewer are left.
constexpr std::uint32_t kWantedCredits = 32;

}  // namespace

Result<Header> ClientExchange::next_header(Command command, Payload payload) {
  const bool before_keys = command == Command::negotiate || command == Command::session_setup;
  if (!channel.established() && !before_keys) return fail(ErrorKind::denied, "not logged in");

  const auto size = std::max({payload.sent, payload.wanted, std::size_t{1}});
  if (size > kCreditUnit && !multi_credit)
    return fail(ErrorKind::unsupported, "the server takes no messages above 64 KB");
  const auto charge = static_cast<std::uint32_t>((size - 1) / kCreditUnit + 1);
  if (credits_ < charge)
    return fail(ErrorKind::malformed, "the server has granted too few credits to go on");
  credits_ -= charge;
  return Header{
      .credit_charge = static_cast<std::uint16_t>(multi_credit ? charge : 0),
      .command = command,
      .credits = static_cast<std::uint16_t>(
          std::max(charge, kWantedCredits - std::min(credits_, kWantedCredits))),
      .message_id = std::exchange(next_message_id_, next_message_id_ + charge),
      .tree_id = tree_id,
      .session_id = session_id,
  };
}

ClientExchange::Request ClientExchange::protect(const Header& header, Bytes message) {
  Request request{
      .message = std::move(message), .command = header.command, .message_id = header.message_id};
  if (seals()) {
    channel.seal(request.message);
    request.protection = Request::Protection::encryption;
  } else if (channel.established()) {
    channel.sign(request.message);
    request.protection = Request::Protection::signature;
  }
  return request;
}

Result<std::optional<ClientExchange::Reply>> ClientExchange::accept(Bytes message,
                                                                    const Request& request) {
  Reply reply{.message = std::move(message)};
  const auto form = form_of(reply.message);
  if (form == MessageForm::sealed) {
    TRY(channel.open(reply.message));
    reply.start = kTransformSize;
  } else if (form == MessageForm::smb1) {
    return fail(ErrorKind::unsupported, "the server speaks SMB1 only");
  } else if (form == MessageForm::compressed) {
    return fail(ErrorKind::malformed, "the reply is compressed, which was not offered");
  }

  TRY(auto header, Header::decode(reply.view()));
  reply.header = header;
  if ((header.flags & kFlagResponse) == 0)
    return fail(ErrorKind::malformed, "the server sends a request instead of a reply");
  if (header.next_command != 0)
    return fail(ErrorKind::malformed, "the reply is a compound, which was not asked for");
  if (header.message_id == ~std::uint64_t{0} && header.command == Command::oplock_break)
    return std::nullopt;
  if (header.message_id != request.message_id || header.command != request.command)
    return fail(ErrorKind::malformed, "the reply belongs to another request");

  TRY(check_protection(request, reply));
  credits_ = std::min<std::uint32_t>(credits_ + header.credits, 0xFFFF);
  if (header.status == Status::pending) {
    if ((header.flags & kFlagAsync) == 0)
      return fail(ErrorKind::malformed, "the reply is pending, but not asynchronous");
    return std::nullopt;
  }
  return reply;
}

Result<> ClientExchange::check_protection(const Request& request, Reply& reply) const {
  if (request.protection == Request::Protection::none) return {};
  const auto& header = reply.header;
  const auto refuse = [&](std::string_view reason) {
    std::string text(reason);
    // What an unprotected reply says is no more than a hint for whoever reads the error.
    if (header.status != Status::success)
      text += " (it says: " + to_error(header.status).what + ")";
    return fail(ErrorKind::malformed, std::move(text));
  };
  if (header.session_id != session_id) return refuse("the reply belongs to another session");
  if (reply.sealed()) return {};
  if (request.protection == Request::Protection::encryption)
    return refuse("the reply is not encrypted, though the session is");
  // 3.2.5.1.3: interim responses are not signed; they grant credits and say nothing else.
  if (header.status == Status::pending) return {};
  if ((header.flags & kFlagSigned) == 0) return refuse("the reply is not signed");
  if (!channel.verify(reply.span())) return refuse("the reply's signature is wrong");
  return {};
}

Conversation<Result<ClientExchange::Reply>> ClientExchange::send(Port& port, Request request) {
  auto received = co_await port.exchange(std::move(request.message));
  for (int unasked = 0; unasked <= kMostUnasked; unasked++) {
    CO_TRY(auto reply, accept(std::move(received), request));
    if (reply) co_return *std::move(reply);
    received = co_await port.exchange({});
  }
  co_return fail(ErrorKind::malformed, "the server answers that it will answer, again and again");
}

}  // namespace tocsin::smb2
