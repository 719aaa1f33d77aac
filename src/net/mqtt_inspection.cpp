#include "net/mqtt_inspection.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace tocsin::net {
namespace {

/// More than any answer to a publisher needs.
constexpr std::size_t kLargestPacket = std::size_t{64} * 1024;
/// Kind and flags (MQTT 5, 2.1) of CONNACK, PUBACK, PUBREC, PUBCOMP, PINGRESP and DISCONNECT.
constexpr std::array<std::uint8_t, 6> kHeads = {0x20, 0x40, 0x50, 0x70, 0xD0, 0xE0};

/// Reads fields one after the other; false or nothing beyond the end.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  bool skip(std::size_t count) {
    if (bytes_.size() < count) return false;
    bytes_.remove_prefix(count);
    return true;
  }
  std::optional<std::uint8_t> byte() {
    if (bytes_.empty()) return std::nullopt;
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  /// MQTT 5, 1.5.5.
  std::optional<std::size_t> variable() {
    std::size_t value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const auto next = byte();
      if (!next) return std::nullopt;
      value |= static_cast<std::size_t>(*next & 0x7F) << shift;
      if ((*next & 0x80) == 0) return value;
    }
    return std::nullopt;
  }
  bool skip_text() {
    const auto high = byte();
    const auto low = byte();
    return high && low && skip(static_cast<std::size_t>(*high) << 8 | *low);
  }
  std::optional<Fields> part(std::size_t count) {
    if (bytes_.size() < count) return std::nullopt;
    const Fields taken(bytes_.substr(0, count));
    bytes_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view bytes_;
};

/// MQTT 5, 2.2.2.2.
bool skip_property(Fields& fields) {
  const auto name = fields.variable();
  if (!name) return false;
  switch (*name) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return fields.skip(1);
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return fields.skip(2);
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return fields.skip(4);
    case 0x0B:
      return fields.variable().has_value();
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1A:
    case 0x1C:
    case 0x1F:
      return fields.skip_text();
    case 0x26:
      return fields.skip_text() && fields.skip_text();
    default:
      return false;
  }
}

bool are_properties(Fields& fields) {
  const auto size = fields.variable();
  if (!size || *size != fields.size()) return false;
  while (!fields.empty()) {
    if (!skip_property(fields)) return false;
  }
  return true;
}

/// `first`: the fields before the reason code; that and the properties may be left out at the end.
bool is_answer(Fields& body, std::size_t first) {
  return body.skip(first) && (!body.byte() || body.empty() || are_properties(body));
}

bool is_packet(std::uint8_t head, Fields body) {
  switch (head) {
    case 0x20:  // CONNACK; that of MQTT 3.1.1 has no properties
      return body.skip(2) && (body.empty() || are_properties(body));
    case 0x40:  // PUBACK
    case 0x50:  // PUBREC
    case 0x70:  // PUBCOMP
      return is_answer(body, 2);
    case 0xD0:  // PINGRESP
      return body.empty();
    case 0xE0:  // DISCONNECT
      return is_answer(body, 0);
    default:
      return false;
  }
}

}  // namespace

bool is_connack_of_mqtt311(std::string_view bytes) {
  return bytes.starts_with(std::string_view("\x20\x02", 2));
}

bool is_plausible_mqtt5(std::string_view bytes) {
  Fields fields(bytes);
  while (!fields.empty()) {
    const auto head = fields.byte();
    if (std::ranges::find(kHeads, *head) == kHeads.end()) return false;
    const auto left = fields.size();
    const auto size = fields.variable();
    if (!size) return left < 4;
    if (*size > kLargestPacket) return false;
    const auto body = fields.part(*size);
    if (!body) return true;
    if (!is_packet(*head, *body)) return false;
  }
  return true;
}

}  // namespace tocsin::net
