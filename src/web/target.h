// What a request asks for: the path and the query of a URL (RFC 3986), decoded. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::web {

struct Target {
  /// Between the slashes, decoded: "/hosts/a%2Fb" is {"hosts", "a/b"}, "/" is {}.
  std::vector<std::string> path;
  std::vector<std::pair<std::string, std::string>> query;
  bool ends_with_slash = false;  ///< the path; what relative links start from depends on it

  /// Of several the first.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;

  friend bool operator==(const Target&, const Target&) = default;
};

/// The target of a request in origin form. Nothing: it is in another form, has an empty segment but
/// the last, a "." or "..", a byte that is no UTF-8 or a control character, or more parts than any
/// of ours.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

}  // namespace tocsin::web
