// Keys that several destinations have.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/section/section.h"

namespace tocsin::config {

// What several keys say to those who know Butler.

/// Of sections for firing alerts.
inline constexpr std::string_view kTellsMore =
    "Also covers services that pause, hang, vanish or deny access, and unreachable hosts. Butler "
    "alerts about stopped services only.";
/// Of `serviceStopped`.
inline constexpr std::string_view kServesOthers =
    "Its address also gets alerts about services that pause, hang or vanish and about unreachable "
    "hosts, unless `otherAlerts` names another. Butler has no such alerts.";
/// Of `serviceStarted`.
inline constexpr std::string_view kTellsLess =
    "Covers only running services, with a rate limit of its own. Butler treats every state but "
    "stopped as running and uses the limit of `serviceStopped`.";
/// Of templates for plain text.
inline constexpr std::string_view kNotForHtml =
    "Values stay as they are. Butler escapes them for HTML: `&amp;` for `&`.";

/// Whether Butler obeys the `enable` of a section, or goes by `alertDestination` alone.
enum class ButlerSwitch : std::uint8_t { obeyed, ignored };

/// The `enable` of a destination's section. Answers whether the destination is used: that takes
/// both switches, and a section that is not used makes no errors.
[[nodiscard]] bool read_enable(Section& section, bool wanted,
                               ButlerSwitch butler_switch = ButlerSwitch::obeyed);

/// The path of a template: the file that `key` names at `place`. Reports one that is not there,
/// once for all that name it.
[[nodiscard]] std::string template_at(Section& section, Place place, std::string_view key,
                                      const std::string& path);

/// `cert`: how an https receiver is verified. The variables keep what holds by default.
void read_certificate(Section& section, std::string& ca_file, bool& reject_unauthorized);

/// What holds in a file of Butler that has no `rateLimit`; in one of our own there is no limit.
inline constexpr std::chrono::seconds kRateLimitOfButler{300};

/// `rateLimit`; `destination` is what it holds for: "webhook". `otherwise` is the default in words,
/// where the variable does not have it.
void read_rate_limit(Section& section, std::string_view destination, std::chrono::seconds& out,
                     std::string_view otherwise = {});

}  // namespace tocsin::config
