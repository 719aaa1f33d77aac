// What is known of the services of one host: all in one place, in the order of their names, so that
// an observation is compared with it in one walk. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/names.h"
#include "domain/service.h"
#include "domain/tracked_service.h"

namespace tocsin {

struct KnownService {
  ServiceName name;
  TrackedService tracked;
  std::shared_ptr<const ServiceDetails> details;  ///< null: they were never read
  /// Whether decide() has found that to observe `tracked.seen` once more changes nothing, however
  /// late; to be taken back with any change of the service, its details or the rules.
  bool rests = false;
};

/// Whether a check has found it as it rests.
[[nodiscard]] inline bool is_as_before(const KnownService& known, const ObservedService& observed) {
  return known.rests && observed.status == known.tracked.seen;
}

/// The services of one host, each once. Adding or removing one ends all pointers and iterators.
class KnownServices {
 public:
  [[nodiscard]] auto begin() { return services_.begin(); }
  [[nodiscard]] auto end() { return services_.end(); }
  [[nodiscard]] auto begin() const { return services_.begin(); }
  [[nodiscard]] auto end() const { return services_.end(); }
  [[nodiscard]] bool empty() const { return services_.empty(); }
  [[nodiscard]] std::size_t size() const { return services_.size(); }

  /// Null: it is not known.
  [[nodiscard]] const KnownService* find(const ServiceName& name) const;
  [[nodiscard]] KnownService* find(const ServiceName& name);
  /// Adds it where it is not known. Cheap in the order of names; else all after it move.
  KnownService& operator[](const ServiceName& name);
  /// Of names in their order, however many: those that are not known yet; all of them.
  void add(const std::vector<ServiceName>& names);
  void erase(const std::vector<ServiceName>& names);
  void shrink_to_fit() { services_.shrink_to_fit(); }

 private:
  std::vector<KnownService> services_;
};

/// Walks through both by name: visit(known, observed), either of which is null where only the other
/// one has the service.
template <typename Known, typename Visit>
void walk_in_step(Known& known, const ObservedServices& observed, const Visit& visit) {
  auto at = observed.begin();
  for (auto& service : known) {
    for (; at != observed.end() && at->name < service.name; ++at) visit(nullptr, &*at);
    const bool both = at != observed.end() && at->name == service.name;
    visit(&service, both ? &*at++ : nullptr);
  }
  for (; at != observed.end(); ++at) visit(nullptr, &*at);
}

}  // namespace tocsin
