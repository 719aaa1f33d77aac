#include "base/random.h"

#include <array>

#include "base/bytes.h"

namespace tocsin {

std::string make_uuid(Time now, const RandomFill& random) {
  std::array<std::uint8_t, 16> id{};
  random(id);
  auto millis = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (std::size_t i = 6; i-- > 0; millis >>= 8) id.at(i) = static_cast<std::uint8_t>(millis);
  id[6] = static_cast<std::uint8_t>((id[6] & 0x0F) | 0x70);
  id[8] = static_cast<std::uint8_t>((id[8] & 0x3F) | 0x80);
  std::string text = to_hex(id);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

}  // namespace tocsin
