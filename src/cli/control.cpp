// `start`, `stop` and `restart`: what they do to a service of a host, now.
#include "daemon/control.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/ask_hosts.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/load.h"
#include "cli/requests.h"
#include "cli/table.h"
#include "config/monitored/hosts_and_clusters.h"
#include "daemon/daemon.h"
#include "platform/standard_streams.h"
#include "platform/terminal.h"
#include "probe/control.h"
#include "store/data_files.h"
#include "store/store.h"
#include "web/json.h"

namespace tocsin::cli {
namespace {

using Report = Result<probe::ControlReport>;

/// The key names of the services that the host is watched for and that are called so: by their
/// friendly name, or by the display name that a check has found.
std::set<ServiceName> find_by_other_names(const config::Host& host, const std::string& text,
                                          const std::filesystem::path& directory) {
  const auto is_meant = [wanted = fold_case(text)](const std::string& name) {
    return !name.empty() && fold_case(name) == wanted;
  };
  std::set<ServiceName> found;
  for (const auto& entry : host.services.entries())
    if (is_one_name(entry) && is_meant(entry.friendly_name)) found.emplace(entry.pattern);
  auto store = store::Store::open_read_only(directory);
  const auto states = store ? store->load_states() : fail(std::move(store));
  if (!states) return found;
  const auto known = states->find(host.name);
  if (known == states->end()) return found;
  for (const auto& service : known->second.services) {
    const auto* details = service.details.get();
    const auto* entry = host.services.find(service.name, details);
    if (entry != nullptr &&
        (is_meant(entry->friendly_name) || (details != nullptr && is_meant(details->display_name))))
      found.insert(service.name);
  }
  return found;
}

/// The key name of the service that somebody means, or why there is none.
std::expected<ServiceName, std::string> find_service(const config::Host& host,
                                                     const std::string& text,
                                                     const std::filesystem::path& directory) {
  ServiceName name(text);
  if (host.services.find(name) != nullptr) return name;
  const auto found = find_by_other_names(host, text, directory);
  if (found.size() == 1) return *found.begin();
  if (found.empty())
    return std::unexpected(fmt::format("no service `{}` is watched on {}", text, host.name.text()));
  std::vector<std::string> names;
  names.reserve(found.size());
  for (const auto& one : found) names.push_back(one.text());
  return std::unexpected(
      fmt::format("`{}` may be {}: write the one that you mean", text, fmt::join(names, " or ")));
}

void print_table(const config::Host& host, const probe::ControlRequest& request,
                 const probe::ControlReport& report) {
  Table table({"STEP", "SERVICE", "RESULT"});
  for (const auto& step : report.steps) {
    const auto took = std::chrono::duration<double>(step.took).count();
    table.add({{std::string(to_string(step.kind))},
               {step.service.text()},
               step.outcome ? Cell{request.dry_run ? std::string("allowed")
                                                   : fmt::format("done in {:.1f} s", took),
                                   Color::green}
                            : Cell{step.outcome.error().what, Color::red}});
  }
  if (!report.steps.empty()) {
    print(table, "");
    fmt::print("\n");
  }
  const auto where = fmt::format("{} on {}", request.service.text(), host.name.text());
  const auto nothing_to_do = report.steps.empty();
  const auto text =
      nothing_to_do
          ? fmt::format("{} is {} already: nothing {}", where, to_string(report.before.state),
                        request.dry_run ? "would be done" : "was done")
      : request.dry_run ? fmt::format("{} is {}: nothing was done, because this was a dry run",
                                      where, to_string(report.before.state))
                        : fmt::format("{} is {} (was {})", where, to_string(report.after.state),
                                      to_string(report.before.state));
  fmt::print("{}\n", printable(text));
}

/// Into the history, where tocsin has run.
void remember(const std::filesystem::path& directory, const store::ControlByPerson& control) {
  std::error_code unknown;
  if (!std::filesystem::exists(directory / store::kDatabaseFile, unknown) && !unknown) return;
  auto requests = store::Requests::open(directory);
  const auto kept = requests ? requests->add_control(control) : fail(std::move(requests));
  if (!kept)
    warn("the history does not have this, nor does a recovery policy know of it: " +
         kept.error().what);
}

int control(const ControlOptions& options, probe::ControlKind kind) {
  const auto configuration = load(options.configuration);
  if (!configuration) return kExitBadConfiguration;
  const auto scope = SilenceScope::parse(options.what);
  const auto* host = find_called(configuration->hosts, scope.host);
  if (host == nullptr)
    return failed(
        config::no_such_host({configuration->hosts, configuration->clusters}, scope.host));
  if (scope.service.empty())
    return failed(fmt::format("write HOST/SERVICE: which service of {}?", host->name.text()));
  if (!host->control)
    return failed(
        fmt::format("the services of {} are only watched: write `control: true` at the "
                    "host to let tocsin {} them",
                    host->name.text(), to_string(kind)));
  const auto directory = daemon::data_directory(options.data_directory, *configuration);
  const auto service = find_service(*host, scope.service.text(), directory);
  if (!service) return failed(service.error());
  const probe::ControlRequest request{
      .kind = kind, .service = *service, .dry_run = options.dry_run};
  const auto report =
      control_host(*host, request, {.data_directory = directory, .force = options.force});
  if (!options.dry_run)
    remember(directory, daemon::by_person(host->name, request, report, actor()));
  if (options.json)
    print_json(web::to_json(daemon::shown(*host, request, report)));
  else if (report)
    print_table(*host, request, *report);
  if (!report)
    return failed(fmt::format("{}: {}", host->name.text(), report.error().what),
                  report.error().kind == ErrorKind::unreachable ||
                          report.error().kind == ErrorKind::timed_out ||
                          report.error().kind == ErrorKind::login_refused
                      ? kExitNotReached
                      : kExitFailed);
  const auto outcome = report->outcome();
  if (!outcome)
    return failed(fmt::format("{}: {}", host->name.text(), daemon::outcome_text(report)));
  return kExitOk;
}

}  // namespace

int start(const ControlOptions& options) { return control(options, probe::ControlKind::start); }

int stop(const ControlOptions& options) { return control(options, probe::ControlKind::stop); }

int restart(const ControlOptions& options) { return control(options, probe::ControlKind::restart); }

}  // namespace tocsin::cli
