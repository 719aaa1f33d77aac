// Whose turn it is: the highest severity first, then hosts in turn, then first come, first served.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "domain/policy.h"

namespace tocsin::notify {

/// No host waits for another's second item of the same severity longer than one turn. Items are
/// cheap to copy.
template <typename T>
class FairQueue {
 public:
  [[nodiscard]] bool empty() const { return levels_.empty(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const T& front() const {
    const auto& level = levels_.begin()->second;
    return level.hosts.at(level.turns.front()).front();
  }

  /// `host` is whose turn the item takes: a folded name; empty: that of all hosts together.
  void push(AlertSeverity severity, const std::string& host, T item) {
    auto& level = levels_[severity];
    auto& waiting = level.hosts[host];
    if (waiting.empty()) level.turns.push_back(host);
    waiting.push_back(std::move(item));
    ++size_;
  }

  T pop() {
    const auto first = levels_.begin();
    auto& [hosts, turns] = first->second;
    const auto of_host = hosts.find(turns.front());
    T item = std::move(of_host->second.front());
    of_host->second.pop_front();
    if (!of_host->second.empty()) {
      turns.push_back(std::move(turns.front()));
    } else {
      hosts.erase(of_host);
    }
    turns.pop_front();
    if (turns.empty()) levels_.erase(first);
    --size_;
    return item;
  }

  /// Takes the item out, which was pushed so.
  void remove(AlertSeverity severity, const std::string& host, const T& item) {
    const auto level = levels_.find(severity);
    if (level == levels_.end()) return;
    const auto of_host = level->second.hosts.find(host);
    if (of_host == level->second.hosts.end()) return;
    size_ -= std::erase(of_host->second, item);
    if (!of_host->second.empty()) return;
    level->second.hosts.erase(of_host);
    std::erase(level->second.turns, host);
    if (level->second.turns.empty()) levels_.erase(level);
  }

 private:
  struct Level {
    std::map<std::string, std::deque<T>> hosts;
    std::deque<std::string> turns;
  };
  std::map<AlertSeverity, Level, std::greater<>> levels_;
  std::size_t size_ = 0;
};

}  // namespace tocsin::notify
