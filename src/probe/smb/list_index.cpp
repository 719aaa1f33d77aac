#include "probe/smb/list_index.h"

#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/text.h"

namespace tocsin::probe {
namespace {

/// Two that differ in their bytes are taken for the same once in 2^64 times.
class Fingerprint {
 public:
  void add(std::string_view bytes) {
    hash_ = hash_ * kMultiplier + std::hash<std::string_view>{}(bytes);
  }
  /// Never 0, so that the first one differs from none.
  [[nodiscard]] std::size_t value() const { return hash_ == 0 ? 1 : hash_; }

 private:
  static constexpr std::size_t kMultiplier = 0x9E3779B97F4A7C15;  // makes the order count
  std::size_t hash_ = 1;
};

std::size_t fingerprint_of_names(const svcctl::Enumeration& list, bool with_display_names) {
  Fingerprint all;
  for (const auto& service : list.services()) {
    all.add(svcctl::name_key(service.service_name));
    if (with_display_names) all.add(svcctl::name_key(service.display_name));
  }
  return all.value();
}

}  // namespace

bool ListIndex::update(const svcctl::Enumeration& list, const Watchlist& watchlist,
                       const Names& also) {
  const auto now = fingerprint_of_names(list, watchlist.has_display_names());
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

std::size_t ListIndex::fingerprint_of_states(const svcctl::Enumeration& list) const {
  Fingerprint all;
  const auto add = [&](std::size_t place) {
    const svcctl::ServiceStatusProcess& status = list.services()[place].status;
    static_assert(std::has_unique_object_representations_v<svcctl::ServiceStatusProcess>);
    all.add({reinterpret_cast<const char*>(&status), sizeof status});
  };
  for (const auto& entry : selection_.entries) add(entry.place);
  for (const auto& [service, place] : selection_.boot_services) add(place);
  return all.value();
}

std::vector<std::pair<ServiceName, ServiceDetails>> ListIndex::take_details() {
  return std::exchange(selection_.details, {});
}

}  // namespace tocsin::probe
