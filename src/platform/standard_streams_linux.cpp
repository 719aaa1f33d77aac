#include "platform/standard_streams.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace tocsin::platform {

void prepare_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  // The lowest free number is the one that is closed. What is written there fails, as it should.
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
    if (fcntl(stream, F_GETFD) < 0) (void)open("/dev/null", O_RDONLY);
  }
}

bool write_to_stderr(std::string_view text) {
  while (!text.empty()) {
    const auto count = write(STDERR_FILENO, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd stream{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
      poll(&stream, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace tocsin::platform
