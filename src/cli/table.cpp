#include "cli/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "platform/terminal.h"

namespace tocsin::cli {
namespace {

constexpr std::size_t kWidestCell = 200;

std::string_view code_of(Color color) {
  switch (color) {
    case Color::none:
      return "";
    case Color::green:
      return "\x1b[32m";
    case Color::red:
      return "\x1b[31m";
    case Color::yellow:
      return "\x1b[33m";
    case Color::magenta:
      return "\x1b[35m";
    case Color::dim:
      return "\x1b[2m";
    case Color::bold:
      return "\x1b[1m";
  }
  return "";
}

}  // namespace

std::string paint(std::string_view text, Color color, bool colored) {
  if (!colored || color == Color::none) return std::string(text);
  return std::string(code_of(color)).append(text).append("\x1b[0m");
}

std::string Table::draw(bool colored) const {
  std::vector<std::size_t> widths;
  widths.reserve(head_.size());
  for (const auto& head : head_) widths.push_back(display_width(head));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); i++) {
      widths.at(i) = std::max(widths.at(i), display_width(printable(row[i].text, kWidestCell)));
    }
  }
  std::string out;
  const auto draw_row = [&](const std::vector<Cell>& row) {
    for (std::size_t i = 0; i < row.size(); i++) {
      const auto text = printable(row[i].text, kWidestCell);
      out += paint(text, row[i].color, colored);
      if (i + 1 < row.size()) out.append(widths[i] - display_width(text) + 2, ' ');
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
  };
  std::vector<Cell> head;
  head.reserve(head_.size());
  for (const auto& text : head_) head.push_back({text, Color::bold});
  draw_row(head);
  for (const auto& row : rows_) draw_row(row);
  return out;
}

void print(const Table& table, std::string_view when_empty) {
  if (table.empty()) {
    fmt::print("{}\n", when_empty);
  } else {
    fmt::print("{}", table.draw(platform::wants_color(platform::Stream::output)));
  }
}

}  // namespace tocsin::cli
