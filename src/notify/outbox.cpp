#include "notify/outbox.h"

namespace tocsin::notify {

net::awaitable<Result<std::vector<store::LastDelivered>>> StoreOutbox::load_last_delivered(
    Time since) {
  co_return co_await worker_.run([&] { return store_.load_last_delivered(since); });
}

net::awaitable<Result<std::vector<store::OpenAlert>>> StoreOutbox::load_open_alerts() {
  co_return co_await worker_.run([&] { return store_.load_open_alerts(); });
}

net::awaitable<Result<std::vector<store::Delivery>>> StoreOutbox::load_pending(
    std::string destination, std::int64_t after, std::size_t most) {
  co_return co_await worker_.run([&] { return store_.load_pending(destination, after, most); });
}

net::awaitable<Result<std::size_t>> StoreOutbox::abandon(std::vector<std::string> configured,
                                                         Time at, std::string detail) {
  co_return co_await worker_.run([&] { return store_.abandon(configured, at, detail); });
}

net::awaitable<Result<>> StoreOutbox::commit(const store::StoredMessage& message,
                                             std::span<const DeliveryId> members) {
  co_return co_await worker_.run([&] { return store_.commit(message, members); });
}

net::awaitable<Result<std::optional<store::Store::PendingMessage>>> StoreOutbox::load_message(
    std::string id) {
  co_return co_await worker_.run([&] { return store_.load_message(id); });
}

net::awaitable<Result<>> StoreOutbox::update(std::span<const store::DeliveryUpdate> updates) {
  co_return co_await worker_.run([&] { return store_.update(updates); });
}

}  // namespace tocsin::notify
