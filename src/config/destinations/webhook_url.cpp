#include "config/destinations/webhook_url.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/section/url.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

}  // namespace

bool names_fields(std::string_view url) { return url.contains(kOpen); }

std::string with_fields(std::string_view url,
                        const std::function<std::string(std::string_view field)>& value_of) {
  std::string out;
  for (;;) {
    const auto open = url.find(kOpen);
    const auto close = open == std::string_view::npos ? open : url.find(kClose, open);
    if (close == std::string_view::npos) return out.append(url);
    out.append(url.substr(0, open));
    out.append(value_of(url.substr(open + kOpen.size(), close - open - kOpen.size())));
    url.remove_prefix(close + kClose.size());
  }
}

std::optional<std::string> check_webhook_url(const std::string& text) {
  if (!names_fields(text)) return check_http_url(text);
  const auto authority = text.find("://");
  const auto path =
      authority == std::string::npos ? authority : text.find_first_of("/?", authority + 3);
  if (path == std::string::npos || text.find(kOpen) < path)
    return "must have `{{` only in its path and query";
  bool all_known = true;
  const auto plain = with_fields(text, [&all_known](std::string_view field) {
    all_known &= std::ranges::find(kUrlFields, field) != kUrlFields.end();
    return std::string("x");
  });
  if (!all_known)
    return fmt::format("may name only the fields {}",
                       fmt::format("`{{{{{}}}}}`", fmt::join(kUrlFields, "}}`, `{{")));
  if (names_fields(plain)) return "has a `{{` without a `}}`";
  return check_http_url(plain);
}

}  // namespace tocsin::config
