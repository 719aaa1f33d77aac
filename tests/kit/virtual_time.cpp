#include "kit/virtual_time.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "net/event.h"
#include "net/time_source.h"

namespace tocsin::kit {
namespace {

using net::Deadline;

/// Not zero, because a Deadline{} is long past.
constexpr Deadline kBegin{std::chrono::hours(24 * 365)};
/// A test for which so much time has passed waits for what never comes.
constexpr auto kEnd = kBegin + std::chrono::hours(24 * 365 * 10);

enum class Turn : std::uint8_t { in_order, last };

}  // namespace

/// Shared with its alarms, which may outlive the test in the frames of a loop.
class VirtualTime::Source final : public net::TimeSource,
                                  public std::enable_shared_from_this<Source> {
 public:
  [[nodiscard]] Deadline now() const override { return now_; }
  [[nodiscard]] std::shared_ptr<void> set_alarm(Deadline at, std::function<void()> ring) override {
    return set_alarm(at, Turn::in_order, std::move(ring));
  }
  [[nodiscard]] std::shared_ptr<void> set_alarm(Deadline at, Turn turn,
                                                std::function<void()> ring) {
    const auto place = alarms_.emplace(Key{at, turn, ++alarms_set_}, std::move(ring)).first;
    return {this,
            [self = shared_from_this(), key = place->first](auto*) { self->alarms_.erase(key); }};
  }
  [[nodiscard]] std::shared_ptr<void> hold() override {
    holds_++;
    return {this, [self = shared_from_this()](auto*) { self->holds_--; }};
  }
  void skip(Duration time) { now_ = now_.load() + time; }
  bool pass_to_next_alarm() override {
    if (alarms_.empty()) return false;
    const Key& first = alarms_.begin()->first;
    if (holds_ > 0 && (first.at > now_.load() || first.turn == Turn::last)) return false;
    if (first.at > kEnd) throw std::runtime_error("waited in vain for ten years");
    const auto next = alarms_.extract(alarms_.begin());
    now_ = std::max(now_.load(), next.key().at);
    next.mapped()();
    return true;
  }

 private:
  struct Key {
    Deadline at;
    Turn turn;
    std::uint64_t number;
    auto operator<=>(const Key&) const = default;
  };
  std::atomic<Deadline> now_ = kBegin;
  std::map<Key, std::function<void()>> alarms_;
  std::uint64_t alarms_set_ = 0;
  int holds_ = 0;
};

VirtualTime::VirtualTime(Time start) : start_(start), source_(std::make_shared<Source>()) {
  if (net::TimeSource::installed() != nullptr) throw std::logic_error("there is a time already");
  net::TimeSource::install(source_.get());
}
VirtualTime::~VirtualTime() { net::TimeSource::install(nullptr); }

Time VirtualTime::now() const {
  return start_ + set_by_ + std::chrono::floor<Duration>(source_->now() - kBegin);
}

net::awaitable<void> VirtualTime::pass(Duration time) {
  net::Event passed(co_await boost::asio::this_coro::executor);
  const auto alarm = source_->set_alarm(source_->now() + time, Turn::last, [&] { passed.set(); });
  co_await passed.wait();
}

std::shared_ptr<void> VirtualTime::hold() { return source_->hold(); }
void VirtualTime::skip(Duration time) { source_->skip(time); }

}  // namespace tocsin::kit
