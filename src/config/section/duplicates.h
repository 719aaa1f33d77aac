// Names that may come once.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "config/section/section.h"

namespace tocsin::config {

/// The names of one kind that were written so far, compared as Windows compares names.
class Duplicates {
 public:
  /// How the sentence goes: "the host `a` comes twice, first in line 6".
  explicit Duplicates(std::string kind, std::string comes_twice = "appears twice");

  /// Reports a name that came before; answers whether it is the first.
  bool add(Section& entry, const std::string& name, Place place);

 private:
  std::string kind_;
  std::string comes_twice_;
  std::unordered_map<std::string, Place> places_;
};

}  // namespace tocsin::config
