// The calls of the Service Control Manager Remote Protocol as stubs, both ways. [MS-SCMR] 3.1.4
//
// Every message lists its fields once, for ndr::Reader and ndr::Writer alike; where pointers stand
// between them, once for each. encode() and parse() below put them to use. A request names its
// opnum and the type of its response.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/try.h"
#include "wire/dcerpc/ndr.h"
#include "wire/dcerpc/pdu.h"
#include "wire/svcctl/terms.h"

namespace tocsin::svcctl {

/// 367abb81-9844-35f1-ad32-98f038001003 version 2
inline constexpr dcerpc::SyntaxId kInterface{{0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad,
                                              0x32, 0x98, 0xf0, 0x38, 0x00, 0x10, 0x03},
                                             2};
inline constexpr std::string_view kPipe = "svcctl";

/// SC_RPC_HANDLE
using Handle = std::array<std::uint8_t, 20>;

/// SERVICE_STATUS (2.2.47)
struct ServiceStatus {
  std::uint32_t service_type = 0;
  /// A CurrentState, if has_valid_state(): Samba says 0 of a service that it cannot ask.
  std::uint32_t current_state = kStopped;
  std::uint32_t controls_accepted = 0;
  std::uint32_t win32_exit_code = 0;
  std::uint32_t service_specific_exit_code = 0;
  std::uint32_t check_point = 0;
  std::uint32_t wait_hint = 0;  ///< milliseconds

  [[nodiscard]] bool has_valid_state() const;
  void fields(this auto& self, auto& io) {
    io(self.service_type, self.current_state, self.controls_accepted, self.win32_exit_code,
       self.service_specific_exit_code, self.check_point, self.wait_hint);
  }
  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
};

/// SERVICE_STATUS_PROCESS (2.2.49)
struct ServiceStatusProcess : ServiceStatus {
  std::uint32_t process_id = 0;
  std::uint32_t service_flags = 0;

  void fields(this auto& self, auto& io) {
    self.ServiceStatus::fields(io);
    io(self.process_id, self.service_flags);
  }
  friend bool operator==(const ServiceStatusProcess&, const ServiceStatusProcess&) = default;
};

/// QUERY_SERVICE_CONFIGW (2.2.15), in UTF-8; a string that the server left out is empty.
struct QueryServiceConfig {
  std::uint32_t service_type = 0;
  std::uint32_t start_type = 0;
  std::uint32_t error_control = 0;
  std::string binary_path_name;
  std::string load_order_group;
  std::uint32_t tag_id = 0;
  std::string dependencies;  ///< each followed by '/'; a group starts with '+'
  std::string service_start_name;
  std::string display_name;

  /// "RpcSs/+TDI/" -> RpcSs, +TDI
  [[nodiscard]] std::vector<std::string> dependency_names() const;
  friend bool operator==(const QueryServiceConfig&, const QueryServiceConfig&) = default;
};

/// Where a response is nothing but the return value.
struct ReturnValueResponse {
  std::uint32_t return_value = 0;

  void fields(this auto& self, auto& io) { io(self.return_value); }
};

struct HandleResponse {
  Handle handle{};
  std::uint32_t return_value = 0;

  void fields(this auto& self, auto& io) { io(self.handle, self.return_value); }
};

struct StatusResponse {
  ServiceStatus status;
  std::uint32_t return_value = 0;

  void fields(this auto& self, auto& io) { io(self.status, self.return_value); }
};

/// A buffer of exactly the size that was asked for, whatever it holds.
struct BufferResponse {
  BytesView buffer;  ///< a view into the stub
  std::uint32_t bytes_needed = 0;
  std::uint32_t return_value = 0;

  void fields(this auto& self, auto& io) { io(self.buffer, self.bytes_needed, self.return_value); }
};

struct EnumServicesStatusResponse {
  BytesView buffer;                ///< a view into the stub, exactly as long as was asked for
  std::uint32_t bytes_needed = 0;  ///< for what did not fit; 0 when all did
  std::uint32_t services_returned = 0;
  std::optional<std::uint32_t> resume_index;
  std::uint32_t return_value = 0;

