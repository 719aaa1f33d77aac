#include "platform/service_rules.h"

#include "base/text.h"

namespace tocsin::platform {
namespace {

// SERVICE_STATUS ([MS-SCMR] 2.2.47).
constexpr std::uint32_t kStopped = 1;
constexpr std::uint32_t kStartPending = 2;
constexpr std::uint32_t kStopPending = 3;
constexpr std::uint32_t kRunning = 4;
constexpr std::uint32_t kAcceptStop = 0x1;
constexpr std::uint32_t kAcceptShutdown = 0x4;
constexpr std::uint32_t kAcceptPreshutdown = 0x100;
constexpr std::uint32_t kServiceSpecificError = 1066;

constexpr std::uint32_t kStartHint = 60'000;
constexpr std::uint32_t kStopHint = 150'000;  // more than Daemon::stop() ever takes (kLastControls)

}  // namespace

bool is_service_name(std::string_view name) {
  constexpr std::size_t kMostUnits = 256;
  return !name.empty() && to_utf16(name).size() / 2 <= kMostUnits && is_utf8(name) &&
         name.find_first_of("/\\") == std::string_view::npos && printable(name, 2000) == name;
}

std::string virtual_account(std::string_view service) {
  return "NT SERVICE\\" + std::string(service);
}

bool has_password(std::string_view account) {
  const auto folded = fold_case(account);
  return !account.ends_with('$') && !folded.starts_with("NT SERVICE\\") &&
         !folded.starts_with("NT AUTHORITY\\") && folded != "LOCALSYSTEM" &&
         folded != ".\\LOCALSYSTEM";
}

bool needs_logon_right(std::string_view account) {
  return has_password(account) || account.ends_with('$');
}

bool runs_tocsin(const std::vector<std::string>& words) {
  return words.size() >= 3 && words[1] == "service" && words[2] == "run";
}

ServiceStatus starting(std::uint32_t checkpoint) {
  return {.state = kStartPending, .checkpoint = checkpoint, .wait_hint = kStartHint};
}

ServiceStatus running() {
  // Before the shutdown of the system there is more time, and the network is still there; older
  // systems know only the shutdown itself.
  return {.state = kRunning, .accepted = kAcceptStop | kAcceptShutdown | kAcceptPreshutdown};
}

ServiceStatus stopping() {
  return {.state = kStopPending, .checkpoint = 1, .wait_hint = kStopHint};
}

ServiceStatus stopped(int exit_code) {
  if (exit_code == 0) return {.state = kStopped};
  return {.state = kStopped,
          .exit_code = kServiceSpecificError,
          .specific_exit_code = static_cast<std::uint32_t>(exit_code)};
}

}  // namespace tocsin::platform
