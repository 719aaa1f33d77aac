#include "config/section/duplicates.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::config {

Duplicates::Duplicates(std::string kind, std::string comes_twice)
    : kind_(std::move(kind)), comes_twice_(std::move(comes_twice)) {}

bool Duplicates::add(Section& entry, const std::string& name, Place place) {
  const auto [known, is_first] = places_.try_emplace(fold_case(name), place);
  if (!is_first)
    entry.error(place,
                fmt::format("the {} {} {}, first in {}", kind_, in_backticks(name), comes_twice_,
                            entry.reading().findings.line(known->second, place)));
  return is_first;
}

}  // namespace tocsin::config
