// Shared by the commands that leave a request to a running tocsin in the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.h"
#include "domain/silence.h"
#include "store/requests.h"

namespace tocsin::cli {

/// `option` is the data directory of the command line. Nothing: it has complained.
[[nodiscard]] std::optional<store::Requests> open_requests(
    const std::string& option, const config::Config& config,
    Result<store::Requests> (*open)(const std::filesystem::path&) = store::Requests::open);

/// Who asks; empty: not known.
[[nodiscard]] std::string user();

/// The same, now.
[[nodiscard]] Actor actor();

/// The id of a request; nothing if the text is not an id.
[[nodiscard]] std::optional<std::int64_t> parse_id(const std::string& text);

/// Why the scope means nothing that is watched; empty: it does.
[[nodiscard]] std::string find_mistake(const SilenceScope& scope, const config::Config& config);

}  // namespace tocsin::cli
