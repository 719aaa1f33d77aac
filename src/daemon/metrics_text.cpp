#include "daemon/metrics_text.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace tocsin::daemon {

void Histogram::add(std::chrono::duration<double> took) {
  const auto* const bound = std::ranges::lower_bound(kBounds, took.count());
  counts_.at(static_cast<std::size_t>(bound - kBounds.begin()))++;
  sum_ += took.count();
}

void MetricsText::begin(std::string_view name, std::string_view type, std::string_view help) {
  family_ = {.name = name, .type = type, .help = help};
  begun_ = false;
}

void MetricsText::add(Labels labels, double value) { sample("", labels, value); }

/// Appends piece by piece: a fleet has tens of thousands of samples.
void MetricsText::sample(std::string_view suffix, Labels labels, double value) {
  if (!std::exchange(begun_, true))
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", family_.name,
                   family_.help, family_.name, family_.type);
  text_.append(family_.name).append(suffix);
  char before = '{';
  for (const auto& [name, text] : labels) {
    text_.push_back(before);
    text_.append(name).append("=\"");
    append_escaped(text);
    text_.push_back('"');
    before = ',';
  }
  if (labels.size() > 0) text_.push_back('}');
  text_.push_back(' ');
  append(value);
  text_.push_back('\n');
}

void MetricsText::add(std::string_view name, std::string_view help, const Histogram& histogram) {
  begin(name, "histogram", help);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < Histogram::kBounds.size(); i++) {
    below += histogram.counts().at(i);
    sample("_bucket", {{"le", fmt::format("{}", Histogram::kBounds.at(i))}},
           static_cast<double>(below));
  }
  below += histogram.counts().back();
  sample("_bucket", {{"le", "+Inf"}}, static_cast<double>(below));
  sample("_sum", {}, histogram.sum());
  sample("_count", {}, static_cast<double>(below));
}

/// Most are counts, and those are written four times as fast as integers.
void MetricsText::append(double value) {
  constexpr double kMost = 1e15;  // larger ones are no counts
  if (value >= 0 && value < kMost && value == std::floor(value)) {
    const fmt::format_int text(static_cast<std::uint64_t>(value));
    text_.append(text.data(), text.size());
  } else {
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
}

void MetricsText::append_escaped(std::string_view value) {
  if (value.find_first_of("\\\"\n") == std::string_view::npos) {
    text_.append(value);
    return;
  }
  for (const char c : value) {
    if (c == '\\' || c == '"') text_.push_back('\\');
    if (c == '\n')
      text_.append("\\n");
    else
      text_.push_back(c);
  }
}

}  // namespace tocsin::daemon
