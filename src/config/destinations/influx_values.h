// What the keys of InfluxDB may say: durations of retention, and where the server is. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::config {

/// "10d", "1h30m", "INF": InfluxQL's durations from seconds up; 0 for ever. Nothing: it is none.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retention(std::string_view text);
/// What is wrong with a duration, if anything.
[[nodiscard]] std::optional<std::string> check_retention(const std::string& text);

/// What is wrong with a name, an address or a URL, if anything.
[[nodiscard]] std::optional<std::string> check_host_or_url(const std::string& text);
/// Whether the text is meant to be a URL and not the name of a host.
[[nodiscard]] bool has_scheme(std::string_view text);
[[nodiscard]] bool has_port(std::string_view url);
/// "http://host:port" of what the keys `hostIP` and `hostPort` say.
[[nodiscard]] std::string make_url(std::string host, std::optional<std::uint16_t> port,
                                   std::uint16_t fallback);

}  // namespace tocsin::config
