// `reload`: lets a running tocsin read its configuration again, and waits for what it says.
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/requests.h"
#include "daemon/daemon.h"
#include "store/requests.h"

namespace tocsin::cli {
namespace {

constexpr auto kLongestWait = std::chrono::seconds(30);
constexpr auto kPollInterval = std::chrono::milliseconds(100);

/// Asks, and waits for the answer.
Result<store::ReloadAnswer> ask(const std::filesystem::path& directory) {
  TRY(auto requests, store::Requests::open(directory));
  TRY(const auto there, requests.is_anybody_there());
  if (!there)
    return fail(ErrorKind::not_found,
                to_utf8(directory) + ": no tocsin runs with this data directory");
  TRY(const auto id, requests.ask_for_reload(actor()));
  const auto end = std::chrono::steady_clock::now() + kLongestWait;
  while (std::chrono::steady_clock::now() < end) {
    TRY(auto answer, requests.find_answer(id));
    if (answer) return *std::move(answer);
    std::this_thread::sleep_for(kPollInterval);
  }
  return fail(ErrorKind::timed_out, "the running tocsin has not answered yet: its log says more");
}

}  // namespace

int reload(const RunOptions& options) {
  const auto config = load(options.configuration);
  if (!config) return kExitBadConfiguration;
  const auto answer = ask(daemon::data_directory(options.data_directory, *config));
  if (!answer) return failed(answer.error().what);
  if (!answer->good) return failed(answer->text);
  fmt::print("{}\n", printable(answer->text, 1000));
  return kExitOk;
}

}  // namespace tocsin::cli
