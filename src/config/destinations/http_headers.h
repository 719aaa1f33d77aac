// Headers that the user adds to requests.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/section/section.h"

namespace tocsin::config {

/// Names and values, in the order of the file. The values are secrets.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// Whether it can be the name of a header (RFC 9110, 5.6.2: a token).
[[nodiscard]] std::optional<std::string> check_header_name(const std::string& text);
/// The same for a header that requests do not have already, such as Host.
[[nodiscard]] std::optional<std::string> check_added_header_name(const std::string& text);
/// Whether it can be the value of a header: no line break, no other control character.
[[nodiscard]] std::optional<std::string> check_header_value(const std::string& text);

/// A list of headers under the name of the key.
void read_headers(Section& section, const Key& key, Check check_name, HttpHeaders& headers);

}  // namespace tocsin::config
