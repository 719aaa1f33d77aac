#include "domain/boot.h"

#include <chrono>
#include <map>

namespace tocsin {
namespace {

/// By so much the same boot may seem to be at another time: clocks are corrected.
constexpr Duration kTolerance = std::chrono::minutes(1);

}  // namespace

std::optional<BootService> find_boot_service(const ServiceName& name) {
  static const auto names = [] {
    std::map<ServiceName, BootService> all;
    for (const auto service : all_values<BootService>()) all.emplace(to_string(service), service);
    return all;
  }();
  const auto found = names.find(name);
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

std::optional<bool> has_booted(const BootSigns& before, const BootSigns& now) {
  std::optional<bool> by_processes;
  for (const auto service : all_values<BootService>()) {
    const auto then = before.process(service);
    const auto process = now.process(service);
    // By chance one may have the number that it had before: the others tell.
    if (then != 0 && process != 0) by_processes = by_processes.value_or(false) || then != process;
  }
  if (before.booted_at == Time{} || now.booted_at == Time{}) return by_processes;
  // A clock that was set moves the boot, but leaves the processes.
  return now.booted_at > before.booted_at + kTolerance && by_processes.value_or(true);
}

BootSigns merge(const BootSigns& before, const BootSigns& now) {
  auto merged = before;
  for (const auto service : all_values<BootService>())
    if (now.process(service) != 0) merged.process(service) = now.process(service);
  // What differs by little stays, so that not each check has something to store.
  if (now.booted_at != Time{} && std::chrono::abs(now.booted_at - before.booted_at) > kTolerance)
    merged.booted_at = now.booted_at;
  return merged;
}

}  // namespace tocsin
