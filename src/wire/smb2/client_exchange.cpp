#include "wire/smb2/client_exchange.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace tocsin::smb2 {
namespace {

/// One is sent for a request (3.3.4.2).
constexpr int kMostInterimResponses = 16;
/// Asked for again whenever fewer are left, and one more for each request that waits for its own.
constexpr std::size_t kWantedCredits = 32;
/// What Windows grants at most, unless told otherwise (3.3.1.2, <167>).
constexpr std::size_t kMostWantedCredits = 512;

}  // namespace

std::uint32_t ClientExchange::charge_for(Payload payload) {
  const auto size = std::max({payload.sent, payload.wanted, std::size_t{1}});
  return static_cast<std::uint32_t>((size - 1) / kCreditUnit + 1);
}

/// Where nothing is in flight that may still bring credits, waiting would be for ever.
bool ClientExchange::must_wait(std::uint32_t charge) const {
  return (credits_ < charge || line_.size() > 0) && in_flight_.size() > pending_;
}

Result<Header> ClientExchange::next_header(Command command, Payload payload) {
  const bool before_keys = command == Command::negotiate || command == Command::session_setup;
  if (!channel.established() && !before_keys) return fail(ErrorKind::denied, "not logged in");

  const auto charge = charge_for(payload);
  if (charge > 1 && !multi_credit)
    return fail(ErrorKind::unsupported, "the server takes no messages above 64 KB");
  if (credits_ < charge)
    return fail(ErrorKind::malformed, "the server has granted too few credits to go on");
  credits_ -= charge;
  const auto wanted =
      std::min(std::max(kWantedCredits, expected) + line_.size(), kMostWantedCredits);
  return Header{
      .credit_charge = static_cast<std::uint16_t>(multi_credit ? charge : 0),
      .command = command,
      .credits = static_cast<std::uint16_t>(
          std::max<std::size_t>(charge, wanted - std::min<std::size_t>(credits_, wanted))),
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

void ClientExchange::Sending::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  exchange_.in_flight_.insert_or_assign(
      request_.message_id,
      InFlight{.command = request_.command, .protection = request_.protection, .sending = this});
  port_.send(std::move(request_.message), exchange_);
}

Result<ClientExchange::Reply> ClientExchange::Sending::await_resume() {
  if (!outcome_) return std::unexpected(*exchange_.failure_);
  return *std::move(outcome_);
}

void ClientExchange::receive(Bytes message) {
  auto reply = open(std::move(message));
  if (!reply) return fail_all(reply.error());
  if (!*reply) return;
  auto request = match(**reply);
  if (!request) return fail_all(request.error());
  if (*request && (**request).mapped().sending != nullptr)
    (**request).mapped().sending->end(**std::move(reply));
  let_the_next_send();
}

Result<std::optional<ClientExchange::Reply>> ClientExchange::open(Bytes message) const {
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
  return reply;
}

Result<std::optional<ClientExchange::Table::node_type>> ClientExchange::match(Reply& reply) {
  const auto& header = reply.header;
  const auto found = in_flight_.find(header.message_id);
  if (found == in_flight_.end() || found->second.command != header.command)
    return fail(ErrorKind::malformed, "the reply belongs to another request");
  auto& request = found->second;
  TRY(check_protection(request, reply));
  credits_ = std::min<std::uint32_t>(credits_ + header.credits, 0xFFFF);
  const bool was_pending = request.interim_responses > 0;
  if (header.status != Status::pending) {
    if (was_pending) pending_--;
    return in_flight_.extract(found);
  }
  if ((header.flags & kFlagAsync) == 0)
    return fail(ErrorKind::malformed, "the reply is pending, but not asynchronous");
  if (++request.interim_responses > kMostInterimResponses)
    return fail(ErrorKind::malformed, "the server answers that it will answer, again and again");
  request.async_id = header.async_id;
  if (!was_pending) pending_++;
  return std::nullopt;
}

Result<> ClientExchange::check_protection(const InFlight& request, Reply& reply) const {
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

/// With what this reply has brought; or in vain, where no other will bring more.
void ClientExchange::let_the_next_send() {
  while (const auto need = line_.first_need()) {
    if (credits_ < *need && in_flight_.size() > pending_) return;
    line_.wake_first();
  }
}

void ClientExchange::abandon(Port& port, std::uint64_t message_id) {
  const auto found = in_flight_.find(message_id);
  if (found == in_flight_.end()) return;
  const auto& request = found->second;
  found->second.sending = nullptr;
  const bool pending = request.async_id != 0;
  // It takes no credit and no message id. The server looks at the one that is there; the other
  // makes the nonce of an AES-GMAC signature differ (3.1.4.1).
  const Header header{.command = Command::cancel,
                      .flags = pending ? kFlagAsync : 0,
                      .message_id = message_id,
                      .async_id = request.async_id,
                      .tree_id = tree_id,
                      .session_id = session_id};
  const std::size_t start = seals() ? kTransformSize : 0;
  Writer out;
  out.zeros(start);
  header.encode(out);
  EmptyBody{}.encode(out);
  port.send(protect(header, std::move(out).take()).message, *this);
}

void ClientExchange::fail_all(const Error& error) {
  failure_ = error;
  while (!in_flight_.empty()) {
    auto* sending = in_flight_.extract(in_flight_.begin()).mapped().sending;
    if (sending != nullptr) sending->end(std::unexpected(error));
  }
  pending_ = 0;
  line_.wake_all();
}

}  // namespace tocsin::smb2
