// Whether a text is a URL that an HTTP client can be given.
#pragma once

#include <optional>
#include <string>

namespace tocsin::config {

/// Nothing when it is an http or https URL with a host; else what it must be, without a piece of it
/// (RFC 3986, 3): "must begin with http:// or https://".
[[nodiscard]] std::optional<std::string> check_http_url(const std::string& text);

}  // namespace tocsin::config
