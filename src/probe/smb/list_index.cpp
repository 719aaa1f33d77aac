#include "probe/smb/list_index.h"

#include <functional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace tocsin::probe {
namespace {

/// Never 0, so that the first list differs from none.
std::size_t fingerprint(const svcctl::Enumeration& list) {
  constexpr std::size_t kMultiplier = 0x9E3779B97F4A7C15;  // makes the order count
  std::size_t hash = list.services().size() + 1;
  for (const auto& service : list.services()) {
    const auto name = svcctl::name_key(service.service_name);
    hash = hash * kMultiplier + std::hash<std::string_view>{}(name);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace

bool ListIndex::update(const svcctl::Enumeration& list, const Watchlist& watchlist) {
  if (const auto now = fingerprint(list); std::exchange(fingerprint_, now) == now) return false;
  watched_.clear();
  std::unordered_set<ServiceName> seen;  // a hostile list may hold a name twice
  for (std::size_t place = 0; place < list.services().size(); place++) {
    ServiceName name(from_utf16(list.services()[place].service_name));
    if (watchlist.find(name) == nullptr || !seen.insert(name).second) continue;
    watched_.push_back({place, std::move(name)});
  }
  watched_.shrink_to_fit();
  return true;
}

}  // namespace tocsin::probe
