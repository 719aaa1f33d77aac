// What shows whether a host has booted: processes that Windows never restarts without a boot, or
// its uptime. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/names.h"
#include "base/words.h"

namespace tocsin {

/// Services that nobody can stop. (Not EventLog: an administrator may restart it.)
enum class BootService : std::uint8_t { rpc_ss, rpc_ept_mapper, dcom_launch, lsm, sam_ss };

consteval auto table_of(BootService) {
  using enum BootService;
  return std::array{Word{rpc_ss, "RpcSs"}, Word{rpc_ept_mapper, "RpcEptMapper"},
                    Word{dcom_launch, "DcomLaunch"}, Word{lsm, "LSM"}, Word{sam_ss, "SamSs"}};
}
/// Nothing: it is another one.
[[nodiscard]] std::optional<BootService> find_boot_service(const ServiceName& name);

/// What a check observes of that.
struct BootSigns {
  /// The processes of the services by number; 0: not known.
  std::array<std::uint32_t, all_values<BootService>().size()> processes{};
  Time booted_at{};  ///< by the uptime of the system; the epoch: not known

  [[nodiscard]] std::uint32_t& process(BootService of) { return processes[std::to_underlying(of)]; }
  [[nodiscard]] std::uint32_t process(BootService of) const {
    return processes[std::to_underlying(of)];
  }

  friend bool operator==(const BootSigns&, const BootSigns&) = default;
};

/// Whether the host has booted between the two; nothing: they do not tell.
[[nodiscard]] std::optional<bool> has_booted(const BootSigns& before, const BootSigns& now);
/// What is known of one run of the host after both; `now` prevails.
[[nodiscard]] BootSigns merge(const BootSigns& before, const BootSigns& now);

}  // namespace tocsin
