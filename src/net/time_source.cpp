#include "net/time_source.h"

#include <atomic>

namespace tocsin::net {
namespace {

std::atomic<TimeSource*>& place() {
  static constinit std::atomic<TimeSource*> source = nullptr;
  return source;
}

}  // namespace

TimeSource* TimeSource::installed() { return place().load(std::memory_order_acquire); }

void TimeSource::install(TimeSource* source) { place().store(source, std::memory_order_release); }

}  // namespace tocsin::net
