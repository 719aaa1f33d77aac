// A protocol conversation written as straight code, without a socket: a coroutine that hands out a
// message, sleeps until its reply is brought, and goes on. Who drives it owns I/O and time:
//
//   Port port;
//   auto login = session.login(port);          // Conversation<Result<>>
//   login.start();
//   while (!login.done()) {
//     for (const auto& message : port.take_outgoing()) write(message);
//     port.deliver(read_message());
//   }
//   Result<> outcome = login.take();
//
// Several may be under way over one port: each message that is delivered wakes whom it is for. So
// whoever waits for one conversation drives all of them.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace tocsin {

/// Where the conversations of one connection meet their driver. It must outlive them and not move.
class Port {
 public:
  /// Who tells the received messages apart.
  class Receiver {
   public:
    virtual void receive(Bytes message) = 0;

   protected:
    ~Receiver() = default;
  };

  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// For the conversations: what to write next, and who is brought what is read.
  void send(Bytes message, Receiver& receiver) {
    outgoing_.push_back(std::move(message));
    receiver_ = &receiver;
  }

  /// For the driver: what to write before it reads the next message; may be nothing.
  [[nodiscard]] std::vector<Bytes> take_outgoing() { return std::exchange(outgoing_, {}); }
  /// For the driver: the next message; runs whom it is for up to the next wait or the end.
  void deliver(Bytes message) { receiver_->receive(std::move(message)); }

 private:
  std::vector<Bytes> outgoing_;
  Receiver* receiver_ = nullptr;
};

/// Conversations that wait for something, in order. It must outlive them and not move.
class WaitingLine {
 public:
  /// To be awaited. One that is destroyed leaves the line.
  class Place {
   public:
    Place(WaitingLine& line, std::uint32_t need) : line_(line), need_(need) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (waiting_) std::erase(line_.places_, this);
    }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      waiting_ = waiting;
      line_.places_.push_back(this);
    }
    void await_resume() const noexcept {}

   private:
    friend class WaitingLine;
    WaitingLine& line_;
    std::uint32_t need_;
    std::coroutine_handle<> waiting_;
  };

  /// `need`: of what it waits for, in the unit of whoever wakes it.
  [[nodiscard]] Place wait(std::uint32_t need = 0) { return {*this, need}; }
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  /// What the first one needs; nothing where nobody waits.
  [[nodiscard]] std::optional<std::uint32_t> first_need() const {
    if (places_.empty()) return std::nullopt;
    return places_.front()->need_;
  }
  void wake_first() {
    const auto* first = places_.front();
    places_.erase(places_.begin());
    first->waiting_.resume();
  }
  /// Those who come to wait meanwhile go on waiting.
  void wake_all() {
    for (auto left = places_.size(); left > 0 && !places_.empty(); left--) wake_first();
  }

 private:
  std::vector<Place*> places_;
};

/// Who goes on when conversations have ended: the one that awaits them, with the last of them.
class Joint {
 public:
  explicit Joint(std::size_t conversations) : left_(conversations) {}
  void awaited_by(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  /// Who goes on now that one has ended.
  [[nodiscard]] std::coroutine_handle<> end_one() {
    return --left_ == 0 ? waiting_ : std::noop_coroutine();
  }

 private:
  std::size_t left_;
  std::coroutine_handle<> waiting_ = std::noop_coroutine();
};

/// The running of one conversation, or of a part of one (`co_await` it from another). Lazy: it does
/// nothing before start() or co_await. Destroying it abandons the conversation where it stands.
template <typename T>
class [[nodiscard]] Conversation {
 public:
  // NOLINTNEXTLINE(readability-identifier-naming): the language looks for this name
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> continuation = std::noop_coroutine();
    Joint* joint = nullptr;  ///< in place of the continuation

    Conversation get_return_object() {
      return Conversation(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Awaiter {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          auto& promise = self.promise();
          return promise.joint == nullptr ? promise.continuation : promise.joint->end_one();
        }
        void await_resume() const noexcept {}
      };
      return Awaiter{};
    }
    template <typename U>
    void return_value(U&& result) {
      value.emplace(std::forward<U>(result));
    }
    /// Protocol code answers Results; an exception here is a broken invariant.
    void unhandled_exception() { std::terminate(); }
  };

  Conversation(Conversation&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Conversation& operator=(Conversation&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() {
    if (handle_) handle_.destroy();
  }

  void start() { handle_.resume(); }
  /// The same; `joint` is told when it has ended.
  void start(Joint& joint) {
    handle_.promise().joint = &joint;
    start();
  }
  [[nodiscard]] bool done() const { return handle_.done(); }
  /// Once, when done.
  [[nodiscard]] T take() { return *std::move(handle_.promise().value); }

  auto operator co_await() && noexcept {
    struct Awaiter {
      std::coroutine_handle<promise_type> handle;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> outer) noexcept {
        handle.promise().continuation = outer;
        return handle;
      }
      // NOLINTNEXTLINE(bugprone-unchecked-optional-access): set before the outer one goes on
      T await_resume() { return *std::move(handle.promise().value); }
    };
    return Awaiter{handle_};
  }

 private:
  explicit Conversation(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

/// Runs all of them at the same time, and ends with the last; their results in the same order.
template <typename T>
Conversation<std::vector<T>> all(std::vector<Conversation<T>> conversations) {
  struct Awaiter {
    std::vector<Conversation<T>>& of;
    Joint joint;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
      joint.awaited_by(waiting);
      for (auto& conversation : of) conversation.start(joint);
      return joint.end_one();  // what counted for having started them
    }
    void await_resume() const noexcept {}
  };
  co_await Awaiter{conversations, Joint(conversations.size() + 1)};
  std::vector<T> results;
  results.reserve(conversations.size());
  for (auto& conversation : conversations) results.push_back(conversation.take());
  co_return results;
}

}  // namespace tocsin
