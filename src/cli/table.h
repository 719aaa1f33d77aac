// Aligned columns for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::cli {

enum class Color : unsigned char { none, green, red, yellow, magenta, dim, bold };

struct Cell {
  std::string text;  ///< made printable when it is drawn
  Color color = Color::none;
};

class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Columns as wide as their widest cell, two spaces between, none at the end of a line.
  [[nodiscard]] std::string draw(bool colored) const;

 private:
  std::vector<std::string> head_;
  std::vector<std::vector<Cell>> rows_;
};

/// On stdout: the table, or that line where it is empty.
void print(const Table& table, std::string_view when_empty);

/// The text in that colour, or as it is.
[[nodiscard]] std::string paint(std::string_view text, Color color, bool colored);

}  // namespace tocsin::cli
