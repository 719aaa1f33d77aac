#include "kerberos/trail.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tocsin::kerberos {
namespace {

void add(std::vector<std::string>& names, std::string_view name) {
  constexpr std::size_t kMost = 8;  // a domain may have hundreds
  if (!name.empty() && names.size() < kMost && std::ranges::find(names, name) == names.end())
    names.emplace_back(name);
}

}  // namespace

void Trail::add_asked(std::string_view address) {
  const std::lock_guard lock(mutex_);
  add(asked_, address);
}

void Trail::add_looked_for(std::string_view name) {
  const std::lock_guard lock(mutex_);
  add(looked_for_, name);
}

std::string Trail::describe(std::string_view realm) const {
  const std::lock_guard lock(mutex_);
  const auto of_realm = realm.empty() ? std::string() : fmt::format(" of {}", realm);
  if (!asked_.empty())
    return fmt::format("no KDC{} answers (asked {})", of_realm, fmt::join(asked_, ", "));
  if (!looked_for_.empty())
    return fmt::format("no KDC{} is known (looked for {})", of_realm, fmt::join(looked_for_, ", "));
  return fmt::format("no KDC{} is known", of_realm);
}

}  // namespace tocsin::kerberos
