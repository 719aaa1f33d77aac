// The service control manager of a pretend host, as one client uses it through its pipes.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>

#include "base/bytes.h"
#include "simulate/host_model.h"
#include "simulate/mischief.h"
#include "simulate/notifications.h"
#include "wire/dcerpc/client.h"
#include "wire/dcerpc/server.h"
#include "wire/svcctl/service_list.h"

namespace tocsin::simulate {

/// The host must outlive it. What the client leaves open is closed at the end.
class ServiceControl {
 public:
  /// `group`: the association group, whose number makes its handles unlike those of others.
  explicit ServiceControl(HostModel& host, Behaviour behaviour = {}, std::uint32_t group = 1)
      : host_(host),
        group_(group),
        renames_(behaviour.mischief == Mischief::renaming),
        notifications_(host, behaviour, group) {}
  ~ServiceControl();
  ServiceControl(const ServiceControl&) = delete;
  ServiceControl& operator=(const ServiceControl&) = delete;

  /// Answers at once, but for RGetNotifyResults.
  void call(std::uint16_t opnum, BytesView stub, const dcerpc::Answer& reply);

 private:
  /// What a handle stands for.
  struct Open {
    HostModel::Service* service = nullptr;  ///< null: the manager
    std::uint32_t granted = 0;
  };
  /// A fault where the client means a handle that it does not have.
  template <typename Response>
  using Answer = std::expected<Response, dcerpc::FaultStatus>;

  dcerpc::Outcome serve(std::uint16_t opnum, BytesView stub);
  template <typename Request>
  dcerpc::Outcome serve(BytesView stub);
  Answer<svcctl::HandleResponse> answer(const svcctl::OpenScManagerRequest& request);
  Answer<svcctl::HandleResponse> answer(const svcctl::OpenServiceRequest& request);
  Answer<svcctl::HandleResponse> answer(const svcctl::CloseServiceHandleRequest& request);
  Answer<svcctl::StatusResponse> answer(const svcctl::ControlServiceRequest& request);
  Answer<svcctl::StatusResponse> answer(const svcctl::QueryServiceStatusRequest& request);
  Answer<svcctl::ReturnValueResponse> answer(const svcctl::StartServiceRequest& request);
  Answer<svcctl::QueryServiceConfigResponse> answer(
      const svcctl::QueryServiceConfigRequest& request);
  Answer<svcctl::BufferResponse> answer(const svcctl::QueryServiceConfig2Request& request);
  Answer<svcctl::QueryServiceConfigExResponse> answer(
      const svcctl::QueryServiceConfigExRequest& request);
  Answer<svcctl::BufferResponse> answer(const svcctl::QueryServiceStatusExRequest& request);
  Answer<svcctl::EnumServicesStatusResponse> answer(
      const svcctl::EnumServicesStatusRequest& request);
  Answer<svcctl::EnumServicesStatusResponse> answer(
      const svcctl::EnumServicesStatusExRequest& request);
  Answer<svcctl::EnumDependentServicesResponse> answer(
      const svcctl::EnumDependentServicesRequest& request);
  Answer<svcctl::NotifyServiceStatusChangeResponse> answer(
      const svcctl::NotifyServiceStatusChangeRequest& request);
  Answer<svcctl::CloseNotifyHandleResponse> answer(
      const svcctl::CloseNotifyHandleRequest& request) {
    return notifications_.close(request);
  }
  /// The service at this place of the list, from 1 on; a new name lives in `new_names`.
  svcctl::EnumServiceStatus entry_of(const HostModel::Service& service, std::uint32_t place,
                                     std::deque<Bytes>& new_names);
  template <typename Request>
  Answer<svcctl::EnumServicesStatusResponse> list(const Request& request,
                                                  svcctl::EnumLayout layout);
  /// Lets `body` fill in the response when the handle is of the right kind and has the right.
  template <typename Response, typename Body>
  Answer<Response> with_service(const svcctl::Handle& handle, std::uint32_t right, Body body);
  template <typename Response, typename Body>
  Answer<Response> with_manager(const svcctl::Handle& handle, std::uint32_t right, Body body);
  /// A buffer of `size` bytes that holds `content`, if it fits.
  void fill(svcctl::BufferResponse& response, std::uint32_t size, BytesView content);

  svcctl::Handle add(Open open);
  void release(const Open& open);

  HostModel& host_;
  std::uint32_t group_;
  bool renames_;
  std::map<svcctl::Handle, Open> open_;
  std::uint32_t last_handle_ = 0;
  std::uint32_t last_list_ = 0;  ///< where each has other names
  Bytes buffer_;                 ///< what the response points into
  Notifications notifications_;
};

}  // namespace tocsin::simulate
