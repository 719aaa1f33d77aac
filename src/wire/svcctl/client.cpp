#include "wire/svcctl/client.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "base/try.h"

namespace tocsin::svcctl {
namespace {

/// Room in the buffer for about ten services that may be installed between two calls.
constexpr std::uint32_t kGrowth = 2048;

bool lacks_call(const Error& error) {
  return error.kind == ErrorKind::unsupported && error.native == dcerpc::kOpnumOutOfRange;
}

Result<> succeeded(std::uint32_t return_value, std::string_view call) {
  if (return_value == kSuccess) return {};
  return std::unexpected(win32_error(return_value, call));
}

/// What the first question for dependents offers: more than most services have.
constexpr std::uint32_t kFewDependents = 4096;

/// What the next call must offer so that the whole list fits.
std::uint32_t grown(std::uint32_t size, std::uint32_t returned, std::uint32_t needed) {
  const std::uint64_t whole = (returned > 0 ? std::uint64_t{size} : 0) + needed + kGrowth;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(whole, size + kGrowth, kMostEnumeration));
}

}  // namespace

Result<std::vector<StatusNotification>> read_notifications(Result<Bytes> stub) {
  using Request = GetNotifyResultsRequest;
  TRY(const auto reply, in_context(std::move(stub), Request::kName));
  TRY(auto response, in_context(parse<Request::Response>(reply), Request::kName));
  TRY(succeeded(response.return_value, Request::kName));
  return std::move(response.notifications);
}

Result<> Enumeration::append(Bytes stub, const EnumServicesStatusResponse& page,
                             EnumLayout layout) {
  TRY(auto services, parse_services(page.buffer, page.services_returned, layout));
  stubs_.push_back(std::move(stub));
  if (services_.empty())
    services_ = std::move(services);
  else
    std::ranges::copy(services, std::back_inserter(services_));
  return {};
}

std::size_t ListReply::size() const {
  std::size_t size = 0;
  for (const auto& page : pages_) size += page.response.services_returned;
  return size;
}

std::uint64_t ListReply::fingerprint(const HashKey& key) const {
  std::uint64_t all = 0;
  for (const auto& page : pages_) all = keyed_hash(page.stub, key, all);
  return all;
}

Result<Enumeration> ListReply::read() && {
  Enumeration list;
  for (auto& [stub, response] : pages_) {
    TRY(in_context(list.append(std::move(stub), response, layout_), call_));
  }
  return list;
}

template <typename Request>
Conversation<Result<Client::Reply<typename Request::Response>>> Client::invoke(Port& port,
                                                                               Request request) {
  CO_TRY(auto stub,
         in_context(co_await rpc_.call(port, Request::kOpnum, encode(request)), Request::kName));
  CO_TRY(auto response, in_context(parse<typename Request::Response>(stub), Request::kName));
  co_return Reply<typename Request::Response>{std::move(stub), std::move(response)};
}

template <typename Request>
Conversation<Result<Client::Reply<typename Request::Response>>> Client::ask(Port& port,
                                                                            Request request) {
  CO_TRY(auto reply, co_await invoke(port, std::move(request)));
  CO_TRY(succeeded(reply.response.return_value, Request::kName));
  co_return reply;
}

Conversation<Result<>> Client::open_manager(Port& port) {
  CO_TRY(auto reply,
         co_await ask(port, OpenScManagerRequest{.desired_access =
                                                     kManagerConnect | kManagerEnumerateService}));
  manager_ = reply.response.handle;
  co_return Result<>{};
}

Conversation<Result<Enumeration>> Client::enumerate(Port& port) {
  CO_TRY(auto reply, co_await ask_for_list(port));
  co_return std::move(reply).read();
}

Conversation<Result<ListReply>> Client::ask_for_list(Port& port) {
  if (traits_.has_enum_services_ex) {
    auto list =
        co_await ask_for_list<EnumServicesStatusExRequest>(port, EnumLayout::status_process);
    if (list || !lacks_call(list.error())) co_return list;
    traits_.has_enum_services_ex = false;
  }
  co_return co_await ask_for_list<EnumServicesStatusRequest>(port, EnumLayout::status);
}

template <typename Request>
Conversation<Result<ListReply>> Client::ask_for_list(Port& port, EnumLayout layout) {
  ListReply list(Request::kName, layout);
  Request request{.manager = manager_, .buffer_size = traits_.enumeration_size, .resume_index = 0};
  for (int calls = 0; calls < kMostListCalls; calls++) {
    CO_TRY(auto reply, co_await invoke(port, request));
    const auto page = reply.response;
    if (page.buffer.size() > request.buffer_size)
      co_return fail(ErrorKind::malformed, "a list of services that is longer than was asked for");

    const bool more = page.return_value == kMoreData || page.return_value == kInsufficientBuffer;
    if (more && request.buffer_size < kMostEnumeration) {
      // Once more from the start: a list from one call is consistent in itself.
      request.buffer_size = grown(request.buffer_size, page.services_returned, page.bytes_needed);
      continue;
    }
    if (!more) {
      CO_TRY(succeeded(page.return_value, Request::kName));
    }
    list.append(std::move(reply.stub), page);
    if (!more) {
      traits_.enumeration_size = request.buffer_size;
      co_return list;
    }
    // Longer than one call may carry.
    if (page.services_returned == 0 || page.resume_index.value_or(0) <= request.resume_index)
      co_return fail(ErrorKind::malformed, "a list of services that does not get ahead");
    request.resume_index = page.resume_index;
  }
  co_return fail(
      ErrorKind::rejected,
      "the list of services does not end: it is longer than 16 MB, or grows while it is read");
}

