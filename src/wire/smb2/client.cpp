#include "wire/smb2/client.h"

#include <algorithm>
#include <utility>

#include "base/try.h"
#include "wire/smb2/client_session.h"

namespace tocsin::smb2 {
namespace {

/// FILE_GENERIC_READ | FILE_GENERIC_WRITE without the right to append, as Windows opens pipes.
constexpr std::uint32_t kPipeAccess = 0x0012019F;

}  // namespace

Client::Client(ClientOptions options, RandomFill random)
    : session_(std::make_unique<Session>(
          Session{.options = std::move(options), .random = std::move(random)})) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Conversation<Result<>> Client::negotiate(Port& port) { return session_->begin(port); }
Conversation<Result<>> Client::login(Port& port, std::unique_ptr<wire::Initiator> initiator) {
  return session_->login(port, std::move(initiator));
}
Conversation<Result<>> Client::log_in_again(Port& port,
                                            std::unique_ptr<wire::Initiator> initiator) {
  return session_->log_in_again(port, std::move(initiator));
}
void Client::expect_requests(std::size_t count) { session_->exchange.expected = count; }
const Agreement& Client::agreement() const { return session_->agreement; }
bool Client::authenticated() const { return session_->exchange.channel.established(); }
bool Client::encrypted() const { return session_->exchange.encrypting; }

Conversation<Result<Pipe>> Client::open_pipe(Port& port, std::string name) {
  const CreateRequest request{
      .impersonation_level = 2,  // impersonation
      .desired_access = kPipeAccess,
      .file_attributes = 0x80,  // normal
      .share_access = 7,        // read, write, delete
      .disposition = 1,         // open, never create
      .options = 0x40,          // not a directory
      .name = name,
  };
  CO_TRY(const auto answer,
         in_context(co_await session_->ask<CreateResponse>(port, Command::create, request),
                    "open pipe " + name));
  co_return Pipe{answer.body.file};
}

Conversation<Result<Bytes>> Client::transceive(Port& port, Pipe pipe, Bytes message) {
  if (message.size() > session_->max_transact)
    co_return fail(ErrorKind::unsupported,
                   "transceive: the message is longer than the server takes");
  const auto most = std::min(session_->max_transact, kCreditUnit);
  const IoctlRequest request{
      .code = kFsctlPipeTransceive, .file = pipe.id, .input = message, .max_output = most};
  CO_TRY(auto answer,
         in_context(co_await session_->ask<IoctlResponse>(port, Command::ioctl, request,
                                                          {.sent = message.size(), .wanted = most},
                                                          Status::buffer_overflow),
                    "transceive"));
  if (answer.body.output.size() > most)
    co_return fail(ErrorKind::malformed, "transceive: the reply is longer than asked for");
  co_return std::move(answer.reply).cut(answer.body.output);
}

Conversation<Result<Bytes>> Client::read(Port& port, Pipe pipe) {
  const ReadRequest request{.length = std::min(session_->max_read, kCreditUnit), .file = pipe.id};
  CO_TRY(auto answer, in_context(co_await session_->ask<ReadResponse>(port, Command::read, request,
                                                                      {.wanted = request.length},
                                                                      Status::buffer_overflow),
                                 "read"));
  if (answer.body.data.size() > request.length)
    co_return fail(ErrorKind::malformed, "read: the reply is longer than asked for");
  co_return std::move(answer.reply).cut(answer.body.data);
}

Conversation<Result<>> Client::write(Port& port, Pipe pipe, Bytes message) {
  if (message.size() > session_->max_write)
    co_return fail(ErrorKind::unsupported, "write: the message is longer than the server takes");
  const WriteRequest request{.file = pipe.id, .data = message};
  CO_TRY(const auto answer, in_context(co_await session_->ask<WriteResponse>(
                                           port, Command::write, request, {.sent = message.size()}),
                                       "write"));
  if (answer.body.count != message.size())
    co_return fail(ErrorKind::malformed, "write: the server took a part of the message only");
  co_return Result<>{};
}

Conversation<Result<>> Client::close_pipe(Port& port, Pipe pipe) {
  const CloseRequest request{.file = pipe.id};
  CO_TRY(in_context(co_await session_->ask<CloseResponse>(port, Command::close, request),
                    "close pipe"));
  co_return Result<>{};
}

Conversation<Result<>> Client::echo(Port& port) {
  CO_TRY(in_context(co_await session_->ask<EmptyBody>(port, Command::echo, EmptyBody{}), "echo"));
  co_return Result<>{};
}

Conversation<Result<>> Client::logoff(Port& port) {
  for (const auto command : {Command::tree_disconnect, Command::logoff}) {
    CO_TRY(in_context(co_await session_->ask<EmptyBody>(port, command, EmptyBody{}), "logoff"));
    session_->exchange.tree_id = 0;
  }
  session_->exchange.channel = {};
  co_return Result<>{};
}

}  // namespace tocsin::smb2
