#include "base/path.h"

namespace tocsin {

std::filesystem::path to_path(std::string_view utf8) {
  return {std::u8string(utf8.begin(), utf8.end())};
}

std::string to_utf8(const std::filesystem::path& path) {
  const auto text = path.u8string();
  return {text.begin(), text.end()};
}

}  // namespace tocsin
