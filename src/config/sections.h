// The sections of the file. Each declares its keys where it reads them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "config/config.h"
#include "config/destinations/grouping.h"
#include "config/destinations/http_proxy.h"
#include "config/section/section.h"

namespace tocsin::config {

/// What a switch of `serviceMonitor.alertDestination` says.
struct Wanted {
  bool on = false;
  Place place{};
};

/// All of `serviceMonitor.alertDestination`.
struct AlertDestinations {
  std::array<Wanted, std::tuple_size_v<Destinations>> wanted;  ///< in the catalogue's order
  std::vector<PlacedText> of_routes;                           ///< the names that `routes` use

  [[nodiscard]] bool any() const;
};

/// All of it: what stands under `Butler:` or `tocsin:`.
void read_config(Section& root, Config& config);

/// `serviceMonitor`: what is watched, how often, with which accounts, and the destinations of
/// alerts.
[[nodiscard]] AlertDestinations read_service_monitor(Section& section, Config& config);

/// `serviceMonitor.alertDestination`.
void read_alert_destinations(Section& section, AlertDestinations& destinations);

/// `serviceMonitor.routes`; `sets` are the names of all service sets, and the hosts are known.
/// Answers the names of destinations.
[[nodiscard]] std::vector<PlacedText> read_routes(Section& section,
                                                  const std::vector<std::string>& sets,
                                                  Config& config);
/// Says which of these names mean nobody, when all destinations are known.
void check_routes(Section& root, const std::vector<PlacedText>& destinations, Config& config);

/// The sections of all destinations of the catalogue.
void read_destinations(Section& root, const AlertDestinations& wanted, Config& config);

// What several keys say to those who know Butler.

/// Of sections for firing alerts.
inline constexpr std::string_view kTellsMore =
    "Covers services that are paused, hang, vanish or deny access, and unreachable hosts too. "
    "Butler alerts about stopped services alone.";
/// Of `serviceStopped`.
inline constexpr std::string_view kServesOthers =
    "Its address gets alerts about services that pause, hang or vanish and unreachable hosts too. "
    "`otherAlerts` can give them another. Butler has no such alerts.";
/// Of `serviceStarted`.
inline constexpr std::string_view kTellsLess =
    "Covers services that run, with a rate limit of its own. Butler takes all that is not stopped "
    "for running, and uses the limit of `serviceStopped`.";
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

/// Reports a file that `certCA` names where it holds no certificate.
void check_ca_file(Section& section, Place place, const std::string& path);

/// `cert`: how an https receiver is verified. The variables keep what holds by default.
void read_certificate(Section& section, std::string& ca_file, bool& reject_unauthorized);

/// What holds in a file of Butler that has no `rateLimit`; in one of our own there is no limit.
inline constexpr std::chrono::seconds kRateLimitOfButler{300};

/// `rateLimit`; `destination` is what it holds for: "webhook". `otherwise` is the default in words,
/// where the variable does not have it.
void read_rate_limit(Section& section, std::string_view destination, std::chrono::seconds& out,
                     std::string_view otherwise = {});

/// `grouping`, under the name of the key; what it does not say stays.
void read_grouping(Section& section, const Key& key, Grouping& grouping);
/// Says that the section's own template, which the key has given, switches groups off.
void note_ungrouped(Section& section, std::optional<Place> place, std::string_view key);
/// `grouping` in a destination that programs read: an error.
void refuse_grouping(Section& section);

/// `proxy` and `noProxy` of all destinations.
void read_proxy(Section& section, HttpProxy& proxy);
/// The same of one: what it does not say is as for all.
void read_own_proxy(Section& section, HttpProxy& proxy);

/// `genericUrls`.
void read_generic_urls(Section& root, std::vector<GenericUrl>& urls);

}  // namespace tocsin::config
