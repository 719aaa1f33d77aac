// Reads `serviceStopped`, `serviceStarted` and `otherAlerts`, written once for all destinations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "config/destinations/alert_sections.h"
#include "config/destinations/common_keys.h"

namespace tocsin::config {

/// `serviceStopped` and `serviceStarted` stand for themselves; what `otherAlerts` leaves out holds
/// as there.
enum class KeysOf : std::uint8_t { own_section, other_alerts };

/// The default of a key, in words.
[[nodiscard]] constexpr std::string_view default_of(KeysOf keys, std::string_view own) {
  return keys == KeysOf::own_section ? own : "as in `serviceStopped` or `serviceStarted`";
}

/// `messages` is what is sent: "Mails". `read(Section&, Message&, KeysOf)` reads one section.
template <typename Settings, typename Read>
void read_alert_sections(Section& section, std::string_view messages, Settings& settings,
                         const Read& read) {
  const auto about = [&](std::string_view what) { return std::string(messages).append(what); };
  const auto stopped = about(" about services that stop.");
  section.section(
      {.name = key_of(AlertSection::stopped), .description = stopped, .differs = kServesOthers},
      [&](Section& inner) { read(inner, settings.stopped, KeysOf::own_section); });
  const auto started = about(" about services that start.");
  section.section(
      {.name = key_of(AlertSection::started), .description = started, .differs = kTellsLess},
      [&](Section& inner) { read(inner, settings.started, KeysOf::own_section); });
  const auto other = about(
      " about everything else: paused, missing, stuck or flapping services, unreachable hosts. "
      "Omitted texts are the built-in ones. Other omitted keys are those of `serviceStopped` for "
      "firing alerts, of `serviceStarted` for resolved ones.");
  section.section(
      {.name = key_of(AlertSection::other_firing), .description = other}, [&](Section& inner) {
        auto firing = without_texts(settings.stopped);
        auto resolved = without_texts(settings.started);
        if (!inner.is_there() && inner.reading().known_keys == nullptr) return;
        read(inner, firing, KeysOf::other_alerts);
        if (!inner.is_there()) return;
        inner.read_again([&](Section& same) { read(same, resolved, KeysOf::other_alerts); });
        settings.other_firing = std::move(firing);
        settings.other_resolved = std::move(resolved);
      });
}

}  // namespace tocsin::config
