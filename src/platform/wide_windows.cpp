#include <cstring>

#include "base/text.h"
#include "platform/wide.h"

namespace tocsin::platform {

static_assert(sizeof(wchar_t) == 2, "UTF-16, little-endian as everything on Windows");

std::wstring wide(std::string_view utf8) {
  const auto bytes = to_utf16(utf8);
  std::wstring text(bytes.size() / 2, L'\0');
  std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

std::string narrow(std::wstring_view wide) {
  return from_utf16({reinterpret_cast<const std::uint8_t*>(wide.data()), wide.size() * 2});
}

}  // namespace tocsin::platform
