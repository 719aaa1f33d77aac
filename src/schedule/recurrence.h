// Definition -> the next point, on a calendar and a clock that know no time zone.
#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <vector>

#include "schedule/definition.h"
#include "schedule/rule.h"

namespace tocsin::schedule {

/// Due once in each period of a rule (such as each minute) that has a second at which the rule
/// holds and no exception does: at the first such second.
class Recurrence {
 public:
  explicit Recurrence(const Definition& definition);

  /// Those that are due at any time; none if the definition never is.
  [[nodiscard]] std::span<const Rule> rules() const { return rules_; }
  /// The first point strictly after `after` at which this one of the rules is due; nothing when
  /// there is none before the limit.
  [[nodiscard]] std::optional<local_seconds> next(const Rule& rule, local_seconds after,
                                                  local_days limit) const;

 private:
  using Exceptions = std::bitset<kMostClauses>;

  [[nodiscard]] std::optional<local_seconds> first(const Rule& rule, local_seconds from,
                                                   local_days limit = local_days::max()) const;
  [[nodiscard]] Exceptions exceptions_on(const Day& day) const;
  [[nodiscard]] std::optional<unsigned> first_second(const Rule& rule, const Exceptions& exceptions,
                                                     unsigned from) const;

  std::vector<Rule> rules_;
  std::vector<Rule> exceptions_;
};

}  // namespace tocsin::schedule
