#include "simulate/service_control.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::simulate {
namespace {

using namespace svcctl;

/// Rights that stand for all others: MAXIMUM_ALLOWED and the generic ones ([MS-SCMR] 3.1.4).
constexpr std::uint32_t kEverything = 0x02000000 | 0xf0000000;

constexpr std::uint32_t kControlRights = kServiceStart | kServiceStop | kServicePauseContinue;

std::uint32_t granted(std::uint32_t desired) {
  return (desired & kEverything) != 0 ? ~std::uint32_t{0} : desired;
}

std::uint32_t right_to(std::uint32_t control) {
  switch (control) {
    case kStop:
      return kServiceStop;
    case kPause:
    case kContinue:
      return kServicePauseContinue;
    default:
      return kServiceInterrogate;
  }
}

bool listed(const HostModel::Service& service, std::uint32_t types, std::uint32_t states) {
  const bool active = service.status.current_state != kStopped;
  // Services that the client may not query are left out in silence (3.1.4.11).
  return service.exists() && !service.denied && (service.status.service_type & types) != 0 &&
         (states & (active ? kActive : kInactive)) != 0;
}

bool is_of_user(const HostModel::Service& service) {
  return (service.status.service_type & kUserServiceInstance) != 0;
}

/// As long as a name may be, and in no other list.
Bytes make_name(std::uint32_t index, std::uint32_t group, std::uint32_t list) {
  constexpr std::size_t kLongestName = 256;
  auto name = fmt::format("Svc{}x{}x{}", index, group, list);
  name.resize(kLongestName, 'x');
  return to_utf16(name);
}

}  // namespace

ServiceControl::~ServiceControl() {
  for (const auto& [handle, open] : open_) release(open);
}

void ServiceControl::call(std::uint16_t opnum, BytesView stub, const dcerpc::Answer& reply) {
  if (opnum != GetNotifyResultsRequest::kOpnum || host_.push() == Push::none)
    return reply(serve(opnum, stub));
  const auto request = parse<GetNotifyResultsRequest>(stub);
  if (!request) return reply(std::unexpected(dcerpc::kBadStub));
  notifications_.wait(*request, reply);
}

dcerpc::Outcome ServiceControl::serve(std::uint16_t opnum, BytesView stub) {
  switch (opnum) {
    case CloseServiceHandleRequest::kOpnum:
      return serve<CloseServiceHandleRequest>(stub);
    case ControlServiceRequest::kOpnum:
      return serve<ControlServiceRequest>(stub);
    case QueryServiceStatusRequest::kOpnum:
      return serve<QueryServiceStatusRequest>(stub);
    case EnumDependentServicesRequest::kOpnum:
      return serve<EnumDependentServicesRequest>(stub);
    case EnumServicesStatusRequest::kOpnum:
      return serve<EnumServicesStatusRequest>(stub);
    case OpenScManagerRequest::kOpnum:
      return serve<OpenScManagerRequest>(stub);
    case OpenServiceRequest::kOpnum:
      return serve<OpenServiceRequest>(stub);
    case QueryServiceConfigRequest::kOpnum:
      return serve<QueryServiceConfigRequest>(stub);
    case StartServiceRequest::kOpnum:
      return serve<StartServiceRequest>(stub);
    case QueryServiceConfig2Request::kOpnum:
      return serve<QueryServiceConfig2Request>(stub);
    case QueryServiceStatusExRequest::kOpnum:
      return serve<QueryServiceStatusExRequest>(stub);
    case EnumServicesStatusExRequest::kOpnum:
      if (host_.old()) break;
      return serve<EnumServicesStatusExRequest>(stub);
    case QueryServiceConfigExRequest::kOpnum:
      if (host_.old()) break;
      return serve<QueryServiceConfigExRequest>(stub);
    case NotifyServiceStatusChangeRequest::kOpnum:
      if (host_.push() == Push::none) break;
      return serve<NotifyServiceStatusChangeRequest>(stub);
    case CloseNotifyHandleRequest::kOpnum:
      if (host_.push() == Push::none) break;
      return serve<CloseNotifyHandleRequest>(stub);
    default:
      break;
  }
  return std::unexpected(dcerpc::kOpnumOutOfRange);
}

