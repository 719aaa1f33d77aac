#include "platform/event_text.h"

#include "base/text.h"

namespace tocsin::platform {
namespace {

/// 31,839 UTF-16 units are the limit, of which a byte of UTF-8 makes at most one.
constexpr std::size_t kMostBytes = 31'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::uint32_t event_id(Severity severity) {
  // Numbers 1, 2, 3; the two highest bits are the severity as FormatMessage has it.
  switch (severity) {
    case Severity::information:
      return 0x4000'0001;
    case Severity::warning:
      return 0x8000'0002;
    case Severity::error:
      return 0xC000'0003;
  }
  return 0x4000'0001;
}

std::string event_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (out.size() >= kMostBytes) {
      out.resize(cut_utf8(out, kMostBytes - 1).size());
      return out + "...";
    }
    out += text[i];
    if (text[i] == '%' && i + 1 < text.size() && is_digit(text[i + 1])) out += ' ';
  }
  return out;
}

}  // namespace tocsin::platform
