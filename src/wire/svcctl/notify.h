// The calls by which a service manager tells of changes, as stubs, both ways. [MS-SCMR] 3.1.4.43
// to 3.1.4.45
//
// RNotifyServiceStatusChange registers for one notification about a handle. RGetNotifyResults waits
// for it, for days where nothing changes. RCloseNotifyHandle ends the registration, whether its
// notification has come or not. The layouts are checked against a service manager that others
// wrote; not yet tried against a live Windows.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/dcerpc/ndr.h"
#include "wire/svcctl/messages.h"

namespace tocsin::svcctl {

/// SC_NOTIFY_RPC_HANDLE (2.2.6)
using NotifyHandle = std::array<std::uint8_t, 20>;

/// SERVICE_NOTIFY_STATUS_CHANGE_PARAMS_1 and _2 (2.2.43, 2.2.44), without the thread and the
/// callbacks of a client on the same machine.
struct StatusNotification {
  std::uint32_t notify_mask = 0;          ///< NotifyMask bits that were asked for
  ServiceStatusProcess status;            ///< void unless notification_status is kSuccess
  std::uint32_t notification_status = 0;  ///< Win32: kServiceMarkedForDelete, kRequestAborted
  std::uint32_t triggered = 0;            ///< the NotifyMask bit that it is about; 0 in level 1
  /// Whether names of created and deleted services came with it. A reason to list the services
  /// again, never more: the interface declares them a string, which ends at its first zero, but
  /// fills them with several. They are skipped, and written empty.
  bool has_names = false;

  friend bool operator==(const StatusNotification&, const StatusNotification&) = default;
};

struct NotifyServiceStatusChangeResponse {
  NotifyHandle notify{};
  std::uint32_t return_value = 0;

  void fields(ndr::Reader& in);
  void fields(ndr::Writer& out) const;
};

/// 3.1.4.43. A handle takes one registration at a time. Always written as level 2, which says what
/// triggered the notification; level 1 is read too.
struct NotifyServiceStatusChangeRequest {
  static constexpr std::uint16_t kOpnum = 47;
  static constexpr std::string_view kName = "RNotifyServiceStatusChange";
  using Response = NotifyServiceStatusChangeResponse;
  Handle handle{};  ///< of a service, or of the manager for kNotifyCreated and kNotifyDeleted
  std::uint32_t notify_mask = kNotifyEveryState | kNotifyDeletePending;

  void fields(ndr::Reader& in);
  void fields(ndr::Writer& out) const;
};

/// SC_RPC_NOTIFY_PARAMS_LIST (2.2.24). The level of its elements is the server's choice, whatever
/// was asked for. An element that points to nothing is left out, so success may bring none.
struct GetNotifyResultsResponse {
  std::vector<StatusNotification> notifications;
  std::uint32_t return_value = 0;

  void fields(ndr::Reader& in);
  void fields(ndr::Writer& out) const;
};

/// 3.1.4.44
struct GetNotifyResultsRequest {
  static constexpr std::uint16_t kOpnum = 48;
  static constexpr std::string_view kName = "RGetNotifyResults";
  using Response = GetNotifyResultsResponse;
  NotifyHandle notify{};

  void fields(this auto& self, auto& io) { io(self.notify); }
};

struct CloseNotifyHandleResponse {
  NotifyHandle notify{};
  std::uint32_t apc_fired = 0;  ///< pfApcFired, a BOOL: "not used, MUST be ignored"
  std::uint32_t return_value = 0;

  void fields(this auto& self, auto& io) { io(self.notify, self.apc_fired, self.return_value); }
};

/// 3.1.4.45
struct CloseNotifyHandleRequest {
  static constexpr std::uint16_t kOpnum = 49;
  static constexpr std::string_view kName = "RCloseNotifyHandle";
  using Response = CloseNotifyHandleResponse;
  NotifyHandle notify{};

  void fields(this auto& self, auto& io) { io(self.notify); }
};

}  // namespace tocsin::svcctl