template <typename Request>
dcerpc::Outcome ServiceControl::serve(BytesView stub) {
  const auto request = parse<Request>(stub);
  if (!request) return std::unexpected(dcerpc::kBadStub);
  if constexpr (!std::is_same_v<Request, CloseServiceHandleRequest>) {
    if (host_.says_shutdown())
      return encode(typename Request::Response{.return_value = kShutdownInProgress});
  }
  const auto response = answer(*request);
  if (!response) return std::unexpected(response.error());
  auto reply = encode(*response);
  buffer_ = {};  // a fleet has many clients, most of them quiet
  return reply;
}

Handle ServiceControl::add(Open open) {
  if (open.service != nullptr) HostModel::hold(*open.service);
  Writer id;
  id.zeros(4).u32(++last_handle_).u32(group_).zeros(8);
  const auto handle = Reader(id.view()).array<20>();
  open_.emplace(handle, open);
  return handle;
}

void ServiceControl::release(const Open& open) {
  if (open.service != nullptr) host_.release(*open.service);
}

template <typename Response, typename Body>
ServiceControl::Answer<Response> ServiceControl::with_service(const Handle& handle,
                                                              std::uint32_t right, Body body) {
  const auto open = open_.find(handle);
  if (open == open_.end()) return std::unexpected(dcerpc::kContextMismatch);
  Response response;
  host_.settle();
  if (open->second.service == nullptr)
    response.return_value = kInvalidHandle;
  else if ((open->second.granted & right) != right)
    response.return_value = kAccessDenied;
  else
    body(*open->second.service, response);
  return response;
}

template <typename Response, typename Body>
ServiceControl::Answer<Response> ServiceControl::with_manager(const Handle& handle,
                                                              std::uint32_t right, Body body) {
  const auto open = open_.find(handle);
  if (open == open_.end()) return std::unexpected(dcerpc::kContextMismatch);
  Response response;
  host_.settle();
  if (open->second.service != nullptr)
    response.return_value = kInvalidHandle;
  else if ((open->second.granted & right) != right)
    response.return_value = kAccessDenied;
  else
    body(response);
  return response;
}

ServiceControl::Answer<HandleResponse> ServiceControl::answer(const OpenScManagerRequest& request) {
  if (host_.manager_denied()) return HandleResponse{.return_value = kAccessDenied};
  return HandleResponse{.handle = add({.granted = granted(request.desired_access)})};
}

ServiceControl::Answer<HandleResponse> ServiceControl::answer(const OpenServiceRequest& request) {
  return with_manager<HandleResponse>(request.manager, 0, [&](HandleResponse& response) {
    auto* service = host_.find(ServiceName(request.service_name));
    if (service == nullptr)
      response.return_value = kServiceDoesNotExist;
    else if (service->denied ||
             ((request.desired_access & kControlRights) != 0 && !host_.may_control(*service)))
      response.return_value = kAccessDenied;
    else
      response.handle = add({.service = service,
                             .granted = granted(request.desired_access) &
                                        (host_.may_control(*service) ? ~0U : ~kControlRights)});
  });
}

ServiceControl::Answer<HandleResponse> ServiceControl::answer(
    const CloseServiceHandleRequest& request) {
  const auto open = open_.extract(request.handle);
  if (open.empty()) return std::unexpected(dcerpc::kContextMismatch);
  notifications_.forget(request.handle);
  release(open.mapped());
  return HandleResponse{};
}

ServiceControl::Answer<NotifyServiceStatusChangeResponse> ServiceControl::answer(
    const NotifyServiceStatusChangeRequest& request) {
  const auto open = open_.find(request.handle);
  if (open == open_.end()) return std::unexpected(dcerpc::kContextMismatch);
  host_.settle();
  const auto& [service, rights] = open->second;
  const std::uint32_t right = service == nullptr ? kManagerEnumerateService : kServiceQueryStatus;
  if ((rights & right) != right)
    return NotifyServiceStatusChangeResponse{.return_value = kAccessDenied};
  return notifications_.add(request, service);
}

