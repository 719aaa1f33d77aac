#include "base/natural_order.h"

#include <cstddef>

namespace tocsin {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the number that the text begins with, without its leading zeros.
std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) end++;
  auto number = text.substr(0, end);
  text.remove_prefix(end);
  while (number.starts_with('0')) number.remove_prefix(1);
  return number;
}

}  // namespace

std::strong_ordering compare_naturally(std::string_view a, std::string_view b) {
  auto left = a;
  auto right = b;
  while (!left.empty() && !right.empty()) {
    if (is_digit(left.front()) && is_digit(right.front())) {
      const auto one = take_number(left);
      const auto other = take_number(right);
      if (const auto order = one.size() <=> other.size(); order != 0) return order;
      if (const auto order = one <=> other; order != 0) return order;
    } else {
      // As a string compares its bytes.
      const auto order = left.substr(0, 1) <=> right.substr(0, 1);
      if (order != 0) return order;
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
  }
  if (const auto order = left.size() <=> right.size(); order != 0) return order;
  return a <=> b;
}

}  // namespace tocsin
