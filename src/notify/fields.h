// What templates know of an alert: Butler's fields (Butler 16, service_monitor.js), and ours.
#pragma once

#include <span>
#include <string>

#include "config/destinations/generic_urls.h"
#include "domain/alert.h"

namespace tocsin::notify {

/// The same for all alerts of one service, host or credential, firing or resolved, today and after
/// updates: 32 hexadecimal digits, so that it fits wherever a receiver keeps it.
[[nodiscard]] std::string dedup_key(const Alert& alert);

/// A JSON object with the fields that docs/templates.md lists. Valid UTF-8; text that is longer
/// than any message is cut.
[[nodiscard]] std::string template_values(const Alert& alert,
                                          std::span<const config::GenericUrl> urls);

}  // namespace tocsin::notify