ServiceControl::Answer<StatusResponse> ServiceControl::answer(
    const ControlServiceRequest& request) {
  return with_service<StatusResponse>(
      request.service, right_to(request.control),
      [&](HostModel::Service& service, StatusResponse& response) {
        response.return_value = request.control == kStop ? host_.stop_alone(service)
                                                         : host_.control(service, request.control);
        response.status = service.status;
      });
}

ServiceControl::Answer<StatusResponse> ServiceControl::answer(
    const QueryServiceStatusRequest& request) {
  return with_service<StatusResponse>(
      request.service, kServiceQueryStatus,
      [](const HostModel::Service& service, StatusResponse& response) {
        response.status = service.status;
      });
}

ServiceControl::Answer<ReturnValueResponse> ServiceControl::answer(
    const StartServiceRequest& request) {
  return with_service<ReturnValueResponse>(
      request.service, kServiceStart,
      [&](HostModel::Service& service, ReturnValueResponse& response) {
        response.return_value = host_.start_with_dependencies(service);
      });
}

ServiceControl::Answer<QueryServiceConfigResponse> ServiceControl::answer(
    const QueryServiceConfigRequest& request) {
  return with_service<QueryServiceConfigResponse>(
      request.service, kServiceQueryConfig,
      [&](const HostModel::Service& service, QueryServiceConfigResponse& response) {
        const auto& config = service.definition->config;
        // The structure in memory, and its five strings in UTF-16 (3.1.4.17).
        const auto characters = config.binary_path_name.size() + config.load_order_group.size() +
                                config.dependencies.size() + config.service_start_name.size() +
                                config.display_name.size() + 5;
        response.bytes_needed = static_cast<std::uint32_t>(36 + 2 * characters);
        if (response.bytes_needed > request.buffer_size)
          response.return_value = kInsufficientBuffer;
        else
          response.config = config;
      });
}

void ServiceControl::fill(BufferResponse& response, std::uint32_t size, BytesView content) {
  buffer_.assign(std::min(size, kMostConfig), 0);
  response.bytes_needed = static_cast<std::uint32_t>(content.size());
  if (content.size() > buffer_.size())
    response.return_value = kInsufficientBuffer;
  else
    std::ranges::copy(content, buffer_.begin());
  response.buffer = buffer_;
}

ServiceControl::Answer<BufferResponse> ServiceControl::answer(
    const QueryServiceConfig2Request& request) {
  return with_service<BufferResponse>(
      request.service, kServiceQueryConfig,
      [&](const HostModel::Service& service, BufferResponse& response) {
        if (request.info_level != kDelayedAutoStartLevel || host_.old()) {
          response.return_value = kInvalidLevel;
          return;
        }
        const Bytes delayed{service.definition->delayed_start, 0, 0, 0};
        fill(response, request.buffer_size, delayed);
      });
}

ServiceControl::Answer<QueryServiceConfigExResponse> ServiceControl::answer(
    const QueryServiceConfigExRequest& request) {
  return with_service<QueryServiceConfigExResponse>(
      request.service, kServiceQueryConfig,
      [&](const HostModel::Service& service, QueryServiceConfigExResponse& response) {
        if (request.info_level != QueryServiceConfigExRequest::kTriggerLevel) {
          response.return_value = kInvalidLevel;
          return;
        }
        constexpr std::uint32_t kNetworkEndpoint = 6;  // SERVICE_TRIGGER_TYPE_NETWORK_ENDPOINT
        if (service.definition->trigger_start)
          response.triggers = {{kNetworkEndpoint, ServiceTrigger::kStart}};
      });
}

