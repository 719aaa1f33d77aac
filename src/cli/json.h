// JSON for programs that read what a command prints, and for the terminal that it may land on.
#pragma once

#include <string>

namespace tocsin::cli {

/// Prints a text of JSON on stdout. What is_invisible() stands there as \uXXXX.
void print_with_escapes(const std::string& json);

/// The same for a value of nlohmann's library. Invalid UTF-8 becomes U+FFFD.
template <typename Json>
void print_json(const Json& json) {
  print_with_escapes(json.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace tocsin::cli
