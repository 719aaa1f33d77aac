// What is behind smb2::Client: the state of its session, and the steps of its login.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "wire/smb2/client.h"
#include "wire/smb2/client_exchange.h"
#include "wire/smb2/negotiate.h"

namespace tocsin::smb2 {

struct Client::Session {
  using Request = ClientExchange::Request;
  using Reply = ClientExchange::Reply;
  /// Whether the server leaves encryption to us.
  enum class Encryption : std::uint8_t { possible, demanded };
  /// What was settled before the login, for it and for the check afterwards.
  struct Negotiation {
    ValidateNegotiateRequest asked{};
    ValidateNegotiateResponse answered{};
    PreauthHash preauth{};
  };
  /// A reply with its body, whose views point into it.
  template <typename Body>
  struct Answer {
    Reply reply;
    Body body;
  };

  ClientOptions options;
  RandomFill random;

  ClientExchange exchange{};
  Agreement agreement{};
  std::uint32_t max_transact = 0;
  std::uint32_t max_read = 0;
  std::uint32_t max_write = 0;
  std::optional<Negotiation> begun{};  ///< from negotiate() to login()

  /// Of the session, when it expires.
  struct Renewal {
    bool running = false;
    std::uint64_t count = 0;
    Result<bool> outcome{};  ///< of the last one
    WaitingLine line{};      ///< for its end
  } renewal{};

  /// Everything but options and randomness as it is on a new connection.
  void reset() { *this = Session{.options = std::move(options), .random = std::move(random)}; }

  [[nodiscard]] bool knows_smb3() const {
    return std::ranges::any_of(options.dialects, [](auto d) { return d > Dialect::smb2_1; });
  }
  [[nodiscard]] NegotiateRequest make_negotiate_request(BytesView salt) const;
  Result<> accept_negotiation(const NegotiateRequest& asked, const NegotiateResponse& answer);
  Result<> choose_from_contexts(const NegotiateContexts& contexts);
  Result<> use_keys(wire::Initiator& initiator, Reply& reply, const PreauthHash& preauth);
  Result<> accept_session(wire::Initiator& initiator, Reply& reply, const PreauthHash& preauth);
  Result<> choose_encryption(Encryption wish);

  /// The reply to a request, whatever its status. Logs in again where the session has expired.
  template <typename Body>
  Conversation<Result<Reply>> call(Port& port, Command command, const Body& body,
                                   Payload payload = {});
  /// The same with a status of success or `also`; any other is an error.
  template <typename Response, typename Body>
  Conversation<Result<Answer<Response>>> ask(Port& port, Command command, const Body& body,
                                             Payload payload = {}, Status also = Status::success);

  Conversation<Result<Negotiation>> negotiate(Port& port);
  Conversation<Result<>> begin(Port& port);
  Conversation<Result<>> authenticate(Port& port, wire::Initiator& initiator, Bytes token,
                                      PreauthHash preauth);
  Conversation<Result<>> log_in_again(Port& port, std::unique_ptr<wire::Initiator> initiator);
  /// Logs in again where the session has expired, once for all requests that were refused for it.
  /// False: it is no time to.
  Conversation<Result<bool>> renew(Port& port);
  Conversation<Result<>> connect_tree(Port& port);
  Conversation<Result<>> validate_negotiation(Port& port, const Negotiation& negotiation);
  Conversation<Result<>> login(Port& port, std::unique_ptr<wire::Initiator> initiator);
};

template <typename Body>
Conversation<Result<ClientExchange::Reply>> Client::Session::call(Port& port, Command command,
                                                                  const Body& body,
                                                                  Payload payload) {
  co_await exchange.credits_for(payload);
  const auto renewals = renewal.count;
  CO_TRY(auto request, exchange.prepare(command, body, payload));
  CO_TRY(auto reply, co_await exchange.send(port, std::move(request)));
  if (reply.header.status != Status::network_session_expired || !options.renewal) co_return reply;
  if (renewals == renewal.count) {  // else another request has seen to it
    CO_TRY(const bool renewed, co_await renew(port));
    if (!renewed) co_return reply;
  }
  // The server has not read the request, so the same one is right once more.
  co_await exchange.credits_for(payload);
  CO_TRY(auto repeated, exchange.prepare(command, body, payload));
  co_return co_await exchange.send(port, std::move(repeated));
}

template <typename Response, typename Body>
Conversation<Result<Client::Session::Answer<Response>>> Client::Session::ask(
    Port& port, Command command, const Body& body, Payload payload, Status also) {
  CO_TRY(auto reply, co_await call(port, command, body, payload));
  CO_TRY(auto response, read_reply<Response>(reply, also));
  co_return Answer<Response>{std::move(reply), std::move(response)};
}

}  // namespace tocsin::smb2
