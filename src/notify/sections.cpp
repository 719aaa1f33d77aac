#include "notify/sections.h"

namespace tocsin::notify {

config::AlertSection section_of(const Alert& alert) {
  using enum config::AlertSection;
  const bool resolved = is_resolved(alert);
  if (alert.kind == TransitionKind::stopped && !resolved) return stopped;
  if (alert.kind == TransitionKind::started && resolved) return started;
  return resolved ? other_resolved : other_firing;
}

}  // namespace tocsin::notify
