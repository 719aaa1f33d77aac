// A protocol conversation written as straight code, without a socket: a coroutine that hands out a
// message, sleeps until somebody brings the reply, and goes on. Who drives it owns I/O and time:
//
//   Port port;
//   auto login = session.login(port);          // Conversation<Result<>>
//   login.start();
//   while (!login.done()) {
//     write(port.outgoing());                   // empty: nothing to send, only wait for more
//     port.deliver(read_message());
//   }
//   Result<> outcome = login.take();
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/bytes.h"

namespace tocsin {

/// Where one conversation meets its driver. It must outlive the conversation and not move.
class Port {
 public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// For the conversation: sends `message` (may be empty) and answers the next one received.
  auto exchange(Bytes message) {
    struct Awaiter {
      Port& port;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> waiting) noexcept { port.waiting_ = waiting; }
      Bytes await_resume() noexcept { return std::move(port.incoming_); }
    };
    outgoing_ = std::move(message);
    return Awaiter{*this};
  }

  /// For the driver: what to write before it reads the next message.
  [[nodiscard]] const Bytes& outgoing() const { return outgoing_; }
  /// For the driver: the next message; runs the conversation up to its next exchange or its end.
  void deliver(Bytes message) {
    incoming_ = std::move(message);
    outgoing_.clear();
    std::exchange(waiting_, nullptr).resume();
  }

 private:
  Bytes outgoing_;
  Bytes incoming_;
  std::coroutine_handle<> waiting_;
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

    Conversation get_return_object() {
      return Conversation(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Awaiter {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().continuation;
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

}  // namespace tocsin
