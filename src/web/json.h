// How things look in the answers of the API (docs/openapi.yaml).
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "domain/ack.h"
#include "domain/alert.h"
#include "domain/silence.h"
#include "web/board.h"
#include "web/http.h"
#include "web/monitor.h"

namespace tocsin::web {

using json = nlohmann::ordered_json;

/// Whatever is no UTF-8 becomes U+FFFD.
[[nodiscard]] Response respond(const json& body, int status = 200);
/// The epoch means that there is none.
[[nodiscard]] json time_or_null(Time time);
[[nodiscard]] json to_json(const StateCounts& states);
/// The state that each letter stands for.
[[nodiscard]] const json& letters();
[[nodiscard]] json to_json(const Alert& alert);
[[nodiscard]] json to_json(const Ack& ack);
[[nodiscard]] json to_json(const Silence& silence, Time now);
[[nodiscard]] json to_json(const Diagnosis& diagnosis);
[[nodiscard]] json to_json(const Controlled& controlled);

}  // namespace tocsin::web
