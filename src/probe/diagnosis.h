// The way to the services of a host, step by step: what works, what does not, and what to do.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/words.h"

namespace tocsin::probe {

/// In the order in which they are tried.
enum class Step : std::uint8_t {
  name,
  connection,
  protocol,
  mechanisms,
  clock,
  login,
  share,
  pipe,
  manager,
  list,
  service,
  push,
  round_trip,
};
consteval auto table_of(Step) {
  using enum Step;
  return std::array{Word{name, "name"},
                    Word{connection, "connection"},
                    Word{protocol, "protocol"},
                    Word{mechanisms, "mechanisms"},
                    Word{clock, "clock"},
                    Word{login, "login"},
                    Word{share, "share"},
                    Word{pipe, "pipe"},
                    Word{manager, "service manager"},
                    Word{list, "list of services"},
                    Word{service, "one service"},
                    Word{push, "push"},
                    Word{round_trip, "round trip"}};
}

/// For all steps together.
inline constexpr auto kDiagnosisLimit = std::chrono::seconds(60);

enum class Outcome : std::uint8_t {
  works,
  limited,    ///< services can be watched, but not as well as they could
  fails,      ///< services cannot be watched
  not_tried,  ///< an earlier step fails
};
consteval auto table_of(Outcome) {
  using enum Outcome;
  return std::array{Word{works, "ok"}, Word{limited, "limited"}, Word{fails, "FAILS"},
                    Word{not_tried, "not tried"}};
}

struct StepReport {
  Step step{};
  Outcome outcome = Outcome::not_tried;
  std::string found{};   ///< what was seen, or why it fails; never a secret
  std::string advice{};  ///< what to do; empty: nothing
};

using Diagnosis = std::vector<StepReport>;

/// The worst outcome of all steps.
[[nodiscard]] inline Outcome verdict(const Diagnosis& steps) {
  const auto has = [&steps](Outcome outcome) {
    return std::ranges::find(steps, outcome, &StepReport::outcome) != steps.end();
  };
  if (has(Outcome::fails)) return Outcome::fails;
  return has(Outcome::limited) ? Outcome::limited : Outcome::works;
}

}  // namespace tocsin::probe
