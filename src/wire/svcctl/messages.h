// The calls of the Service Control Manager Remote Protocol as stubs, both ways. [MS-SCMR] 3.1.4
//
// Every message has `write` and `read`; encode() and parse() below put them to use. A request names
// its opnum and the type of its response.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/dcerpc/ndr.h"
#include "wire/dcerpc/pdu.h"

namespace tocsin::svcctl {

/// 367abb81-9844-35f1-ad32-98f038001003 version 2
inline constexpr dcerpc::SyntaxId kInterface{{0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad,
                                              0x32, 0x98, 0xf0, 0x38, 0x00, 0x10, 0x03},
                                             2};
inline constexpr std::string_view kPipe = "svcctl";

/// Access rights (3.1.4), as far as we ask for them.
enum Access : std::uint32_t {
  kManagerConnect = 0x0001,
  kManagerEnumerateService = 0x0004,
  kServiceQueryConfig = 0x0001,
  kServiceQueryStatus = 0x0004,
};
/// dwServiceType (2.2.47)
enum ServiceType : std::uint32_t {
  kWin32OwnProcess = 0x10,
  kWin32ShareProcess = 0x20,
  kWin32 = 0x30,
  /// Not in [MS-SCMR]; winnt.h: SERVICE_USER_SERVICE, on top of the two above. Alone it is the
  /// template of a per-user service, which never runs itself.
  kUserService = 0x40,
  /// SERVICE_USERSERVICE_INSTANCE, on top of that: the copy of one logon.
  kUserServiceInstance = 0x80,
  kInteractiveProcess = 0x100,  ///< comes on top of the others: mask it out
};
/// dwServiceState of the enumerations (3.1.4.11)
enum StateFilter : std::uint32_t { kActive = 1, kInactive = 2, kAll = 3 };
/// dwCurrentState (2.2.47)
enum CurrentState : std::uint32_t {
  kStopped = 1,
  kStartPending = 2,
  kStopPending = 3,
  kRunning = 4,
  kContinuePending = 5,
  kPausePending = 6,
  kPaused = 7,
};
/// dwControlsAccepted (2.2.47)
enum ControlsAccepted : std::uint32_t { kAcceptStop = 1, kAcceptPauseContinue = 2 };
/// dwControl of RControlService (3.1.4.2)
enum Control : std::uint32_t { kStop = 1, kPause = 2, kContinue = 3, kInterrogate = 4 };
/// dwStartType (2.2.15)
enum StartType : std::uint32_t {
  kBootStart = 0,
  kSystemStart = 1,
  kAutoStart = 2,
  kDemandStart = 3,
  kDisabled = 4,
};
/// Win32 codes that service managers answer ([MS-ERREF] 2.2)
enum Win32 : std::uint32_t {
  kSuccess = 0,
  kAccessDenied = 5,
  kInvalidHandle = 6,
  kNotSupported = 50,
  kInvalidParameter = 87,
  kCallNotImplemented = 120,
  kInsufficientBuffer = 122,
  kInvalidName = 123,
  kInvalidLevel = 124,
  kMoreData = 234,
  kInvalidServiceControl = 1052,
  kServiceAlreadyRunning = 1056,
  kServiceDisabled = 1058,
  kServiceDoesNotExist = 1060,
  kServiceCannotAcceptControl = 1061,
  kServiceNotActive = 1062,
  kServiceMarkedForDelete = 1072,
  kServiceNeverStarted = 1077,
  kShutdownInProgress = 1115,
  kRpcServerUnavailable = 1722,
};

/// The most bytes that the interface lets one call return (BOUNDED_DWORD_256K, _8K).
inline constexpr std::uint32_t kMostEnumeration = 256 * 1024;
inline constexpr std::uint32_t kMostConfig = 8 * 1024;
/// UTF-16 units of a service's key or display name (3.1.4.12).
inline constexpr std::size_t kMostName = 256;

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
  void write(ndr::Writer& out) const;
  static ServiceStatus read(ndr::Reader& in);
  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
};

