// When alerts for people share one notification.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "config/file/findings.h"

namespace tocsin::config {

struct Key;
class Section;

/// The first alert of a group leaves at once; what follows is collected.
struct Grouping {
  /// What is collected leaves so long after the first alert; 0: at the end of the first interval.
  Duration wait = std::chrono::seconds(5);
  /// And then so often, until an interval brings nothing. 0: each alert is a notification of its
  /// own, and `wait` means nothing.
  Duration interval = std::chrono::seconds(30);

  [[nodiscard]] bool is_on() const { return interval > Duration::zero(); }

  friend bool operator==(const Grouping&, const Grouping&) = default;
};

/// `grouping`, under the name of the key; what it does not say stays. Answers the place of the key.
std::optional<Place> read_grouping(Section& section, const Key& key, Grouping& grouping);
/// Says that the section's own template, which the key has given, switches off groups that
/// destinations have by default.
void note_ungrouped(Section& section, const Grouping& by_default, std::optional<Place> place,
                    std::string_view key);
/// `grouping` in a destination that programs read: an error that says what to do `instead`.
void refuse_grouping(Section& section,
                     std::string_view instead = "remove it: programs get each alert separately");

}  // namespace tocsin::config
