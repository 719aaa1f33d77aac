// The order in which people look for names: digits count by their value, so app2 stands before
// app10.
#pragma once

#include <compare>
#include <string_view>

#include "base/names.h"

namespace tocsin {

/// Numbers in ASCII digits are compared by their values, however long they are, everything else by
/// its bytes. What differs in leading zeros only goes by those; equal are only equal texts.
[[nodiscard]] std::strong_ordering compare_naturally(std::string_view a, std::string_view b);

/// Sorts a map by it. Case does not count.
struct NaturalOrder {
  template <typename Tag>
  bool operator()(const WindowsName<Tag>& a, const WindowsName<Tag>& b) const {
    return compare_naturally(a.key(), b.key()) < 0;
  }
};

}  // namespace tocsin
