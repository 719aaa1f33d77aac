// Any text is a template or is refused with a reason; what it makes is valid UTF-8, and a value
// never leaves the quotation marks of a JSON template.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/text.h"
#include "render/templates.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::render;
  constexpr std::size_t kMostBytes = 2048;
  constexpr int kPerEngine = 200;
  if (size > kMostBytes) return 0;
  static std::unique_ptr<Templates> templates;
  static int used = 0;
  if (used++ % kPerEngine == 0) templates = std::make_unique<Templates>();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string values =
      R"({"host":"a\"b\\c&d<\ud83d\ude00\n","n":5,"list":[1,2,{"x":"y"}],"up":true})";
  for (const Format format : {Format::text, Format::html, Format::json}) {
    const auto source = Template::from_text(format, text);
    const auto mistake = templates->check(source);
    const auto made = templates->render(source, values);
    if (made && (mistake || !tocsin::is_utf8(*made))) std::abort();
    if (!made && made.error().what.empty()) std::abort();
    if (mistake && (mistake->text.empty() || mistake->line < 0 || mistake->column < 0))
      std::abort();
  }
  return 0;
}
