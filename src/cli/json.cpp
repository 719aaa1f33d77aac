#include "cli/json.h"

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::cli {

void print_with_escapes(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const auto begin = at;
    const auto code = next_code_point(json, at);
    // Beyond ASCII JSON has only texts, and what ASCII has of the kind is escaped already.
    if (code > 0x7E && is_invisible(code)) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
    } else {
      out.append(json, begin, at - begin);
    }
  }
  fmt::print("{}\n", out);
}

}  // namespace tocsin::cli
