// What one client of a pretend host wants to be told of. [MS-SCMR] 3.1.4.43 to 3.1.4.45
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <vector>

#include "simulate/host_model.h"
#include "simulate/mischief.h"
#include "wire/dcerpc/server.h"
#include "wire/svcctl/notify.h"

namespace tocsin::simulate {

/// As Windows does it. A handle takes one registration at a time, which brings one notification: of
/// a state that the client was not told of over this handle, at once. A service that is deleted
/// takes none. Closing the handle leaves a waiting RGetNotifyResults unanswered until
/// RCloseNotifyHandle. A client that closes none of its registrations lags.
class Notifications final : HostModel::Listener {
 public:
  /// The host must outlive it.
  Notifications(HostModel& host, Behaviour behaviour, std::uint32_t group)
      : host_(host), behaviour_(behaviour), group_(group) {}
  ~Notifications();
  Notifications(const Notifications&) = delete;
  Notifications& operator=(const Notifications&) = delete;

  /// Of a handle to `service`, or to the manager where that is null; its rights suffice.
  svcctl::NotifyServiceStatusChangeResponse add(
      const svcctl::NotifyServiceStatusChangeRequest& request, const HostModel::Service* service);
  /// Answers when there is a notification.
  void wait(const svcctl::GetNotifyResultsRequest& request, dcerpc::Answer answer);
  std::expected<svcctl::CloseNotifyHandleResponse, dcerpc::FaultStatus> close(
      const svcctl::CloseNotifyHandleRequest& request);
  /// The client has closed this handle.
  void forget(const svcctl::Handle& handle);

 private:
  /// What was told over one handle.
  struct Told {
    std::uint64_t changes = 0;  ///< up to this many of the service
    std::uint32_t untold = 0;   ///< NotifyMask bits that came while nothing was registered
  };
  struct Registration {
    svcctl::Handle handle{};
    const HostModel::Service* service = nullptr;
    std::uint32_t mask = 0;
    bool over = false;  ///< its notification has come, or cannot come any more
    std::vector<svcctl::StatusNotification> ready{};
    bool garbled = false;
    dcerpc::Answer waiting{};
  };

  void changed(const HostModel::Service& service, std::uint32_t what) override;
  void shuts_down() override;
  void notify(Registration& registration, std::uint32_t what);
  void deliver(Registration& registration);
  /// Whether it has begun.
  [[nodiscard]] bool is_due(Mischief mischief) const;
  void spoil(Registration& registration) const;
  [[nodiscard]] bool is_registered(const svcctl::Handle& handle) const;

  HostModel& host_;
  Behaviour behaviour_;
  std::uint32_t group_;
  std::uint32_t right_ones_ = 0;  ///< notifications before the mischief begins
  bool listens_ = false;
  std::map<svcctl::Handle, Told> told_;
  std::map<svcctl::NotifyHandle, Registration> registrations_;
  std::uint32_t last_handle_ = 0;
};

}  // namespace tocsin::simulate
