#include "platform/program.h"

#include <cstdlib>

namespace tocsin::platform {

std::vector<std::string> arguments(int count, const char* const* values) {
  return {values, values + count};
}

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace tocsin::platform