ServiceControl::Answer<BufferResponse> ServiceControl::answer(
    const QueryServiceStatusExRequest& request) {
  return with_service<BufferResponse>(
      request.service, kServiceQueryStatus,
      [&](const HostModel::Service& service, BufferResponse& response) {
        if (request.info_level != QueryServiceStatusExRequest::kProcessLevel) {
          response.return_value = kInvalidLevel;
          return;
        }
        auto status = service.status;
        if (host_.old()) status.process_id = 0;
        fill(response, request.buffer_size, encode(status));
      });
}

ServiceControl::Answer<EnumServicesStatusResponse> ServiceControl::answer(
    const EnumServicesStatusRequest& request) {
  return list(request, EnumLayout::status);
}

ServiceControl::Answer<EnumServicesStatusResponse> ServiceControl::answer(
    const EnumServicesStatusExRequest& request) {
  return list(request, EnumLayout::status_process);
}

EnumServiceStatus ServiceControl::entry_of(const HostModel::Service& service, std::uint32_t place,
                                           std::deque<Bytes>& new_names) {
  EnumServiceStatus entry{.service_name = service.definition->utf16_name,
                          .display_name = service.definition->utf16_display_name,
                          .status = service.status};
  if (place == 1) last_list_++;
  if (renames_ && is_of_user(service)) {
    entry.service_name = new_names.emplace_back(make_name(place, group_, last_list_));
    entry.display_name = {};
    entry.status.service_type = kWin32OwnProcess;
  }
  return entry;
}

ServiceControl::Answer<EnumDependentServicesResponse> ServiceControl::answer(
    const EnumDependentServicesRequest& request) {
  constexpr auto kLayout = EnumLayout::status;
  if (request.buffer_size > kMostEnumeration) return std::unexpected(dcerpc::kBadStub);
  return with_service<EnumDependentServicesResponse>(
      request.service, kServiceEnumerateDependents,
      [&](const HostModel::Service& of, EnumDependentServicesResponse& response) {
        std::vector<EnumServiceStatus> page;
        std::size_t used = 0;
        for (const auto* service : host_.active_dependents(of)) {
          page.push_back({.service_name = service->definition->utf16_name,
                          .display_name = service->definition->utf16_display_name,
                          .status = service->status});
          used += encoded_size(page.back(), kLayout);
        }
        if (used > request.buffer_size) {
          page.clear();
          response.bytes_needed = static_cast<std::uint32_t>(used);
          response.return_value = kMoreData;
        }
        buffer_ = encode_services(page, kLayout, request.buffer_size);
        response.buffer = buffer_;
        response.services_returned = static_cast<std::uint32_t>(page.size());
      });
}

template <typename Request>
ServiceControl::Answer<EnumServicesStatusResponse> ServiceControl::list(const Request& request,
                                                                        EnumLayout layout) {
  if (request.buffer_size > kMostEnumeration) return std::unexpected(dcerpc::kBadStub);
  return with_manager<EnumServicesStatusResponse>(
      request.manager, kManagerEnumerateService, [&](EnumServicesStatusResponse& response) {
        const std::uint32_t first = request.resume_index.value_or(0);
        std::uint32_t index = 0;
        std::uint32_t next = 0;
        std::size_t used = 0;
        std::vector<EnumServiceStatus> page;
        std::deque<Bytes> new_names;
        for (const auto& service : host_.services()) {
          if (!listed(service, request.service_type, request.service_state)) continue;
          if (index++ < first) continue;
          const auto one = entry_of(service, index, new_names);
          const auto size = encoded_size(one, layout);
          if (response.bytes_needed == 0 && used + size <= request.buffer_size) {
            used += size;
            page.push_back(one);
          } else {
            if (response.bytes_needed == 0) next = index - 1;
            response.bytes_needed += static_cast<std::uint32_t>(size);
          }
        }
        buffer_ = encode_services(page, layout, request.buffer_size);
        response.buffer = buffer_;
        response.services_returned = static_cast<std::uint32_t>(page.size());
        if (request.resume_index) response.resume_index = next;
        if (response.bytes_needed > 0) response.return_value = kMoreData;
      });
}

}  // namespace tocsin::simulate
