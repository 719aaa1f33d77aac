#include "platform/command_line.h"

#include <string_view>

namespace tocsin::platform {
namespace {

/// Backslashes mean themselves, except before a quotation mark: there each pair is one, and one
/// that is left over makes the mark an ordinary character ("Parsing C command-line arguments").
std::string in_quotes(std::string_view word) {
  std::string out = "\"";
  std::size_t backslashes = 0;
  for (const char c : word) {
    if (c == '"') out.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    out += c;
  }
  out.append(backslashes, '\\');
  return out + '"';
}

}  // namespace

std::string to_command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n\v\"") == std::string::npos;
    if (line.empty()) {
      line = in_quotes(word);
    } else {
      line += ' ' + (plain ? word : in_quotes(word));
    }
  }
  return line;
}

}  // namespace tocsin::platform