  void fields(this auto& self, auto& io) {
    io(self.buffer, self.bytes_needed, self.services_returned, self.resume_index,
       self.return_value);
  }
};

struct EnumDependentServicesResponse {
  BytesView buffer;                ///< a view into the stub, exactly as long as was asked for
  std::uint32_t bytes_needed = 0;  ///< for what did not fit; 0 when all did
  std::uint32_t services_returned = 0;
  std::uint32_t return_value = 0;

  void fields(this auto& self, auto& io) {
    io(self.buffer, self.bytes_needed, self.services_returned, self.return_value);
  }
};

struct QueryServiceConfigResponse {
  QueryServiceConfig config;
  std::uint32_t bytes_needed = 0;
  std::uint32_t return_value = 0;

  void fields(ndr::Reader& in);
  void fields(ndr::Writer& out) const;
};

/// 3.1.4.1
struct CloseServiceHandleRequest {
  static constexpr std::uint16_t kOpnum = 0;
  static constexpr std::string_view kName = "RCloseServiceHandle";
  using Response = HandleResponse;
  Handle handle{};

  void fields(this auto& self, auto& io) { io(self.handle); }
};

/// 3.1.4.2
struct ControlServiceRequest {
  static constexpr std::uint16_t kOpnum = 1;
  static constexpr std::string_view kName = "RControlService";
  using Response = StatusResponse;
  Handle service{};
  std::uint32_t control = 0;

  void fields(this auto& self, auto& io) { io(self.service, self.control); }
};

/// 3.1.4.7
struct QueryServiceStatusRequest {
  static constexpr std::uint16_t kOpnum = 6;
  static constexpr std::string_view kName = "RQueryServiceStatus";
  using Response = StatusResponse;
  Handle service{};

  void fields(this auto& self, auto& io) { io(self.service); }
};

/// 3.1.4.13
struct EnumDependentServicesRequest {
  static constexpr std::uint16_t kOpnum = 13;
  static constexpr std::string_view kName = "REnumDependentServicesW";
  using Response = EnumDependentServicesResponse;
  Handle service{};
  std::uint32_t service_state = kActive;
  std::uint32_t buffer_size = 0;

  void fields(this auto& self, auto& io) { io(self.service, self.service_state, self.buffer_size); }
};

/// 3.1.4.14
struct EnumServicesStatusRequest {
  static constexpr std::uint16_t kOpnum = 14;
  static constexpr std::string_view kName = "REnumServicesStatusW";
  using Response = EnumServicesStatusResponse;
  Handle manager{};
  std::uint32_t service_type = kWin32;
  std::uint32_t service_state = kAll;
  std::uint32_t buffer_size = 0;
  std::optional<std::uint32_t> resume_index;

  void fields(this auto& self, auto& io) {
    io(self.manager, self.service_type, self.service_state, self.buffer_size, self.resume_index);
  }
};

/// 3.1.4.15
struct OpenScManagerRequest {
  static constexpr std::uint16_t kOpnum = 15;
  static constexpr std::string_view kName = "ROpenSCManagerW";
  using Response = HandleResponse;
  std::optional<std::string> machine_name{};
  std::optional<std::string> database_name{};
  std::uint32_t desired_access = 0;

  void fields(this auto& self, auto& io) {
    io(self.machine_name, self.database_name, self.desired_access);
  }
};

/// 3.1.4.16
struct OpenServiceRequest {
  static constexpr std::uint16_t kOpnum = 16;
  static constexpr std::string_view kName = "ROpenServiceW";
  using Response = HandleResponse;
  Handle manager{};
  std::string service_name;
  std::uint32_t desired_access = 0;

  void fields(this auto& self, auto& io) {
    io(self.manager, self.service_name, self.desired_access);
  }
};

/// 3.1.4.17
struct QueryServiceConfigRequest {
  static constexpr std::uint16_t kOpnum = 17;
  static constexpr std::string_view kName = "RQueryServiceConfigW";
  using Response = QueryServiceConfigResponse;
  Handle service{};
  std::uint32_t buffer_size = 0;

  void fields(this auto& self, auto& io) { io(self.service, self.buffer_size); }
};

/// 3.1.4.19; arguments are neither sent nor read.
struct StartServiceRequest {
  static constexpr std::uint16_t kOpnum = 19;
  static constexpr std::string_view kName = "RStartServiceW";
  using Response = ReturnValueResponse;
  Handle service{};

