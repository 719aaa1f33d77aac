// A silence: whose alerts are suppressed on request, for how long and why. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/names.h"

namespace tocsin {

/// Names or patterns with * and ?.
struct SilenceScope {
  HostName host;
  ServiceName service;  ///< empty: the host and all of its services

  /// From "HOST" or "HOST/SERVICE".
  [[nodiscard]] static SilenceScope parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  /// Whether it holds for the service, or (of an empty name) for its host as a whole.
  [[nodiscard]] bool covers(const HostName& of, const ServiceName& name) const;

  friend bool operator==(const SilenceScope&, const SilenceScope&) = default;
};

struct Silence {
  std::int64_t id = 0;  ///< 0: not stored yet
  SilenceScope scope;
  Time begin{};
  Time end{};
  std::string reason;  ///< may be empty
  std::string author;

  /// It was made to hold at once: one that seems not to have begun was made before the clock was
  /// set back.
  [[nodiscard]] bool is_active(Time now) const { return now < end; }

  friend bool operator==(const Silence&, const Silence&) = default;
};

}  // namespace tocsin
