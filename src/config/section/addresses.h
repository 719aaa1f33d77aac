// Names and addresses of hosts, as people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::config {

/// The name of a monitored host, or several with ranges. What each is called is checked when they
/// are connected to, by check_host(). Continues the name of the key, as do the others.
[[nodiscard]] std::optional<std::string> check_host_name(const std::string& text);

/// A name or address to connect to; `port_key` is the key that the port belongs to.
[[nodiscard]] std::optional<std::string> check_host(const std::string& text,
                                                    std::string_view port_key);
[[nodiscard]] std::optional<std::string> check_host(const std::string& text);

/// An address in numbers that systems read in different ways, or refuse. Nothing where it is
/// right, or no such address.
[[nodiscard]] std::optional<std::string> find_mistake_in_numbers(std::string_view address);

}  // namespace tocsin::config
