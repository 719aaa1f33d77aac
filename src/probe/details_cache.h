// What changes rarely about the watched services of a host: read slowly, kept between checks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "domain/service.h"

namespace tocsin::probe {

/// Of reading details, in every way to ask a host.
struct DetailsLimits {
  std::chrono::milliseconds age = std::chrono::hours(6);  ///< then read again
  /// One question: a host that does not answer it in time never does.
  std::chrono::milliseconds question = std::chrono::seconds(1);
  /// For so long a question that hung is not asked again.
  std::chrono::milliseconds pause = std::chrono::hours(1);
};

/// Time goes by in periods of one age, which begin at times of the host's own: details are due when
/// they were read in another period than this one. So not all hosts are due at once, and a restart
/// makes none due.
class DetailsCache {
 public:
  DetailsCache(const DetailsLimits& limits, const HostName& host)
      : age_(limits.age),
        shift_(std::hash<HostName>{}(host) % static_cast<std::size_t>(age_.count())) {}

  /// What was known before this began counts as read just now, where it is complete.
  void recall(std::span<const ObservedService> known, Time now);
  /// What a list says of services, as Selection::details. Their display names stay the list's, by
  /// which they were found, whatever is read; of those with another one details are due.
  void introduce(const std::vector<std::pair<ServiceName, ServiceDetails>>& listed);
  /// Takes note of what a check observed, and forgets the services that it lacks. Details of a
  /// service that changed state or process are due: who changes a service often reconfigures it.
  void observe(std::span<const ObservedService> services);
  /// The services whose details are to be read, those first that have waited longest.
  [[nodiscard]] std::vector<ServiceName> due(Time now) const;
  /// What reading them brought; answers what is known now. Nothing: the host does not let us; the
  /// old ones stay.
  std::shared_ptr<const ServiceDetails> answer(const ServiceName& name,
                                               std::optional<ServiceDetails> details, Time now);
  /// Its process by the last check; nothing: it was not there.
  [[nodiscard]] std::optional<std::uint32_t> process_of(const ServiceName& name) const;
  /// Null: nothing is known of it.
  [[nodiscard]] const ServiceDetails* find(const ServiceName& name) const;
  /// Gives each service the details that are known of it.
  void attach(std::span<ObservedService> services) const;
  /// All that it knows of.
  [[nodiscard]] std::vector<ServiceName> services() const;
  [[nodiscard]] bool empty() const { return entries_.empty(); }

 private:
  using Period = std::int32_t;
  /// Before all periods: due.
  static constexpr Period kNever = std::numeric_limits<Period>::min();

  struct Entry {
    ServiceName name;
    std::shared_ptr<const ServiceDetails> details{};
    Period read_in = kNever;
    std::uint32_t process_id = 0;
    ServiceState state = ServiceState::unknown;
    bool listed = false;  ///< introduced
  };

  [[nodiscard]] Period period(Time now) const;
  /// The end where there is none. What is asked for in the order of the entries is found at once.
  [[nodiscard]] std::size_t find_entry(const ServiceName& name) const;
  /// In the order of the services: what is asked for next stands next.
  void arrange(std::span<const ObservedService> services);
  void introduce(Entry& entry, const ServiceDetails& listed);
  void make_due(Entry& entry) {
    entry.read_in = kNever;
    none_due_in_ = kNever;
  }

  std::chrono::milliseconds age_;
  std::chrono::milliseconds shift_;
  std::vector<Entry> entries_;           ///< of the services of the last check, in its order
  mutable std::size_t next_ = 0;         ///< where find_entry() begins
  mutable Period none_due_in_ = kNever;  ///< as due() has found
};

}  // namespace tocsin::probe
