// An alert in one sentence, for destinations that have no room for more.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "domain/alert.h"

namespace tocsin::notify {

/// "MSSQLSERVER on db1 is STOPPED (was RUNNING): exit code 1067". Valid UTF-8, at most `most` bytes
/// (at least 100): long names are cut first, so that what has happened is still there.
[[nodiscard]] std::string sentence_about(const Alert& alert, std::size_t most = std::string::npos);

/// Why, as far as it is known: never empty for a kind that Butler lacks, which then says what it
/// means. A service that should be stopped says so when it starts or stops.
[[nodiscard]] std::string reason_of(const Alert& alert);

/// The text of a message for people, below the alert's notice where it has one.
[[nodiscard]] std::string with_notice(const Alert& alert, std::string text);

/// "MSSQLSERVER has stopped on db1"; of a reminder: "Reminder: ...". Valid UTF-8, at most `most`
/// bytes, in the same way.
[[nodiscard]] std::string title_of(const Alert& alert, std::size_t most = std::string::npos);

/// At most `most` bytes of valid UTF-8; what is longer ends in an ellipsis.
[[nodiscard]] std::string ended(std::string text, std::size_t most);

/// "STOPPED", "FLAPPING"; of a host: "UNREACHABLE", "REACHABLE" or "REBOOTED"; of a credential:
/// "REFUSED" or "ACCEPTED".
[[nodiscard]] std::string_view status_word(const Alert& alert);
/// The status before, in the same words.
[[nodiscard]] std::string_view previous_status_word(const Alert& alert);

/// At most `most` bytes of valid UTF-8 (at least 32). What is longer ends in a hash of the whole,
/// so that different texts stay different.
[[nodiscard]] std::string shortened(std::string text, std::size_t most);

}  // namespace tocsin::notify
