// Says in the log what becomes of the deliveries.
#pragma once

#include "daemon/log.h"
#include "notify/destination.h"
#include "notify/observer.h"

namespace tocsin::daemon {

class DeliveryLog final : public notify::Observer {
 public:
  /// Both outlive it; `destinations` gives the names for the keys.
  DeliveryLog(const Log& log, const std::vector<notify::Destination>& destinations)
      : log_(log), destinations_(destinations) {}

  void settled(const store::Delivery& delivery, const store::DeliveryUpdate& update) override;
  void abandoned(std::size_t count) override;
  void storage_failed(const Error& error, std::size_t unrecorded) override;
  void storage_recovered() override;
  void lost(const store::Delivery& delivery) override;

 private:
  [[nodiscard]] std::string describe(const store::Delivery& delivery) const;

  const Log& log_;
  const std::vector<notify::Destination>& destinations_;
};

}  // namespace tocsin::daemon
