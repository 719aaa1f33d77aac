// What a message about several alerts says.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "config/destinations/generic_urls.h"
#include "notify/channel.h"

namespace tocsin::notify {

/// Room for the lines of a group, in bytes: what the destination takes, less the title, what is
/// still down, and the count of what has no line.
struct GroupRoom {
  std::size_t lines;
  std::size_t around_line = 0;  ///< what the message puts around each
  std::size_t plain_lines = 0;  ///< of a message that is only text, if that has less room
};
constexpr GroupRoom kSlackRoom{.lines = 2900, .plain_lines = 2100};
constexpr GroupRoom kTeamsRoom{.lines = 24'000, .around_line = 110, .plain_lines = 3000};
constexpr GroupRoom kMailRoom{.lines = 100'000};  // more than anybody reads
constexpr GroupRoom kNtfyRoom{.lines = 3200};

struct GroupText {
  std::string notice;              ///< what is said before all else; empty: nothing
  std::string title;               ///< "db1: 3 alerts, 1 resolved", "500 hosts: 500 alerts"
  std::vector<std::string> lines;  ///< "14:03:59Z Print Spooler has stopped on db1: exit code 1067"
  std::size_t more = 0;            ///< alerts that have no line for want of room
  std::string still_down;          ///< "still down: Print Spooler and 3 more"; empty: nothing is
};

/// The bytes that a line takes in the message, where that is not its size.
using SizeOf = std::function<std::size_t(const std::string& line)>;

/// Root causes first, else in order; as many as fit into `most` bytes of lines, at least one.
[[nodiscard]] GroupText describe_group(const Contents& contents, std::size_t most,
                                       const SizeOf& size_of = {});

/// The one by which a message about several looks and sounds: firing before resolved, then by
/// severity, then the oldest.
[[nodiscard]] const Alert& worst_of(const Contents& contents);

/// Whether what it is about fires when all of it has happened.
[[nodiscard]] bool fires_at_its_end(const Contents& contents);

/// All of it but the title, a line each: "and 230 more" stands for those that have none.
[[nodiscard]] std::string plain_text(const GroupText& text);

/// What templates of groups know, as JSON: `title`, `notice`, `count`, `lines`, `more`,
/// `stillDown`, `severity` (the highest), `up` (whether all are resolved), `time` (of the first),
/// `host` (empty with several), `genericUrls`, and `alerts`: for each line what templates know of
/// one alert.
[[nodiscard]] std::string group_values(const Contents& contents, const GroupText& text,
                                       std::span<const config::GenericUrl> urls);

}  // namespace tocsin::notify