/// SERVICE_STATUS_PROCESS (2.2.49)
struct ServiceStatusProcess : ServiceStatus {
  std::uint32_t process_id = 0;
  std::uint32_t service_flags = 0;

  void write(ndr::Writer& out) const;
  static ServiceStatusProcess read(ndr::Reader& in);
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

/// One service of an enumeration: ENUM_SERVICE_STATUSW (2.2.11), whose process id is 0, or
/// ENUM_SERVICE_STATUS_PROCESSW (2.2.12). Names are UTF-16LE without terminator, in bytes that
/// belong to somebody else.
struct EnumServiceStatus {
  BytesView service_name;
  BytesView display_name;
  ServiceStatusProcess status;
};

/// The bytes of a name as a key: services that a host spells alike compare and hash alike, with no
/// conversion. Another case is another key: fold (base/text.h) where that matters.
[[nodiscard]] inline std::string_view name_key(BytesView utf16) {
  return {reinterpret_cast<const char*>(utf16.data()), utf16.size()};
}

enum class EnumLayout : std::uint8_t { status = 36, status_process = 44 };  ///< bytes of a record

/// The records of an enumeration's buffer. malformed: an offset, a length or the count lies outside
/// what is possible.
[[nodiscard]] Result<std::vector<EnumServiceStatus>> parse_services(BytesView buffer,
                                                                    std::size_t count,
                                                                    EnumLayout layout);
/// Bytes that one service takes in a buffer.
[[nodiscard]] std::size_t encoded_size(const EnumServiceStatus& service, EnumLayout layout);
/// As Windows lays it out: records, then a gap, strings packed downwards from the end. Throws when
/// `size` does not suffice.
[[nodiscard]] Bytes encode_services(std::span<const EnumServiceStatus> services, EnumLayout layout,
                                    std::size_t size);

/// Where a response is nothing but the return value.
struct ReturnValueResponse {
  std::uint32_t return_value = 0;

  void write(ndr::Writer& out) const;
  static ReturnValueResponse read(ndr::Reader& in);
};

struct HandleResponse {
  Handle handle{};
  std::uint32_t return_value = 0;

  void write(ndr::Writer& out) const;
  static HandleResponse read(ndr::Reader& in);
};

struct StatusResponse {
  ServiceStatus status;
  std::uint32_t return_value = 0;

  void write(ndr::Writer& out) const;
  static StatusResponse read(ndr::Reader& in);
};

/// A buffer of exactly the size that was asked for, whatever it holds.
struct BufferResponse {
  BytesView buffer;  ///< a view into the stub
  std::uint32_t bytes_needed = 0;
  std::uint32_t return_value = 0;

  void write(ndr::Writer& out) const;
  static BufferResponse read(ndr::Reader& in);
};

struct EnumServicesStatusResponse {
  BytesView buffer;                ///< a view into the stub, exactly as long as was asked for
  std::uint32_t bytes_needed = 0;  ///< for what did not fit; 0 when all did
  std::uint32_t services_returned = 0;
  std::optional<std::uint32_t> resume_index;
  std::uint32_t return_value = 0;

  void write(ndr::Writer& out) const;
  static EnumServicesStatusResponse read(ndr::Reader& in);
};

struct QueryServiceConfigResponse {
  QueryServiceConfig config;
  std::uint32_t bytes_needed = 0;
  std::uint32_t return_value = 0;

  void write(ndr::Writer& out) const;
  static QueryServiceConfigResponse read(ndr::Reader& in);
};

/// 3.1.4.1
struct CloseServiceHandleRequest {
  static constexpr std::uint16_t kOpnum = 0;
  static constexpr std::string_view kName = "RCloseServiceHandle";
  using Response = HandleResponse;
  Handle handle{};

