// What is under way on which hosts.
#pragma once

#include <set>
#include <utility>

#include "base/names.h"

namespace tocsin::daemon {

/// A name in a set, as long as this lives.
class Entered {
 public:
  Entered(std::set<HostName>& names, HostName name) : names_(names), name_(std::move(name)) {
    names_.insert(name_);
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  ~Entered() { names_.erase(name_); }

 private:
  std::set<HostName>& names_;
  HostName name_;
};

}  // namespace tocsin::daemon
