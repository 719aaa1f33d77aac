// Trees and pipes of a server.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "wire/smb2/server_connection.h"

namespace tocsin::smb2 {
namespace {

constexpr std::size_t kMostTrees = 64;
constexpr std::size_t kMostOpens = 256;
constexpr std::uint32_t kFileAccess = 0x001F01FF;  // FILE_ALL_ACCESS
constexpr std::uint32_t kNoCaching = 0x30;
constexpr FileId kRelatedFile = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

/// Whether a READ, WRITE or IOCTL may carry so much, and was charged for it.
bool pays_for(const Header& header, std::size_t payload) {
  const std::size_t charge = std::max<std::uint16_t>(header.credit_charge, 1);
  return payload <= kMostPayload && payload <= charge * kPayloadOfCredit;
}

/// "svcctl" of "\PIPE\svcctl".
std::string pipe_name(std::string_view name) {
  if (const auto slash = name.rfind('\\'); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  return std::string(name);
}

}  // namespace

Bytes Server::Connection::connect_tree(const Request& request) {
  const auto body = TreeConnectRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (fold_case(pipe_name(body->path)) != "IPC$" || session->trees.size() >= kMostTrees)
    return refuse(request, Status::bad_network_name);
  auto numbered = request;
  numbered.header.tree_id = static_cast<std::uint32_t>(++last_id);
  session->trees.push_back(numbered.header.tree_id);
  return reply(
      numbered, Status::success,
      TreeConnectResponse{
          .share_type = kShareIsPipe, .share_flags = kNoCaching, .maximal_access = kFileAccess});
}

Bytes Server::Connection::disconnect_tree(const Request& request) {
  const auto tree = request.header.tree_id;
  std::erase(session->trees, tree);
  for (const auto& open : session->opens)
    if (open.tree == tree) cancel_waiting(open.id);
  std::erase_if(session->opens, [&](const Open& open) { return open.tree == tree; });
  return reply(request, Status::success, EmptyBody{});
}

Server::Connection::Open* Server::Connection::find_open(const Request& request, const FileId& id) {
  const bool same = (request.header.flags & kFlagRelated) != 0 && id == kRelatedFile;
  const auto found =
      std::ranges::find(session->opens, same ? last_file : id, [](const Open& o) { return o.id; });
  return found == session->opens.end() ? nullptr : &*found;
}

Bytes Server::Connection::create(const Request& request) {
  last_file = {};
  const auto body = CreateRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (session->opens.size() >= kMostOpens) return refuse(request, Status::object_name_not_found);
  auto pipe = options->open_pipe(pipe_name(body->name));
  if (!pipe) return refuse(request, Status::object_name_not_found);
  Writer id;
  id.u64(++last_id).u64(last_id);
  last_file = Reader(id.view()).array<16>();
  pipe->on_change([this] {
    if (tell_late && session && !session->waiting.empty()) tell_late();
  });
  session->opens.push_back(
      {.id = last_file, .tree = request.header.tree_id, .pipe = std::move(pipe)});
  return reply(request, Status::success,
               CreateResponse{.action = 1, .file_attributes = 0x80, .file = last_file});
}

Bytes Server::Connection::close(const Request& request) {
  const auto body = CloseRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  const auto* open = find_open(request, body->file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  cancel_waiting(open->id);
  std::erase_if(session->opens, [&](const Open& one) { return &one == open; });
  return reply(request, Status::success, CloseResponse{});
}

Bytes Server::Connection::flush(const Request& request) {
  const auto body = FlushRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (find_open(request, body->file) == nullptr) return refuse(request, Status::file_closed);
  return reply(request, Status::success, EmptyBody{});
}

Bytes Server::Connection::read(const Request& request) {
  const auto body = ReadRequest::decode(request.message);
  if (!body || !pays_for(request.header, body->length))
    return refuse(request, Status::invalid_parameter);
  const auto* open = find_open(request, body->file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  return read_or_wait({.request = request, .file = open->id, .most = body->length});
}

Bytes Server::Connection::read_or_wait(PipeRead read) {
  auto& request = read.request;
  if (!has_waiting(read.file))
    if (auto done = try_read(read)) return *std::move(done);
  if (session->waiting.size() >= kMostWaiting)
    return refuse(request, Status::insufficient_resources);
  request.async_id = ++last_id;
  auto interim = refuse(request, Status::pending);
  request.message = {};
  session->waiting.push_back(read);
  return interim;
}

std::optional<Bytes> Server::Connection::try_read(const PipeRead& read) {
  const auto& request = read.request;
  auto& pipe =
      *std::ranges::find(session->opens, read.file, [](const Open& o) { return o.id; })->pipe;
  switch (pipe.state()) {
    case PipeEnd::State::empty:
      return std::nullopt;
    case PipeEnd::State::closed:
      return refuse(request, Status::pipe_disconnected);
    case PipeEnd::State::readable:
      break;
  }
  const auto chunk = pipe.read(read.most);
  const auto status = chunk.left ? Status::buffer_overflow : Status::success;
  if (request.header.command == Command::read)
    return reply(request, status, ReadResponse{.data = chunk.bytes});
  return reply(
      request, status,
      IoctlResponse{.code = kFsctlPipeTransceive, .file = read.file, .output = chunk.bytes});
}

void Server::Connection::answer_waiting() {
  if (!session) return;
  std::vector<FileId> empty;  // whose later reads have to wait too
  std::erase_if(session->waiting, [&](const PipeRead& read) {
    if (contains(empty, read.file)) return false;
    auto done = try_read(read);
    if (!done) {
      empty.push_back(read.file);
      return false;
    }
    late.push_back(*std::move(done));
    return true;
  });
}

bool Server::Connection::has_waiting(const FileId& file) const {
  return std::ranges::find(session->waiting, file, &PipeRead::file) != session->waiting.end();
}

/// 3.3.5.16. What waits is named by its async id, or by its message id.
void Server::Connection::cancel(const Request& request) {
  const auto& header = request.header;
  const auto found = std::ranges::find_if(session->waiting, [&](const PipeRead& read) {
    return (header.flags & kFlagAsync) != 0 ? read.request.async_id == header.async_id
                                            : read.request.header.message_id == header.message_id;
  });
  if (found == session->waiting.end()) return;
  late.push_back(refuse(found->request, Status::cancelled));
  session->waiting.erase(found);
}

void Server::Connection::cancel_waiting(const FileId& file) {
  std::erase_if(session->waiting, [&](const PipeRead& read) {
    if (read.file != file) return false;
    late.push_back(refuse(read.request, Status::cancelled));
    return true;
  });
}

Bytes Server::Connection::write(const Request& request) {
  const auto body = WriteRequest::decode(request.message);
  if (!body || !pays_for(request.header, body->data.size()))
    return refuse(request, Status::invalid_parameter);
  auto* open = find_open(request, body->file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  open->pipe->write(body->data);
  return reply(request, Status::success,
               WriteResponse{.count = static_cast<std::uint32_t>(body->data.size())});
}

Result<Bytes> Server::Connection::control(const Request& request) {
  const auto body = IoctlRequest::decode(request.message);
  if (!body ||
      !pays_for(request.header, std::max<std::size_t>(body->input.size(), body->max_output)))
    return refuse(request, Status::invalid_parameter);
  switch (body->code) {
    case kFsctlPipeTransceive:
      return transceive(request, *body);
    case kFsctlValidateNegotiateInfo:
      return validate_negotiation(request, *body);
    case kFsctlPipeWait:
      return reply(request, Status::success, IoctlResponse{.code = body->code, .file = body->file});
    case kFsctlDfsGetReferrals:
    case kFsctlDfsGetReferralsEx:
      return refuse(request, Status::fs_driver_required);
    default:
      return refuse(request, Status::invalid_device_request);
  }
}

/// [MS-FSCC] 2.3.48
Bytes Server::Connection::transceive(const Request& request, const IoctlRequest& body) {
  auto* open = find_open(request, body.file);
  if (open == nullptr) return refuse(request, Status::file_closed);
  if (open->pipe->state() == PipeEnd::State::readable || has_waiting(open->id))
    return refuse(request, Status::pipe_busy);
  open->pipe->write(body.input);
  return read_or_wait({.request = request, .file = open->id, .most = body.max_output});
}

Bytes Server::Connection::query_info(const Request& request) {
  constexpr std::uint8_t kFile = 1;
  constexpr std::uint8_t kStandardInformation = 5;  // [MS-FSCC] 2.4.41
  const auto body = QueryInfoRequest::decode(request.message);
  if (!body) return refuse(request, Status::invalid_parameter);
  if (find_open(request, body->file) == nullptr) return refuse(request, Status::file_closed);
  if (body->type != kFile || body->info_class != kStandardInformation || body->output_length < 24)
    return refuse(request, Status::invalid_info_class);
  Writer out;
  out.u64(4096).u64(0).u32(1).u8(1).u8(0).u16(0);  // as Windows describes a pipe
  return reply(request, Status::success, QueryInfoResponse{.data = out.view()});
}

}  // namespace tocsin::smb2
