#include "config/scrypt_hash.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/base64.h"

namespace tocsin::config {
namespace {

/// 128 * r * N (RFC 7914, 5). Less is guessed too fast; more, for each of two logins at once, is
/// too much for a program that watches beside others.
constexpr std::uint64_t kLeastMemory = std::uint64_t{16} << 20;
constexpr std::uint64_t kMostMemory = std::uint64_t{64} << 20;
constexpr unsigned kMostLog2Cost = 20;
constexpr unsigned kMostBlockSize = 64;
constexpr unsigned kMostParallel = 8;
constexpr std::size_t kLeastSalt = 8;
constexpr std::size_t kLeastHash = 16;
constexpr std::size_t kMostBytes = 64;

constexpr std::string_view kForm =
    "must be a hash such as `$scrypt$ln=15,r=8,p=1$SALT$HASH`, as `tocsin web-password NAME` "
    "prints it";
constexpr std::string_view kBounds =
    "must take 16 to 64 MB (128 * r * 2^ln bytes), with p from 1 to 8: `tocsin web-password NAME` "
    "prints such a hash";

/// What stands before the mark, which is taken away too; nothing: there is no mark.
std::optional<std::string_view> take_until(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  if (end == std::string_view::npos) return std::nullopt;
  const auto taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

/// The number of "ln=15".
std::optional<unsigned> parse_parameter(std::optional<std::string_view> text,
                                        std::string_view name) {
  if (!text || !text->starts_with(name)) return std::nullopt;
  const auto digits = text->substr(name.size());
  unsigned number = 0;
  const auto* const begin = digits.data();
  const auto* const end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (digits.starts_with('0') || error != std::errc() || stop != end) return std::nullopt;
  return number;
}

bool is_in_bounds(const ScryptHash& hash) {
  if (hash.log2_cost > kMostLog2Cost || hash.block_size > kMostBlockSize) return false;
  const auto memory = std::uint64_t{128} * hash.block_size << hash.log2_cost;
  return memory >= kLeastMemory && memory <= kMostMemory && hash.parallel <= kMostParallel;
}

std::string without_padding(std::string base64) {
  base64.resize(base64.find_last_not_of('=') + 1);
  return base64;
}

}  // namespace

std::expected<ScryptHash, std::string> ScryptHash::parse(const std::string& text) {
  std::string_view rest = text;
  constexpr std::string_view kScheme = "$scrypt$";
  const bool is_scrypt = rest.starts_with(kScheme);
  if (is_scrypt) rest.remove_prefix(kScheme.size());
  const auto log2_cost = parse_parameter(take_until(rest, ','), "ln=");
  const auto block_size = parse_parameter(take_until(rest, ','), "r=");
  const auto parallel = parse_parameter(take_until(rest, '$'), "p=");
  const auto salt = from_base64(take_until(rest, '$').value_or(""));
  const auto hash = from_base64(rest);
  if (!is_scrypt || !log2_cost || !block_size || !parallel || !salt || !hash ||
      salt->size() < kLeastSalt || salt->size() > kMostBytes || hash->size() < kLeastHash ||
      hash->size() > kMostBytes)
    return std::unexpected(std::string(kForm));
  ScryptHash parsed{.log2_cost = *log2_cost,
                    .block_size = *block_size,
                    .parallel = *parallel,
                    .salt = *salt,
                    .hash = *hash};
  if (!is_in_bounds(parsed)) return std::unexpected(std::string(kBounds));
  return parsed;
}

std::string ScryptHash::to_text() const {
  return fmt::format("$scrypt$ln={},r={},p={}${}${}", log2_cost, block_size, parallel,
                     without_padding(to_base64(salt)), without_padding(to_base64(hash)));
}

}  // namespace tocsin::config
