// What changes rarely about the watched services of a host: read slowly, kept between checks.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "domain/service.h"

namespace tocsin::probe {

/// Of reading details, in every way to ask a host.
struct DetailsLimits {
  std::chrono::milliseconds age = std::chrono::minutes(10);  ///< then read again
  /// One question: a host that does not answer it in time never does.
  std::chrono::milliseconds question = std::chrono::seconds(1);
  /// For so long a question that hung is not asked again.
  std::chrono::milliseconds pause = std::chrono::hours(1);
};

class DetailsCache {
 public:
  /// Details older than `age` are read again.
  explicit DetailsCache(std::chrono::milliseconds age) : age_(age) {}

  /// What a list says of a service, as Selection::details. Its display name stays the list's, by
  /// which it was found, whatever is read; with another one its details are due.
  void introduce(const ServiceName& name, const ServiceDetails& listed);
  /// Takes note of what a check observed, and forgets the services that it lacks. Details of a
  /// service that changed state or process are due: who changes a service often reconfigures it.
  void observe(std::span<const ObservedService> services);
  /// The services whose details are to be read, those first that have waited longest.
  [[nodiscard]] std::vector<ServiceName> due(Time now) const;
  /// What reading them brought; answers what is known now. Nothing: the host does not let us; the
  /// old ones stay.
  std::shared_ptr<const ServiceDetails> answer(const ServiceName& name,
                                               std::optional<ServiceDetails> details, Time now);
  /// Null: nothing is known of it.
  [[nodiscard]] const ServiceDetails* find(const ServiceName& name) const;
  /// Gives each service the details that are known of it.
  void attach(std::span<ObservedService> services) const;

 private:
  struct Entry {
    ServiceStatus status;
    std::shared_ptr<const ServiceDetails> details;
    Time asked{};         ///< the epoch: they are due
    bool listed = false;  ///< introduced
  };

  std::chrono::milliseconds age_;
  std::unordered_map<ServiceName, Entry> entries_;
};

}  // namespace tocsin::probe
