#include "notify/fit.h"

#include <string_view>

#include <nlohmann/json.hpp>

namespace tocsin::notify {

std::optional<std::string> json_mistake(const std::string& text, JsonForm form) {
  try {
    const auto message = nlohmann::ordered_json::parse(text);
    if (form == JsonForm::any || message.is_object()) return std::nullopt;
    return "is not a JSON object";
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ...;
    // last read: '...'"
    constexpr std::string_view kBefore = "parse error at ";
    std::string_view what = error.what();
    what.remove_prefix(what.contains(kBefore) ? what.find(kBefore) + kBefore.size() : 0);
    return "is not JSON: " + std::string(what.substr(0, what.find("; last read:")));
  }
}

std::optional<std::string> text_mistake(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") != std::string::npos) return std::nullopt;
  return "is empty";
}

}  // namespace tocsin::notify
