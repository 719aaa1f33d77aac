#include "notify/group_window.h"

#include <algorithm>

namespace tocsin::notify {

Time GroupWindows::alarm_of(const Window& window) {
  if (window.in_turn) return Time::max();
  return window.is_open ? std::min(window.due, window.ends) : window.due;
}

void GroupWindows::arm(Window& window, Time due, Time ends) {
  alarms_.erase({alarm_of(window), &window});
  window.due = due;
  window.ends = ends;
  if (const Time alarm = alarm_of(window); alarm < Time::max()) alarms_.emplace(alarm, &window);
}

bool GroupWindows::collect(const std::string& key, const std::string& host, Lane& lane, Time now) {
  const auto [place, is_new] = windows_.try_emplace(key);
  Window& window = place->second;
  if (is_new) {
    window.key = key;
    window.host = host;
  }
  const auto& alert = lane.queue.front().alert;
  lane.phase = Lane::Phase::collected;
  const bool is_worse = window.collected.empty() || alert.severity > window.highest;
  if (is_worse) window.highest = alert.severity;
  window.collected.push_back(&lane);
  if (window.in_turn) return is_worse;

  Time due = alert.pushed ? now + kGatherPushed : now;
  if (window.is_open && alert.severity <= window.told) due = window.ends;
  arm(window, std::min(window.due, due), window.ends);
  return false;
}

Window* GroupWindows::find(const std::string& key) {
  const auto found = windows_.find(key);
  return found == windows_.end() ? nullptr : &found->second;
}

const Window* GroupWindows::find(const std::string& key) const {
  const auto found = windows_.find(key);
  return found == windows_.end() ? nullptr : &found->second;
}

std::vector<Window*> GroupWindows::take_due(Time now) {
  std::vector<Window*> due;
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    Window& window = *alarms_.begin()->second;
    alarms_.erase(alarms_.begin());
    if (window.due <= now) {
      window.in_turn = true;
      due.push_back(&window);
    } else if (window.is_wait) {
      window.is_wait = false;
      arm(window, window.due, window.ends + grouping_.interval);
    } else {
      windows_.erase(window.key);
    }
  }
  return due;
}

void GroupWindows::left(Window& window, AlertSeverity highest, Time now) {
  window.in_turn = false;
  Time ends = window.ends;
  if (!window.is_open) {
    window.is_open = true;
    window.is_wait = true;
    window.told = highest;
    ends = now + grouping_.wait;
  } else {
    window.told = std::max(window.told, highest);
    if (ends <= now) {
      window.is_wait = false;
      ends = now + grouping_.interval;
    }
  }
  window.highest = {};
  for (const Lane* lane : window.collected)
    window.highest = std::max(window.highest, lane->queue.front().alert.severity);
  arm(window, window.collected.empty() ? Time::max() : now, ends);
}

Time GroupWindows::wake() const { return alarms_.empty() ? Time::max() : alarms_.begin()->first; }

}  // namespace tocsin::notify
