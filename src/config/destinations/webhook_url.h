// URLs of webhooks, whose path and query may name fields of the alert:
// "https://desk.example/alerts/{{dedupKey}}/close".
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::config {

/// The fields that a URL may name. Templates have them too.
inline constexpr std::array<std::string_view, 6> kUrlFields{"alertId", "dedupKey",    "host",
                                                            "kind",    "serviceName", "severity"};

/// As check_http_url(). Scheme, user and host are never an alert's business.
[[nodiscard]] std::optional<std::string> check_webhook_url(const std::string& text);

/// Whether the URL depends on the alert.
[[nodiscard]] bool names_fields(std::string_view url);

/// The URL with `value_of(field)` in place of each field.
[[nodiscard]] std::string with_fields(
    std::string_view url, const std::function<std::string(std::string_view field)>& value_of);

}  // namespace tocsin::config
