#include "platform/password_prompt.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <termios.h>
#include <unistd.h>

#include "platform/standard_streams.h"

namespace tocsin::platform {
namespace {

constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// What came while the terminal did not show what is typed; of the process, as signals are.
volatile std::sig_atomic_t came = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// While it lives the terminal shows nothing, and a signal ends the reading; afterwards all is as
/// before, and the signal does what it would have done.
class Unseen {
 public:
  explicit Unseen(const termios& shown) : shown_(shown) {
    came = 0;
    struct sigaction note{};
    note.sa_handler = [](int signal) { came = signal; };  // without SA_RESTART
    for (std::size_t i = 0; i < kEnding.size(); i++)
      sigaction(kEnding.at(i), &note, &before_.at(i));
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~Unseen() {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown_);
    for (std::size_t i = 0; i < kEnding.size(); i++)
      sigaction(kEnding.at(i), &before_.at(i), nullptr);
    write_to_stderr("\n");
    if (came != 0) raise(came);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios shown_;
  std::array<struct sigaction, kEnding.size()> before_{};
};

}  // namespace

bool is_typed() { return isatty(STDIN_FILENO) == 1; }

Result<std::string> read_unseen() {
  termios shown{};
  if (tcgetattr(STDIN_FILENO, &shown) != 0) return std::string();
  const Unseen unseen(shown);
  std::array<char, 4096> line{};  // as long as lines of a terminal get
  const auto size = read(STDIN_FILENO, line.data(), line.size());
  std::string text(line.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  explicit_bzero(line.data(), line.size());
  return text;
}

}  // namespace tocsin::platform
