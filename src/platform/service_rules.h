// What a service of ours is called, runs as, and says of itself. Pure, so that it is tested
// everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::platform {

/// Whether Windows takes it as the name of a service.
[[nodiscard]] bool is_service_name(std::string_view name);

/// The account that a service has for itself, with no right that its name does not get: a virtual
/// account. It needs no password and no set-up, nobody else runs as it, so that what is granted to
/// it is granted to the service alone, and to other machines it is the account of this computer.
[[nodiscard]] std::string virtual_account(std::string_view service);

/// Whether it is a person's or an administrator's account, of which Windows must know the password:
/// not a virtual one, not one of the system's, and not a managed one (whose name ends with `$`).
[[nodiscard]] bool has_password(std::string_view account);
/// Whether somebody must first give it the right "Log on as a service".
[[nodiscard]] bool needs_logon_right(std::string_view account);

/// Whether the words of a service's command line are those of a service of ours; the first is the
/// program.
[[nodiscard]] bool runs_tocsin(const std::vector<std::string>& words);

/// SERVICE_STATUS without the type of the service, which never changes.
struct ServiceStatus {
  std::uint32_t state;
  std::uint32_t accepted = 0;
  std::uint32_t exit_code = 0;
  std::uint32_t specific_exit_code = 0;
  std::uint32_t checkpoint = 0;
  std::uint32_t wait_hint = 0;  ///< milliseconds
};
/// The next sign of life comes within a minute: the longest step at the start is reading a large
/// database once.
[[nodiscard]] ServiceStatus starting(std::uint32_t checkpoint);
[[nodiscard]] ServiceStatus running();
[[nodiscard]] ServiceStatus stopping();
/// With the program's exit code. Only what is not 0 is a failure in the eyes of the manager.
[[nodiscard]] ServiceStatus stopped(int exit_code);

}  // namespace tocsin::platform
