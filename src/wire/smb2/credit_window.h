// Which message ids a client may use: each once, and none that it was not granted.
// [MS-SMB2] 3.3.1.1
#pragma once

#include <cstdint>
#include <set>

namespace tocsin::smb2 {

class CreditWindow {
 public:
  /// The most that a client may have at a time.
  static constexpr std::uint64_t kMost = 512;

  /// Whether the client may use the ids from `first` on, as many as it is charged (0 means one);
  /// if so they are spent.
  [[nodiscard]] bool spend(std::uint64_t first, std::uint16_t charge);
  /// How many of the credits that it asks for (0 means one) the client gets.
  [[nodiscard]] std::uint16_t grant(std::uint16_t asked);

 private:
  std::uint64_t first_ = 0;        ///< all ids before it are spent
  std::uint64_t end_ = 1;          ///< the first that was not granted
  std::set<std::uint64_t> spent_;  ///< between the two
};

}  // namespace tocsin::smb2
