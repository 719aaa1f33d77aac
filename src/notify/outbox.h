// What the dispatcher needs of the store, off the loop.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "net/async.h"
#include "net/worker.h"
#include "store/store.h"

namespace tocsin::notify {

/// The deliveries that survive a crash. Every error is ErrorKind::storage; store.h says what each
/// function does and what a crash loses.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual net::awaitable<Result<std::vector<store::LastDelivered>>> load_last_delivered(
      Time since) = 0;
  virtual net::awaitable<Result<std::vector<store::OpenAlert>>> load_open_alerts() = 0;
  virtual net::awaitable<Result<std::vector<store::Delivery>>> load_pending(std::string destination,
                                                                            std::int64_t after,
                                                                            std::size_t most) = 0;
  virtual net::awaitable<Result<std::size_t>> abandon(std::vector<std::string> configured, Time at,
                                                      std::string detail) = 0;
  /// Both stay where they are until it ends.
  virtual net::awaitable<Result<>> commit(const store::StoredMessage& message,
                                          std::span<const DeliveryId> members) = 0;
  virtual net::awaitable<Result<std::optional<store::Store::PendingMessage>>> load_message(
      std::string id) = 0;
  /// `updates` stay where they are until it ends. It may get the same update twice.
  virtual net::awaitable<Result<>> update(std::span<const store::DeliveryUpdate> updates) = 0;
};

/// The store, on the one thread that it belongs to.
class StoreOutbox final : public Outbox {
 public:
  /// Both outlive this; everything else that uses the store goes through the same worker.
  StoreOutbox(store::Store& store, net::Worker& worker) : store_(store), worker_(worker) {}

  net::awaitable<Result<std::vector<store::LastDelivered>>> load_last_delivered(
      Time since) override;
  net::awaitable<Result<std::vector<store::OpenAlert>>> load_open_alerts() override;
  net::awaitable<Result<std::vector<store::Delivery>>> load_pending(std::string destination,
                                                                    std::int64_t after,
                                                                    std::size_t most) override;
  net::awaitable<Result<std::size_t>> abandon(std::vector<std::string> configured, Time at,
                                              std::string detail) override;
  net::awaitable<Result<>> commit(const store::StoredMessage& message,
                                  std::span<const DeliveryId> members) override;
  net::awaitable<Result<std::optional<store::Store::PendingMessage>>> load_message(
      std::string id) override;
  net::awaitable<Result<>> update(std::span<const store::DeliveryUpdate> updates) override;

 private:
  store::Store& store_;
  net::Worker& worker_;
};

}  // namespace tocsin::notify
