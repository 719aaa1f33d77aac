// Names of hosts with numeric ranges in them: qs-node[1-4], db[01-20], web[1-4,7].
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::config {

/// All hosts of a configuration together.
inline constexpr std::size_t kMostHosts = 100'000;

struct HostNamesMistake {
  std::size_t column;  ///< 0-based, in bytes of the text
  std::string text;    ///< a sentence
  bool is_too_many = false;
};

/// The names that the text stands for, in the order of their numbers; of several ranges the last
/// counts fastest. The text itself where it has no `[`. `[01-20]` keeps leading zeros. A mistake
/// when they are more than `most`. None is longer than the text.
[[nodiscard]] std::expected<std::vector<std::string>, HostNamesMistake> expand_host_names(
    std::string_view text, std::size_t most);

/// The same names, in their order, with at least three that count up written as one range.
[[nodiscard]] std::vector<std::string> compress_host_names(const std::vector<std::string>& names);

}  // namespace tocsin::config
