#include "kerberos/host_refusal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "wire/spnego/tokens.h"

namespace tocsin::kerberos {
namespace {

constexpr std::uint8_t kFrame = 0x60;  // [APPLICATION 0]
constexpr std::uint8_t kOidTag = 0x06;
constexpr std::uint8_t kKrbError = 0x7e;  // [APPLICATION 30]
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kTime = 0x18;       // GeneralizedTime
constexpr std::uint8_t kStime = 0xa4;      // [4]
constexpr std::uint8_t kErrorCode = 0xa6;  // [6]
constexpr std::uint32_t kSkew = 37;        // KRB_AP_ERR_SKEW

/// A DER value: its tag and content, cut from the front of `rest`.
struct Value {
  std::uint8_t tag = 0;
  BytesView content;
};

std::optional<Value> cut(BytesView& rest) {
  if (rest.size() < 2) return std::nullopt;
  const auto tag = rest[0];
  std::size_t size = rest[1];
  std::size_t start = 2;
  if (size >= 0x80) {
    const std::size_t digits = size & 0x7f;
    if (digits == 0 || digits > 3 || rest.size() < start + digits) return std::nullopt;
    size = 0;
    for (; start < 2 + digits; start++) size = size << 8U | rest[start];
  }
  if (rest.size() - start < size) return std::nullopt;
  const Value value{tag, rest.subspan(start, size)};
  rest = rest.subspan(start + size);
  return value;
}

/// The content of the value that has this tag and begins `rest`.
std::optional<BytesView> open(BytesView rest, std::uint8_t tag) {
  const auto value = cut(rest);
  if (!value || value->tag != tag) return std::nullopt;
  return value->content;
}

std::optional<std::uint32_t> read_integer(BytesView content) {
  const auto digits = open(content, kInteger);
  if (!digits || digits->empty() || digits->size() > 4) return std::nullopt;
  std::uint32_t number = 0;
  for (const auto digit : *digits) number = number << 8U | digit;
  return number;
}

/// "20261130232527Z" (RFC 4120, 5.2.3)
std::optional<Time> read_time(BytesView content) {
  const auto bytes = open(content, kTime);
  if (!bytes || bytes->size() != 15 || bytes->back() != 'Z') return std::nullopt;
  const std::string text(bytes->begin(), bytes->end());
  std::array<int, 6> parts{};
  std::size_t at = 0;
  for (auto& part : parts) {
    const std::size_t size = &part == parts.data() ? 4 : 2;
    const auto* end = text.data() + at + size;
    const auto read = std::from_chars(text.data() + at, end, part);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    at += size;
  }
  const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(parts[3]) +
         std::chrono::minutes(parts[4]) + std::chrono::seconds(parts[5]);
}

/// What RFC 4120, 7.5.9 lets a service answer.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 8> kReasons{{
    {31,
     "it cannot decrypt the ticket: its key is another one, or the name belongs to another "
     "account (KRB_AP_ERR_BAD_INTEGRITY)"},
    {32, "the ticket has expired (KRB_AP_ERR_TKT_EXPIRED)"},
    {33, "the ticket is not valid yet (KRB_AP_ERR_TKT_NYV)"},
    {34, "it has seen this login before (KRB_AP_ERR_REPEAT)"},
    {35, "the ticket is for another service (KRB_AP_ERR_NOT_US)"},
    {41, "it cannot decrypt the ticket: the name belongs to another account (KRB_AP_ERR_MODIFIED)"},
    {44, "its key is newer than the ticket (KRB_AP_ERR_BADKEYVER)"},
    {45, "it has no key for the ticket (KRB_AP_ERR_NOKEY)"},
}};

std::string reason_of(const HostRefusal& refusal, Time now) {
  if (refusal.code == kSkew) {
    const auto ahead = refusal.host_time - now;
    return fmt::format("its clock is {} {} ours (KRB_AP_ERR_SKEW)",
                       duration_text(ahead < Duration::zero() ? -ahead : ahead),
                       ahead < Duration::zero() ? "behind" : "ahead of");
  }
  const auto* known =
      std::ranges::find(kReasons, refusal.code, &std::pair<std::uint32_t, std::string_view>::first);
  if (known != kReasons.end()) return std::string(known->second);
  return fmt::format("Kerberos error {}", refusal.code);
}

}  // namespace

std::optional<HostRefusal> read_host_refusal(BytesView token) {
  const auto frame = open(token, kFrame);
  if (!frame) return std::nullopt;
  BytesView rest = *frame;
  const auto oid = cut(rest);
  constexpr std::array<std::uint8_t, 2> kErrorToken{0x03, 0x00};  // RFC 4121, 4.1
  if (!oid || oid->tag != kOidTag || !std::ranges::equal(oid->content, spnego::kKerberosOid) ||
      rest.size() < kErrorToken.size() ||
      !std::ranges::equal(rest.first(kErrorToken.size()), kErrorToken))
    return std::nullopt;
  const auto error = open(rest.subspan(kErrorToken.size()), kKrbError);
  if (!error) return std::nullopt;
  auto fields = open(*error, kSequence);
  if (!fields) return std::nullopt;
  std::optional<std::uint32_t> code;
  std::optional<Time> time;
  while (!fields->empty()) {
    const auto field = cut(*fields);
    if (!field) return std::nullopt;
    if (field->tag == kStime) time = read_time(field->content);
    if (field->tag == kErrorCode) code = read_integer(field->content);
  }
  if (!code || !time) return std::nullopt;
  return HostRefusal{.code = *code, .host_time = *time};
}

Error describe_host_refusal(const HostRefusal& refusal, const std::string& service, Time now) {
  return {ErrorKind::denied,
          fmt::format("the host refuses the Kerberos ticket for {}: {}", service,
                      reason_of(refusal, now)),
          refusal.code};
}

}  // namespace tocsin::kerberos
