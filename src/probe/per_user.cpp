#include "probe/per_user.h"

#include <algorithm>
#include <array>

#include "wire/svcctl/terms.h"

namespace tocsin::probe {
namespace {

/// "_3b2f1", or nothing.
std::string_view logon_suffix(std::string_view name) {
  constexpr std::string_view kHexadecimal = "0123456789abcdefABCDEF";
  const auto underscore = name.rfind('_');
  if (underscore == std::string_view::npos || underscore == 0) return {};
  const auto id = name.substr(underscore + 1);
  if (id.empty() || id.find_first_not_of(kHexadecimal) != std::string_view::npos) return {};
  return name.substr(underscore);
}

}  // namespace

std::optional<std::string> base_name(std::string_view name, std::uint32_t type) {
  const auto suffix = logon_suffix(name);
  if ((type & svcctl::kUserServiceInstance) == 0 || suffix.empty()) return std::nullopt;
  return std::string(name.substr(0, name.size() - suffix.size()));
}

std::string base_display_name(std::string_view display_name, std::string_view copy_name) {
  const auto suffix = logon_suffix(copy_name);
  if (!suffix.empty() && display_name.size() > suffix.size() && display_name.ends_with(suffix))
    display_name.remove_suffix(suffix.size());
  return std::string(display_name);
}

bool is_template(std::uint32_t type) {
  return (type & svcctl::kUserService) != 0 && (type & svcctl::kUserServiceInstance) == 0;
}

bool is_group(const ServiceName& name, const ServiceDetails& details) {
  return is_per_user(details) && logon_suffix(name.text()).empty();
}

ServiceStatus status_of_copies(std::span<const ServiceStatus> copies) {
  using enum ServiceState;
  constexpr std::array kNearest{running,       start_pending, continue_pending, paused,
                                pause_pending, stop_pending,  stopped,          unknown};
  const auto rank = [&](const ServiceStatus& status) {
    return std::ranges::find(kNearest, status.state) - kNearest.begin();
  };
  auto status = *std::ranges::min_element(copies, {}, rank);
  status.process_id = 0;
  return status;
}

}  // namespace tocsin::probe
