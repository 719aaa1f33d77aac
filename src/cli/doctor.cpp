// `doctor`: why a host can or cannot be watched, for whoever has to mend it.
#include <span>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/ask_hosts.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/table.h"
#include "daemon/daemon.h"
#include "daemon/web_monitor.h"
#include "platform/standard_streams.h"
#include "platform/terminal.h"
#include "probe/diagnosis.h"
#include "web/json.h"

namespace tocsin::cli {
namespace {

using probe::Outcome;

probe::Diagnosis diagnose(const config::Host& host, const AskOptions& options) {
  probe::Diagnosis diagnosis;
  ask_hosts(std::span(&host, 1), options,
            [&](std::size_t /*place*/, probe::Probe& probe) -> net::awaitable<void> {
              diagnosis = co_await probe.diagnose(net::within(probe::kDiagnosisLimit));
            });
  return diagnosis;
}

Color color_of(Outcome outcome) {
  if (outcome == Outcome::works) return Color::green;
  if (outcome == Outcome::limited) return Color::yellow;
  return outcome == Outcome::fails ? Color::red : Color::dim;
}

std::string conclusion(const config::Host& host, Outcome verdict) {
  const auto* says = verdict == Outcome::fails     ? "cannot be watched"
                     : verdict == Outcome::limited ? "can be watched, with limits"
                                                   : "can be watched";
  return fmt::format("{} {}", host.name.text(), says);
}

void print_table(const config::Host& host, const probe::Diagnosis& diagnosis) {
  Table table({"STEP", "RESULT", "FOUND"});
  for (const auto& [step, outcome, found, advice] : diagnosis) {
    table.add({{std::string(to_string(step))},
               {std::string(to_string(outcome)), color_of(outcome)},
               {found}});
    if (!advice.empty()) table.add({{}, {}, {"-> " + advice, Color::bold}});
  }
  print(table, "");
  const auto verdict = probe::verdict(diagnosis);
  fmt::print("\n{}\n", paint(printable(conclusion(host, verdict)), color_of(verdict),
                             platform::wants_color(platform::Stream::output)));
}

}  // namespace

int doctor(const HostOptions& options) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  const auto* host = find_called(configuration->hosts, HostName(options.host));
  if (host == nullptr)
    return failed(fmt::format("{} has no host \"{}\"", options.configuration, options.host));
  const auto diagnosis = diagnose(
      *host, {.data_directory = daemon::data_directory(options.data_directory, *configuration),
              .force = options.force});
  if (options.json)
    print_json(web::to_json(daemon::shown(*host, diagnosis)));
  else
    print_table(*host, diagnosis);
  switch (probe::verdict(diagnosis)) {
    case Outcome::fails:
      return kExitNotReached;
    case Outcome::limited:
      return kExitFailed;
    default:
      return kExitOk;
  }
}

}  // namespace tocsin::cli
