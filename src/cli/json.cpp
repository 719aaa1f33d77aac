#include "cli/json.h"

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tocsin::cli {
namespace {

/// Outside of strings JSON has nothing of the kind, and what ASCII has of it is escaped already.
std::string with_escapes(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const auto begin = at;
    const auto code = next_code_point(json, at);
    if (code > 0x7E && is_invisible(code)) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
    } else {
      out.append(json, begin, at - begin);
    }
  }
  return out;
}

}  // namespace

void print_json(const nlohmann::ordered_json& json) {
  fmt::print("{}\n", with_escapes(json.dump(2, ' ', false,
                                            nlohmann::ordered_json::error_handler_t::replace)));
}

}  // namespace tocsin::cli
