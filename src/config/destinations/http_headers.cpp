#include "config/destinations/http_headers.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::config {
namespace {

/// What belongs to the connection (RFC 9110, 7.6.1), to the message's form, or to every request
/// of ours.
constexpr std::array<std::string_view, 15> kOwnHeaders{
    "ACCEPT-ENCODING",     "CONNECTION", "CONTENT-ENCODING",
    "CONTENT-LENGTH",      "EXPECT",     "HOST",
    "IDEMPOTENCY-KEY",     "KEEP-ALIVE", "PROXY-CONNECTION",
    "PROXY-AUTHORIZATION", "TE",         "TRAILER",
    "TRANSFER-ENCODING",   "UPGRADE",    "USER-AGENT"};

}  // namespace

std::optional<std::string> check_header_name(const std::string& text) {
  const bool valid = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F && !std::string_view("\"(),/:;<=>?@[\\]{}").contains(c);
  });
  if (valid) return std::nullopt;
  return "must be the name of an HTTP header";
}

std::optional<std::string> check_added_header_name(const std::string& text) {
  if (auto mistake = check_header_name(text)) return mistake;
  const auto name = fold_case(text);
  if (name == "CONTENT-TYPE") return "must not be Content-Type: write `contentType` instead";
  if (std::ranges::find(kOwnHeaders, name) != kOwnHeaders.end())
    return fmt::format("must not be {}: tocsin sets that header itself", text);
  return std::nullopt;
}

std::optional<std::string> check_header_value(const std::string& text) {
  const bool broken = std::ranges::any_of(
      text, [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7F; });
  if (broken) return "must not contain control characters";
  return std::nullopt;
}

void read_headers(Section& section, const Key& key, Check check_name, HttpHeaders& headers) {
  section.list(key, headers, [check_name](Section& entry, auto& header) {
    entry.text({.name = "name",
                .description = "Name of the header.",
                .need = Need::required,
                .example = "X-My-Header"},
               header.first, check_name);
    entry.text({.name = "value",
                .writing = Writing::prose,
                .description = "Value of the header.",
                .need = Need::required,
                .example = "abc",
                .is_secret = true},
               header.second, check_header_value);
  });
}

}  // namespace tocsin::config