  void fields(ndr::Reader& in);
  void fields(ndr::Writer& out) const;
};

/// 3.1.4.37
struct QueryServiceConfig2Request {
  static constexpr std::uint16_t kOpnum = 39;
  static constexpr std::string_view kName = "RQueryServiceConfig2W";
  using Response = BufferResponse;
  Handle service{};
  std::uint32_t info_level = 0;
  std::uint32_t buffer_size = 0;

  void fields(this auto& self, auto& io) { io(self.service, self.info_level, self.buffer_size); }
};
/// SERVICE_CONFIG_DELAYED_AUTO_START_INFO: the buffer is one BOOL of four bytes.
inline constexpr std::uint32_t kDelayedAutoStartLevel = 3;

/// SERVICE_TRIGGER (2.2.53), as far as we need it: no condition, no data.
struct ServiceTrigger {
  static constexpr std::uint32_t kStart = 1;  ///< SERVICE_TRIGGER_ACTION_SERVICE_START
  static constexpr std::uint32_t kStop = 2;
  std::uint32_t type = 0;
  std::uint32_t action = 0;

  friend bool operator==(const ServiceTrigger&, const ServiceTrigger&) = default;
};

/// SC_RPC_CONFIG_INFOW (2.2.22) that holds a SERVICE_TRIGGER_INFO (2.2.54), or nothing.
struct QueryServiceConfigExResponse {
  std::vector<ServiceTrigger> triggers;
  std::uint32_t return_value = 0;

  void fields(ndr::Reader& in);
  void fields(ndr::Writer& out) const;
};

/// 3.1.4.48. Triggers are asked for with it, and with nothing else: RQueryServiceConfig2W knows no
/// level 8 (3.1.4.37), and Win32's QueryServiceConfig2 makes this call for that level. Since
/// Windows 7 and Server 2008 R2; written by the specification, not yet tried against a live
/// Windows.
struct QueryServiceConfigExRequest {
  static constexpr std::uint16_t kOpnum = 56;
  static constexpr std::string_view kName = "RQueryServiceConfigEx";
  using Response = QueryServiceConfigExResponse;
  static constexpr std::uint32_t kTriggerLevel = 8;  ///< SERVICE_CONFIG_TRIGGER_INFO
  Handle service{};
  std::uint32_t info_level = kTriggerLevel;

  void fields(this auto& self, auto& io) { io(self.service, self.info_level); }
};

/// 3.1.4.38
struct QueryServiceStatusExRequest {
  static constexpr std::uint16_t kOpnum = 40;
  static constexpr std::string_view kName = "RQueryServiceStatusEx";
  using Response = BufferResponse;
  static constexpr std::uint32_t kProcessLevel = 0;  ///< the buffer is a SERVICE_STATUS_PROCESS
  static constexpr std::uint32_t kProcessSize = 36;
  Handle service{};
  std::uint32_t info_level = kProcessLevel;
  std::uint32_t buffer_size = kProcessSize;

  void fields(this auto& self, auto& io) { io(self.service, self.info_level, self.buffer_size); }
};

/// 3.1.4.40
struct EnumServicesStatusExRequest {
  static constexpr std::uint16_t kOpnum = 42;
  static constexpr std::string_view kName = "REnumServicesStatusExW";
  using Response = EnumServicesStatusResponse;
  Handle manager{};
  std::uint32_t info_level = 0;
  std::uint32_t service_type = kWin32;
  std::uint32_t service_state = kAll;
  std::uint32_t buffer_size = 0;
  std::optional<std::uint32_t> resume_index;
  std::optional<std::string> group_name{};

  void fields(this auto& self, auto& io) {
    io(self.manager, self.info_level, self.service_type, self.service_state, self.buffer_size,
       self.resume_index, self.group_name);
  }
};

template <typename Message>
[[nodiscard]] Bytes encode(const Message& message) {
  ndr::Writer out;
  out.reserve(64);  // as most requests need
  message.fields(out);
  return std::move(out).take();
}

/// malformed. Views in the message point into the stub.
template <typename Message>
[[nodiscard]] Result<Message> parse(BytesView stub) {
  ndr::Reader in(stub);
  Message message;
  message.fields(in);
  TRY(in.finish());
  return message;
}

}  // namespace tocsin::svcctl