Conversation<Result<Handle>> Client::open_service(Port& port, std::string name,
                                                  std::uint32_t rights) {
  CO_TRY(auto reply, co_await ask(port, OpenServiceRequest{.manager = manager_,
                                                           .service_name = std::move(name),
                                                           .desired_access = rights}));
  co_return reply.response.handle;
}

Conversation<Result<ServiceStatusProcess>> Client::query_status(Port& port, Handle service) {
  auto status = traits_.has_query_status_ex ? co_await query_status_ex(port, service)
                                            : co_await query_plain_status(port, service);
  if (!status && lacks_call(status.error())) {
    traits_.has_query_status_ex = false;
    status = co_await query_plain_status(port, service);
  }
  co_return status;
}

Conversation<Result<ServiceStatusProcess>> Client::query_status_ex(Port& port, Handle service) {
  CO_TRY(auto reply, co_await ask(port, QueryServiceStatusExRequest{.service = service}));
  co_return parse<ServiceStatusProcess>(reply.response.buffer);
}

Conversation<Result<ServiceStatusProcess>> Client::query_plain_status(Port& port, Handle service) {
  CO_TRY(auto reply, co_await ask(port, QueryServiceStatusRequest{.service = service}));
  co_return ServiceStatusProcess{reply.response.status};
}

Conversation<Result<QueryServiceConfig>> Client::query_config(Port& port, Handle service) {
  CO_TRY(auto reply, co_await ask(port, QueryServiceConfigRequest{.service = service,
                                                                  .buffer_size = kMostConfig}));
  co_return std::move(reply.response.config);
}

Conversation<Result<bool>> Client::query_delayed_start(Port& port, Handle service) {
  using Request = QueryServiceConfig2Request;
  if (!traits_.has_delayed_start)
    co_return std::unexpected(win32_error(kInvalidLevel, Request::kName));
  const auto reply = co_await ask(
      port, Request{.service = service, .info_level = kDelayedAutoStartLevel, .buffer_size = 4});
  if (!reply) {
    traits_.has_delayed_start = reply.error().kind != ErrorKind::unsupported;
    co_return std::unexpected(reply.error());
  }
  ndr::Reader in(reply->response.buffer);
  const bool delayed = in.u32() != 0;
  CO_TRY(in_context(in.finish(), Request::kName));
  co_return delayed;
}

Conversation<Result<bool>> Client::query_start_trigger(Port& port, Handle service) {
  using Request = QueryServiceConfigExRequest;
  if (!traits_.has_triggers) co_return std::unexpected(win32_error(kInvalidLevel, Request::kName));
  const auto reply = co_await ask(port, Request{.service = service});
  if (!reply) {
    traits_.has_triggers = reply.error().kind != ErrorKind::unsupported;
    co_return std::unexpected(reply.error());
  }
  co_return std::ranges::any_of(reply->response.triggers, [](const ServiceTrigger& trigger) {
    return trigger.action == ServiceTrigger::kStart;
  });
}

Conversation<Result<std::vector<std::string>>> Client::dependents(Port& port, Handle service) {
  using Request = EnumDependentServicesRequest;
  Request request{.service = service, .buffer_size = kFewDependents};
  for (int calls = 0; calls < kMostListCalls; calls++) {
    CO_TRY(const auto reply, co_await invoke(port, request));
    const auto& page = reply.response;
    if (page.buffer.size() > request.buffer_size)
      co_return fail(ErrorKind::malformed, "a list of services that is longer than was asked for");
    if (page.return_value == kMoreData && request.buffer_size < kMostEnumeration) {
      request.buffer_size = grown(request.buffer_size, page.services_returned, page.bytes_needed);
      continue;
    }
    CO_TRY(succeeded(page.return_value, Request::kName));
    CO_TRY(const auto services,
           in_context(parse_services(page.buffer, page.services_returned, EnumLayout::status),
                      Request::kName));
    std::vector<std::string> names;
    names.reserve(services.size());
    for (const auto& one : services) names.push_back(from_utf16(one.service_name));
    co_return names;
  }
  co_return fail(ErrorKind::rejected, "the list of dependent services grows while it is read");
}

Conversation<Result<>> Client::start_service(Port& port, Handle service) {
  CO_TRY(co_await ask(port, StartServiceRequest{.service = service}));
  co_return Result<>{};
}

Conversation<Result<>> Client::control_service(Port& port, Handle service, Control control) {
  CO_TRY(co_await ask(port, ControlServiceRequest{.service = service, .control = control}));
  co_return Result<>{};
}

Conversation<Result<>> Client::close(Port& port, Handle handle) {
  CO_TRY(co_await ask(port, CloseServiceHandleRequest{.handle = handle}));
  co_return Result<>{};
}

Conversation<Result<NotifyHandle>> Client::register_for(Port& port, Handle handle,
                                                        std::uint32_t notify_mask) {
  using Request = NotifyServiceStatusChangeRequest;
  const auto reply = co_await ask(port, Request{.handle = handle, .notify_mask = notify_mask});
  if (!reply) co_return std::unexpected(reply.error());
  co_return reply->response.notify;
}

Conversation<bool> Client::wait_for_notifications(Port& port, NotifyHandle notify,
                                                  dcerpc::PatientCall& call) {
  return rpc_.begin(port, GetNotifyResultsRequest::kOpnum,
                    encode(GetNotifyResultsRequest{.notify = notify}), call);
}

Conversation<Result<>> Client::close_notify(Port& port, NotifyHandle notify) {
  CO_TRY(co_await ask(port, CloseNotifyHandleRequest{.notify = notify}));
  co_return Result<>{};
}

}  // namespace tocsin::svcctl
