#include "config/monitored/read_control.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/section/nearest.h"

namespace tocsin::config {
namespace {

/// Null, after an error: there is none of that name.
SharedCredentials find_account(Section& section, const std::string& name, Place place,
                               const HostAccounts& accounts) {
  const auto found =
      std::ranges::find(accounts.right, name, [](const auto& account) { return account->name; });
  if (found != accounts.right.end()) return *found;
  if (std::ranges::find(accounts.written, name) != accounts.written.end()) return nullptr;
  const std::vector<std::string_view> known(accounts.written.begin(), accounts.written.end());
  section.error(place, fmt::format("there are no credentials {}{}", in_backticks(name),
                                   did_you_mean(name, known)));
  return nullptr;
}

}  // namespace

std::optional<Place> read_control(Section& section, const Key& key, const HostAccounts& accounts,
                                  std::optional<HostControl>& control) {
  bool is_on = control.has_value();
  std::optional<Place> named;
  HostControl read = control.value_or(HostControl{});
  const auto place = section.boolean_or_section(key, is_on, [&](Section& inner) {
    inner.insist_on_keys();
    std::string name;
    named = inner.text({.name = "credentials",
                        .description = "Name of the entry of `credentials` that starts and stops "
                                       "services, and does nothing else.",
                        .example = "operator",
                        .otherwise = "the account of the checks"},
                       name, must_not_be_empty);
    if (named) read.credentials = find_account(inner, name, *named, accounts);
  });
  if (!place) return std::nullopt;
  // With another account than was meant a login could lock that.
  const bool has_account = !named || read.credentials;
  control.reset();
  if (is_on && has_account) control = std::move(read);
  return named;
}

}  // namespace tocsin::config
