#include "notify/sections.h"

namespace tocsin::notify {

config::AlertSection section_of(const Alert& alert) {
  using enum config::AlertSection;
  const bool resolved = is_resolved(alert);
  if (alert.kind == TransitionKind::stopped && !resolved) return stopped;
  if (alert.kind == TransitionKind::started && resolved) return started;
  return resolved ? other_resolved : other_firing;
}

std::chrono::seconds RateLimits::of(const Alert& alert) const {
  switch (section_of(alert)) {
    case config::AlertSection::stopped:
      return down;
    case config::AlertSection::started:
      return up;
    case config::AlertSection::other_firing:
      return other_down.value_or(down);
    case config::AlertSection::other_resolved:
      break;
  }
  return other_up.value_or(up);
}

}  // namespace tocsin::notify
