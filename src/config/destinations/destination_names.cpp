#include "config/destinations/destination_names.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "config/file/findings.h"
#include "config/section/nearest.h"

namespace tocsin::config {
namespace {

bool is_same(std::string_view a, std::string_view b) { return fold_case(a) == fold_case(b); }

/// What the file says of one kind.
struct Known {
  DestinationType type;
  bool enabled;
  std::vector<std::string> names;  ///< "webhook:On-call" for each of several
};

std::vector<Known> known_destinations(const Destinations& destinations) {
  std::vector<Known> all;
  for_each_destination(destinations, [&all]<DestinationSettings T>(const T& settings) {
    Known known{T::kType, settings.enabled, {}};
    if constexpr (requires { settings.labels(); }) {
      if (settings.enabled)
        for (const auto& label : settings.labels())
          known.names.push_back(fmt::format("{}:{}", known.type.id, label));
    }
    all.push_back(std::move(known));
  });
  return all;
}

}  // namespace

bool matches_destination(std::string_view written, std::string_view channel,
                         std::string_view label) {
  const auto colon = written.find(':');
  if (!is_same(written.substr(0, colon), channel)) return false;
  return colon == std::string_view::npos || is_same(written.substr(colon + 1), label);
}

std::optional<WrongName> check_destination_name(std::string_view written,
                                                const Destinations& destinations) {
  const auto channel = written.substr(0, written.find(':'));
  const auto all = known_destinations(destinations);
  std::vector<std::string_view> names;  // of one of several
  for (const auto& known : all) names.insert(names.end(), known.names.begin(), known.names.end());
  const auto unknown = [&] {
    return WrongName{true, fmt::format("there is no destination {}{}", in_backticks(written),
                                       did_you_mean(written, names))};
  };
  const auto found =
      std::ranges::find_if(all, [&](const auto& known) { return is_same(known.type.id, channel); });
  if (found == all.end()) {
    for (const auto& known : all)
      if (known.type.gets_alerts) names.push_back(known.type.id);
    return unknown();
  }
  if (!found->type.gets_alerts)
    return WrongName{true, fmt::format("{} gets every state and no alerts; a route cannot name it",
                                       in_backticks(found->type.id))};
  if (!found->enabled)
    return WrongName{false,
                     fmt::format("nothing goes to {}: it is not enabled", in_backticks(channel))};
  const bool is_kind = channel.size() == written.size();
  if (is_kind || std::ranges::any_of(names, [&](auto one) { return is_same(one, written); }))
    return std::nullopt;
  return unknown();
}

}  // namespace tocsin::config
