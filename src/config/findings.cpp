#include "config/findings.h"

#include <algorithm>
#include <utility>

namespace tocsin::config {
namespace {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

}  // namespace

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
  const auto after = std::ranges::upper_bound(
      findings_, std::pair(place.line, place.column), {},
      [](const Finding& finding) { return std::pair(finding.line, finding.column); });
  findings_.insert(after, {severity, file_, place.line, place.column, std::move(text)});
}

std::vector<Finding> Findings::take() && {
  for (const auto severity : {Severity::info, Severity::warning, Severity::error}) {
    if (count(severity) > kMostShown)
      findings_.push_back(
          {severity, file_, 0, 0,
           std::to_string(count(severity) - kMostShown) + " more of this kind are not shown"});
  }
  return std::move(findings_);
}

}  // namespace tocsin::config
