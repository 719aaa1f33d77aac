#include "schedule/time_zone.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "schedule/posix_zone.h"

namespace tocsin {
namespace {

using std::chrono::local_seconds, std::chrono::seconds, std::chrono::sys_seconds;

constexpr std::size_t kHeaderSize = 44;
/// Rules that nobody can know are not applied.
constexpr std::chrono::year kLastYear(2100);

constexpr sys_seconds kBeginning = sys_seconds::min();
constexpr sys_seconds kEnd = sys_seconds::max();

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  if (bytes.size() == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

/// One header and the data that it counts (RFC 9636, 3.1 and 3.2).
struct Block {
  char version;
  std::size_t changes;
  std::size_t types;
  std::string_view data;

  /// `width`: the bytes of a time. Nothing: that is no such block.
  static std::optional<Block> read(std::string_view bytes, std::size_t width) {
    if (bytes.size() < kHeaderSize || !bytes.starts_with("TZif")) return std::nullopt;
    const auto count = [bytes](std::size_t i) {
      return static_cast<std::uint32_t>(big_endian(bytes.substr(20 + i * 4, 4)));
    };
    Block block{.version = bytes[4], .changes = count(3), .types = count(4), .data = {}};
    const std::uint64_t size = std::uint64_t{block.changes} * (width + 1) +
                               std::uint64_t{block.types} * 6 + count(5) +
                               std::uint64_t{count(2)} * (width + 4) + count(1) + count(0);
    if (size > bytes.size() - kHeaderSize || block.types == 0) return std::nullopt;
    block.data = bytes.substr(kHeaderSize, size);
    return block;
  }

  [[nodiscard]] std::optional<std::vector<TimeZone::Change>> read_changes(std::size_t width) const {
    const auto type_bytes = data.substr(changes * (width + 1), types * 6);
    const auto offset = [type_bytes](std::size_t type) {
      return seconds(big_endian(type_bytes.substr(type * 6, 4)));
    };
    std::vector<TimeZone::Change> read = {{kBeginning, offset(0)}};
    for (std::size_t i = 0; i < changes; i++) {
      const auto type = static_cast<unsigned char>(data[changes * width + i]);
      const sys_seconds at(seconds(big_endian(data.substr(i * width, width))));
      if (type >= types || (i > 0 && at <= read.back().at)) return std::nullopt;
      read.push_back({at, offset(type)});
    }
    return read;
  }
};

std::optional<std::vector<TimeZone::Change>> read_file(std::string_view bytes) {
  const auto old = Block::read(bytes, 4);
  if (!old) return std::nullopt;
  if (old->version < '2') return old->read_changes(4);
  bytes.remove_prefix(kHeaderSize + old->data.size());
  const auto block = Block::read(bytes, 8);
  if (!block) return std::nullopt;
  auto changes = block->read_changes(8);
  auto footer = bytes.substr(kHeaderSize + block->data.size());
  if (!changes || !footer.starts_with('\n') || footer.find('\n', 1) == footer.npos)
    return std::nullopt;
  footer = footer.substr(1, footer.find('\n', 1) - 1);
  if (footer.empty()) return changes;

  const auto rules = schedule::parse_posix_zone(footer);
  if (!rules) return std::nullopt;
  const auto last = std::max(changes->back().at, sys_seconds());
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(last));
  for (auto year = day.year(); year <= kLastYear; year++) {
    for (const auto& change : rules->changes_in(year)) {
      if (change.at > last && change.at > changes->back().at) changes->push_back(change);
    }
  }
  return changes;
}

}  // namespace

TimeZone::TimeZone() : TimeZone("UTC", {{kBeginning, seconds(0)}}) {}

TimeZone::TimeZone(std::string name, std::vector<Change> changes) : name_(std::move(name)) {
  // Where only the name of the time changes, nothing does.
  const auto same = std::ranges::unique(changes, {}, &Change::offset);
  changes.erase(same.begin(), same.end());
  changes_ = std::make_shared<const std::vector<Change>>(std::move(changes));
}

Result<TimeZone> TimeZone::parse(std::string name, std::string_view tzif) {
  auto changes = read_file(tzif);
  if (!changes)
    return fail(ErrorKind::malformed, "the file of the time zone " + name + " is damaged");
  constexpr auto kMost = std::chrono::hours(26);
  const bool plausible = std::ranges::all_of(*changes, [&](const Change& change) {
    return change.offset >= -kMost && change.offset <= kMost;
  });
  if (!plausible)
    return fail(ErrorKind::malformed, "the time zone " + name + " has impossible offsets");
  return TimeZone(std::move(name), *std::move(changes));
}

std::size_t TimeZone::change_at(sys_seconds instant) const {
  const auto after = std::ranges::upper_bound(*changes_, instant, {}, &Change::at);
  return static_cast<std::size_t>(after - changes_->begin()) - 1;
}

TimeZone::Period TimeZone::period(std::size_t change) const {
  const auto& changes = *changes_;
  return {.begin = changes[change].at,
          .end = change + 1 < changes.size() ? changes[change + 1].at : kEnd,
          .offset = changes[change].offset};
}

TimeZone::Period TimeZone::period_at(sys_seconds instant) const {
  return period(change_at(instant));
}

local_seconds TimeZone::to_local(sys_seconds instant) const {
  return local_seconds(instant.time_since_epoch() + period_at(instant).offset);
}

sys_seconds TimeZone::to_instant(local_seconds local) const {
  const sys_seconds as_if_utc(local.time_since_epoch());
  // No offset is larger than a good day.
  for (auto change = change_at(as_if_utc - std::chrono::hours(27));; change++) {
    const auto [begin, end, offset] = period(change);
    if (as_if_utc - offset < end) return std::max(as_if_utc - offset, begin);
  }
}

}  // namespace tocsin
