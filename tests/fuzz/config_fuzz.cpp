// Any text is a configuration or is refused with at least one error; never both, never neither.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>

#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto loaded = parse(text, "fuzz.yaml", "/nonexistent",
                            {.variable = [](const std::string& name) -> std::optional<std::string> {
                              if (name.size() > 8) return std::nullopt;
                              return name;
                            }});
  const bool has_error = std::ranges::any_of(
      loaded.findings, [](const Finding& finding) { return finding.severity == Severity::error; });
  if (loaded.config.has_value() == has_error) std::abort();
  for (const auto& finding : loaded.findings) {
    if (finding.line < 0 || finding.column < 0 || finding.text.empty()) std::abort();
    if (finding.text.contains('\n')) std::abort();
  }
  return 0;
}