  void write(ndr::Writer& out) const;
  static CloseServiceHandleRequest read(ndr::Reader& in);
};

/// 3.1.4.2
struct ControlServiceRequest {
  static constexpr std::uint16_t kOpnum = 1;
  static constexpr std::string_view kName = "RControlService";
  using Response = StatusResponse;
  Handle service{};
  std::uint32_t control = 0;

  void write(ndr::Writer& out) const;
  static ControlServiceRequest read(ndr::Reader& in);
};

/// 3.1.4.7
struct QueryServiceStatusRequest {
  static constexpr std::uint16_t kOpnum = 6;
  static constexpr std::string_view kName = "RQueryServiceStatus";
  using Response = StatusResponse;
  Handle service{};

  void write(ndr::Writer& out) const;
  static QueryServiceStatusRequest read(ndr::Reader& in);
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

  void write(ndr::Writer& out) const;
  static EnumServicesStatusRequest read(ndr::Reader& in);
};

/// 3.1.4.15
struct OpenScManagerRequest {
  static constexpr std::uint16_t kOpnum = 15;
  static constexpr std::string_view kName = "ROpenSCManagerW";
  using Response = HandleResponse;
  std::optional<std::string> machine_name{};
  std::optional<std::string> database_name{};
  std::uint32_t desired_access = 0;

  void write(ndr::Writer& out) const;
  static OpenScManagerRequest read(ndr::Reader& in);
};

/// 3.1.4.16
struct OpenServiceRequest {
  static constexpr std::uint16_t kOpnum = 16;
  static constexpr std::string_view kName = "ROpenServiceW";
  using Response = HandleResponse;
  Handle manager{};
  std::string service_name;
  std::uint32_t desired_access = 0;

  void write(ndr::Writer& out) const;
  static OpenServiceRequest read(ndr::Reader& in);
};

/// 3.1.4.17
struct QueryServiceConfigRequest {
  static constexpr std::uint16_t kOpnum = 17;
  static constexpr std::string_view kName = "RQueryServiceConfigW";
  using Response = QueryServiceConfigResponse;
  Handle service{};
  std::uint32_t buffer_size = 0;

  void write(ndr::Writer& out) const;
  static QueryServiceConfigRequest read(ndr::Reader& in);
};

/// 3.1.4.19; arguments are neither sent nor read.
struct StartServiceRequest {
  static constexpr std::uint16_t kOpnum = 19;
  static constexpr std::string_view kName = "RStartServiceW";
  using Response = ReturnValueResponse;
  Handle service{};

  void write(ndr::Writer& out) const;
  static StartServiceRequest read(ndr::Reader& in);
};

/// 3.1.4.37
struct QueryServiceConfig2Request {
  static constexpr std::uint16_t kOpnum = 39;
  static constexpr std::string_view kName = "RQueryServiceConfig2W";
  using Response = BufferResponse;
  Handle service{};
  std::uint32_t info_level = 0;
  std::uint32_t buffer_size = 0;

  void write(ndr::Writer& out) const;
  static QueryServiceConfig2Request read(ndr::Reader& in);
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

  void write(ndr::Writer& out) const;
  static QueryServiceConfigExResponse read(ndr::Reader& in);
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

  void write(ndr::Writer& out) const;
  static QueryServiceConfigExRequest read(ndr::Reader& in);
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

  void write(ndr::Writer& out) const;
  static QueryServiceStatusExRequest read(ndr::Reader& in);
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

  void write(ndr::Writer& out) const;
  static EnumServicesStatusExRequest read(ndr::Reader& in);
};

template <typename Message>
[[nodiscard]] Bytes encode(const Message& message) {
  ndr::Writer out;
  message.write(out);
  return std::move(out).take();
}

/// malformed. Views in the message point into the stub.
template <typename Message>
[[nodiscard]] Result<Message> parse(BytesView stub) {
  ndr::Reader in(stub);
  auto message = Message::read(in);
  if (auto whole = in.finish(); !whole) return fail(std::move(whole));
  return message;
}

}  // namespace tocsin::svcctl
