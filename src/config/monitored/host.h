// A host that is watched, and how it is asked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "base/words.h"
#include "config/file/environment.h"
#include "config/monitored/credentials.h"
#include "domain/policy.h"
#include "domain/watch.h"
#include "schedule/schedule.h"

namespace tocsin::config {

enum class Source : std::uint8_t { smb, scm };
consteval auto table_of(Source) {
  using enum Source;
  return std::array{Word{smb, "smb"}, Word{scm, "scm"}};
}
/// How hosts are asked that do not say.
[[nodiscard]] Source default_source(const Environment& environment);

inline constexpr unsigned kCheckEveryNth = 4;

/// Its services may be started and stopped.
struct HostControl {
  SharedCredentials credentials;  ///< for that alone; null: as for checks

  friend bool operator==(const HostControl&, const HostControl&) = default;
};

struct Host {
  HostName name;
  Schedule frequency;
  std::string address;      ///< an address or a name to connect to
  std::string server_name;  ///< what the host calls itself; empty: as `address`
  std::uint16_t port = 445;
  Source source = Source::smb;
  SharedCredentials credentials;  ///< null: none are configured
  bool push = true;               ///< it is asked to tell of changes by itself
  /// While it tells of all of them: one of so many times of the schedule is a check, the others
  /// only ask whether it is there.
  unsigned check_every_nth = kCheckEveryNth;
  /// Why it is not asked, and not reached: the account that it names is missing in a file of
  /// Butler. Empty: it is asked.
  std::string not_asked;
  Watchlist services;
  HostPolicy policy;
  std::optional<HostControl> control;  ///< nothing: its services are only watched

  friend bool operator==(const Host&, const Host&) = default;
};

/// Whether both are reached and asked in the same way, with the same account: whether they are
/// equal but for the name, the schedule of checks, the services, the policy and what may be done to
/// them.
[[nodiscard]] bool is_asked_alike(Host a, const Host& b);
/// The keys of `monitor` in which two hosts differ, the case of their names included.
[[nodiscard]] std::vector<std::string_view> differing_keys(const Host& a, const Host& b);
/// Whether nothing differs between them, the case of the name included.
[[nodiscard]] bool is_same(const Host& a, const Host& b);

}  // namespace tocsin::config
