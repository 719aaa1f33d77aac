#include "probe/smb/list_index.h"

#include <functional>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace tocsin::probe {
namespace {

/// Never 0, so that the first list differs from none.
std::size_t fingerprint(const svcctl::Enumeration& list, bool of_display_names) {
  constexpr std::size_t kMultiplier = 0x9E3779B97F4A7C15;  // makes the order count
  std::size_t hash = list.services().size() + 1;
  const auto add = [&](BytesView name) {
    hash = hash * kMultiplier + std::hash<std::string_view>{}(svcctl::name_key(name));
  };
  for (const auto& service : list.services()) {
    add(service.service_name);
    if (of_display_names) add(service.display_name);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace

bool ListIndex::update(const svcctl::Enumeration& list, const Watchlist& watchlist,
                       const Names& also) {
  const auto now = fingerprint(list, watchlist.has_display_names());
  if (std::exchange(fingerprint_, now) == now) return false;
  std::vector<Listed> listed;
  listed.reserve(list.services().size());
  for (std::size_t place = 0; place < list.services().size(); place++) {
    const auto& service = list.services()[place];
    listed.push_back({.place = place,
                      .name = ServiceName(from_utf16(service.service_name)),
                      .display_name = from_utf16(service.display_name),
                      .type = service.status.service_type & ~svcctl::kInteractiveProcess});
  }
  selection_ = select(listed, watchlist, also);
  return true;
}

std::vector<std::pair<ServiceName, ServiceDetails>> ListIndex::take_details() {
  return std::exchange(selection_.details, {});
}

}  // namespace tocsin::probe
