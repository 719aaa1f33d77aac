// relay.exe PIPE: each TCP connection to its port becomes an instance of that pipe, for tests
// outside of Wine. One DCE/RPC fragment is one message of the pipe. Prints its port, and serves
// until it is killed.
#include "platform/windows.h"
#include <winsock2.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using tocsin::platform::Closer;
using Handle = std::unique_ptr<void, Closer<CloseHandle>>;

constexpr std::size_t kHeader = 16;      // of a fragment [C706 12.6.3.1]
constexpr std::size_t kLength = 8;       // where its whole length stands, two bytes
constexpr std::size_t kLongest = 65535;  // that fits there

class Socket {
 public:
  explicit Socket(SOCKET socket) : socket_(socket) {}
  Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, INVALID_SOCKET)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (socket_ != INVALID_SOCKET) closesocket(socket_);
  }
  [[nodiscard]] SOCKET get() const { return socket_; }

  bool receive(std::span<char> all) const {
    while (!all.empty()) {
      const int count = recv(socket_, all.data(), static_cast<int>(all.size()), 0);
      if (count <= 0) return false;
      all = all.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }
  [[nodiscard]] bool send_all(std::span<const char> all) const {
    while (!all.empty()) {
      const int count = send(socket_, all.data(), static_cast<int>(all.size()), 0);
      if (count <= 0) return false;
      all = all.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }
  void hang_up() const { shutdown(socket_, SD_BOTH); }

 private:
  SOCKET socket_;
};

/// An instance of a pipe, which may be read and written at the same time.
class Pipe {
 public:
  /// Waits while all instances are taken.
  static std::optional<Pipe> open(const std::string& name) {
    for (;;) {
      Handle handle(CreateFileA(name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                OPEN_EXISTING, FILE_FLAG_OVERLAPPED, nullptr));
      if (handle.get() == INVALID_HANDLE_VALUE) {
        static_cast<void>(handle.release());
        if (GetLastError() != ERROR_PIPE_BUSY || WaitNamedPipeA(name.c_str(), 10'000) == FALSE)
          return std::nullopt;
        continue;
      }
      DWORD mode = PIPE_READMODE_MESSAGE;
      SetNamedPipeHandleState(handle.get(), &mode, nullptr, nullptr);
      return Pipe(std::move(handle));
    }
  }

  bool write(std::span<const char> message) {
    OVERLAPPED job{.hEvent = written_.get()};
    DWORD count = 0;
    if (WriteFile(handle_.get(), message.data(), static_cast<DWORD>(message.size()), nullptr,
                  &job) == FALSE &&
        GetLastError() != ERROR_IO_PENDING)
      return false;
    return GetOverlappedResult(handle_.get(), &job, &count, TRUE) != FALSE;
  }

  /// What has come of a message; nothing when the pipe has ended, or cancel() was called.
  std::span<const char> read(std::span<char> buffer) {
    OVERLAPPED job{.hEvent = read_.get()};
    DWORD count = 0;
    if (ReadFile(handle_.get(), buffer.data(), static_cast<DWORD>(buffer.size()), nullptr, &job) ==
            FALSE &&
        GetLastError() != ERROR_IO_PENDING && GetLastError() != ERROR_MORE_DATA)
      return {};
    const std::array<HANDLE, 2> either{cancelled_.get(), read_.get()};
    if (WaitForMultipleObjects(2, either.data(), FALSE, INFINITE) == WAIT_OBJECT_0)
      CancelIoEx(handle_.get(), &job);
    if (GetOverlappedResult(handle_.get(), &job, &count, TRUE) == FALSE &&
        GetLastError() != ERROR_MORE_DATA)
      return {};
    return buffer.first(count);
  }
  void cancel() { SetEvent(cancelled_.get()); }

 private:
  explicit Pipe(Handle handle) : handle_(std::move(handle)) {}

  static Handle event() { return Handle(CreateEventW(nullptr, TRUE, FALSE, nullptr)); }

  Handle handle_;
  Handle written_ = event();
  Handle read_ = event();
  Handle cancelled_ = event();
};

void copy_fragments(const Socket& from, Pipe& to) {
  std::vector<char> fragment(kLongest);
  while (from.receive(std::span(fragment).first(kHeader))) {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(fragment[at]); };
    const std::size_t length = byte(kLength) | std::size_t{byte(kLength + 1)} << 8;
    if (length < kHeader) return;
    const auto whole = std::span(fragment).first(length);
    if (!from.receive(whole.subspan(kHeader)) || !to.write(whole)) return;
  }
}

void copy_messages(Pipe& from, const Socket& to) {
  std::vector<char> buffer(kLongest);
  for (;;) {
    const auto message = from.read(buffer);
    if (message.empty() || !to.send_all(message)) break;
  }
  to.hang_up();
}

void serve(const Socket& client, const std::string& name) {
  auto pipe = Pipe::open(name);
  if (!pipe) {
    std::cerr << "relay: no " << name << ": error " << GetLastError() << std::endl;
    return;
  }
  std::thread replies([&] { copy_messages(*pipe, client); });
  copy_fragments(client, *pipe);
  pipe->cancel();
  replies.join();
}

/// On a free port of 127.0.0.1, which it prints.
Socket listen() {
  Socket listener(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
  sockaddr_in address{.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.get(), any, size) != 0 || ::listen(listener.get(), SOMAXCONN) != 0 ||
      getsockname(listener.get(), any, &size) != 0)
    std::cerr << "relay: cannot listen: error " << WSAGetLastError() << std::endl;
  else
    std::cout << ntohs(address.sin_port) << std::endl;
  return listener;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: relay PIPE\n";
    return 2;
  }
  const std::string pipe = R"(\\.\pipe\)" + std::string(arguments[1]);
  WSADATA data{};
  WSAStartup(MAKEWORD(2, 2), &data);
  const auto listener = listen();
  for (;;) {
    Socket client(accept(listener.get(), nullptr, nullptr));
    if (client.get() == INVALID_SOCKET) return 1;
    const BOOL at_once = TRUE;
    setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&at_once),
               sizeof(at_once));
    std::thread([client = std::move(client), pipe] { serve(client, pipe); }).detach();
  }
}
