#include "probe/selection.h"

#include <iterator>
#include <optional>

#include "probe/per_user.h"

namespace tocsin::probe {
namespace {

class Selector {
 public:
  Selector(const Watchlist& watchlist, const Names& also) : watchlist_(watchlist), also_(also) {}

  void add(const Listed& service) {
    if (const auto boot = find_boot_service(service.name))
      selection_.boot_services.emplace_back(*boot, service.place);
    if (is_template(service.type)) return;
    if (add_copy(service)) return;
    ServiceDetails known{.display_name = service.display_name, .type = service.type};
    if (!is_wanted(service.name, known) || !seen_.insert(service.name).second) return;
    entries_.push_back({service.place, service.name});
    if (!watchlist_.is_exact(service.name))
      selection_.details.emplace_back(service.name, std::move(known));
  }

  Selection finish() && {
    auto count = entries_.size();
    for (const auto& [name, more] : further_) count += more.size();
    selection_.entries.reserve(count);
    for (auto& entry : entries_) {
      const auto more = further_.find(entry.name);
      selection_.entries.push_back(std::move(entry));
      if (more != further_.end())
        std::ranges::move(more->second, std::back_inserter(selection_.entries));
    }
    return std::move(selection_);
  }

 private:
  [[nodiscard]] bool is_wanted(const ServiceName& name, const ServiceDetails& known) const {
    return watchlist_.find(name, &known) != nullptr || also_.contains(name);
  }

  /// Whether it stands for its base name. A copy that was named in full stays itself.
  bool add_copy(const Listed& service) {
    const auto base = base_name(service.name.text(), service.type);
    if (!base || watchlist_.is_exact(service.name)) return false;
    const ServiceName name(*base);
    ServiceDetails known{
        .display_name = base_display_name(service.display_name, service.name.text()),
        .type = service.type};
    if (!is_wanted(name, known)) return false;
    if (selection_.copies.contains(name)) {
      further_[name].push_back({service.place, name});
    } else if (seen_.insert(name).second) {
      entries_.push_back({service.place, name});
      selection_.copies.emplace(name, service.name);
      selection_.details.emplace_back(name, std::move(known));
    }
    return true;
  }

  const Watchlist& watchlist_;
  const Names& also_;
  Selection selection_;
  std::vector<Selection::Entry> entries_;
  std::unordered_map<ServiceName, std::vector<Selection::Entry>> further_;  ///< copies
  Names seen_;
};

}  // namespace

Selection select(std::span<const Listed> list, const Watchlist& watchlist, const Names& also) {
  Selector selector(watchlist, also);
  for (const auto& service : list) selector.add(service);
  return std::move(selector).finish();
}

std::vector<ObservedService> observe(
    const Selection& selection, const std::function<ServiceStatus(std::size_t place)>& status_at) {
  std::vector<ObservedService> services;
  services.reserve(selection.entries.size());
  std::vector<ServiceStatus> copies;
  for (std::size_t i = 0; i < selection.entries.size(); i++) {
    const auto& [place, name] = selection.entries[i];
    auto status = status_at(place);
    if (selection.copies.contains(name)) {
      copies.push_back(status);
      const bool more = i + 1 < selection.entries.size() && selection.entries[i + 1].name == name;
      if (more) continue;
      status = status_of_copies(copies);
      copies.clear();
    }
    services.push_back({.name = name, .status = status, .details = {}});
  }
  return services;
}

BootSigns read_boot_signs(const Selection& selection,
                          const std::function<ServiceStatus(std::size_t place)>& status_at) {
  BootSigns boot;
  for (const auto& [service, place] : selection.boot_services)
    boot.process(service) = status_at(place).process_id;
  return boot;
}

void keep_watched(std::vector<ObservedService>& services, const Watchlist& watchlist,
                  std::optional<Names>& reported) {
  Names watched;
  std::erase_if(services, [&](const ObservedService& service) {
    const auto* known = service.details.get();
    if (watchlist.find(service.name, known) == nullptr)
      return known == nullptr || (reported && !reported->contains(service.name));
    watched.insert(service.name);
    return false;
  });
  reported = std::move(watched);
}

}  // namespace tocsin::probe
