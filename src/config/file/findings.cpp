#include "config/file/findings.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tocsin::config {
std::string in_backticks(std::string_view text, std::size_t most) {
  return "`" + printable(text, most) + "`";
}

std::string to_string(const Finding& finding) {
  auto text = finding.file + ":";
  if (finding.line > 0)
    text += std::to_string(finding.line) + ":" + std::to_string(finding.column) + ":";
  text.append(" ").append(to_string(finding.severity)).append(": ").append(finding.text);
  return text;
}

void Findings::add(Severity severity, Place place, std::string text) {
  const bool room = shows(severity);
  counts_.at(static_cast<std::size_t>(severity))++;
  if (!room) return;
  const auto at = std::ranges::upper_bound(places_, place);
  findings_.insert(findings_.begin() + (at - places_.begin()),
                   {severity, files_.at(place.file), place.line, place.column, std::move(text)});
  places_.insert(at, place);
}

std::uint16_t Findings::add_file(std::string file) {
  files_.push_back(std::move(file));
  return static_cast<std::uint16_t>(files_.size() - 1);
}

std::string Findings::line(Place place, Place reader) const {
  auto text = "line " + std::to_string(place.line);
  if (place.file != reader.file) text += " of " + printable(files_.at(place.file));
  return text;
}

std::vector<Finding> Findings::take() && {
  for (const auto severity : {Severity::info, Severity::warning, Severity::error}) {
    if (count(severity) > kMostShown)
      findings_.push_back(
          {severity, files_.front(), 0, 0,
           std::to_string(count(severity) - kMostShown) + " more of this kind are not shown"});
  }
  return std::move(findings_);
}

}  // namespace tocsin::config
