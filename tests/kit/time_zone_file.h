// A compiled time zone (TZif, RFC 9636) for tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::kit {

inline std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; i--) text.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return text;
}

/// A file with one type and no change but those that the footer says.
inline std::string time_zone_file(std::chrono::seconds offset, std::string_view footer) {
  const auto block = [&](bool empty) {
    std::string text = "TZif2" + std::string(15, '\0');
    for (const int count : {0, 0, 0, 0, 1, empty ? 0 : 4})
      text += big_endian(static_cast<unsigned>(count), 4);
    text += big_endian(static_cast<std::uint64_t>(offset.count()), 4) + std::string(2, '\0');
    return empty ? text : text + std::string("CET\0", 4);
  };
  return block(true) + block(false) + "\n" + std::string(footer) + "\n";
}

}  // namespace tocsin::kit
