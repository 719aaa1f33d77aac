#include "base/text.h"

#include <utf8proc.h>

namespace tocsin {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// As next_code_point(); also says whether there is one.
char32_t take_code_point(std::string_view text, std::size_t& at, bool& valid) {
  utf8proc_int32_t code = 0;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                     static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (size <= 0) {
    at += 1;
    valid = false;
    return kReplacement;
  }
  at += static_cast<std::size_t>(size);
  return static_cast<char32_t>(code);
}

void append(std::string& out, char32_t code) {
  std::array<utf8proc_uint8_t, 4> buffer{};
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), buffer.data());
  out.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(size));
}

char32_t upper(char32_t code) {
  constexpr char32_t kMicroSign = 0xB5;
  constexpr char32_t kSharpS =
      0xDF;  // utf8proc maps it to U+1E9E; Unicode's simple mapping and Windows do not
  constexpr char32_t kDotlessI = 0x131;
  constexpr char32_t kLongS = 0x17F;
  if (code < 0x80) return code >= 'a' && code <= 'z' ? code - 32 : code;
  if (code > 0xFFFF || code == kMicroSign || code == kSharpS || code == kDotlessI ||
      code == kLongS) {
    return code;
  }
  const auto mapped = static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(code)));
  return mapped > 0xFFFF ? code : mapped;
}

}  // namespace

char32_t next_code_point(std::string_view utf8, std::size_t& at) {
  bool valid = true;
  return take_code_point(utf8, at, valid);
}

bool is_invisible(char32_t code) {
  constexpr char32_t kSoftHyphen = 0xAD;
  constexpr char32_t kArabicLetterMark = 0x61C;
  constexpr char32_t kByteOrderMark = 0xFEFF;
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == kSoftHyphen ||
         code == kArabicLetterMark || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
         code == kByteOrderMark;
}

Bytes to_utf16(std::string_view utf8) {
  Writer out;
  out.reserve(utf8.size() * 2);
  for (std::size_t at = 0; at < utf8.size();) {
    const char32_t code = next_code_point(utf8, at);
    if (code < 0x10000) {
      out.u16(static_cast<std::uint16_t>(code));
    } else {
      out.u16(static_cast<std::uint16_t>(0xD800 + ((code - 0x10000) >> 10)));
      out.u16(static_cast<std::uint16_t>(0xDC00 + ((code - 0x10000) & 0x3FF)));
    }
  }
  return std::move(out).take();
}

std::string from_utf16(BytesView utf16) {
  std::string out;
  out.reserve(utf16.size() / 2);
  Reader in(utf16.first(utf16.size() / 2 * 2));
  while (in.remaining() > 0) {
    const char32_t unit = in.u16();
    if (unit < 0xD800 || unit > 0xDFFF) {
      append(out, unit);
      continue;
    }
    Reader ahead(in.rest());
    const char32_t low = ahead.u16();
    if (unit < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF) {
      in.skip(2);
      append(out, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
    } else {
      append(out, kReplacement);
    }
  }
  return out;
}

bool is_utf8(std::string_view text) {
  bool valid = true;
  for (std::size_t at = 0; at < text.size() && valid;) take_code_point(text, at, valid);
  return valid;
}

std::string_view cut_utf8(std::string_view utf8, std::size_t most) {
  if (utf8.size() <= most) return utf8;
  while (most > 0 && (static_cast<unsigned char>(utf8[most]) & 0xC0U) == 0x80) most--;
  return utf8.substr(0, most);
}

std::string valid_utf8(std::string_view text) {
  return is_utf8(text) ? std::string(text) : from_utf16(to_utf16(text));
}

std::string fold_case(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size();) append(out, upper(next_code_point(utf8, at)));
  return out;
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    bool valid = true;
    const char32_t code = take_code_point(text, at, valid);
    if (out.size() + 4 > most) return out + "...";
    if (!valid || is_invisible(code)) {
      out += '?';
    } else {
      append(out, code);
    }
  }
  return out;
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto columns =
        utf8proc_charwidth(static_cast<utf8proc_int32_t>(next_code_point(utf8, at)));
    width += static_cast<std::size_t>(columns);
  }
  return width;
}

}  // namespace tocsin
