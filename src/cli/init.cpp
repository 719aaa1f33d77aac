// `init`: looks at hosts, proposes what to watch, and writes a first configuration.
#include <filesystem>
#include <iostream>
#include <optional>
#include <span>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "base/try.h"
#include "cli/ask_hosts.h"
#include "cli/commands.h"
#include "cli/first_configuration.h"
#include "cli/load.h"
#include "config/load.h"
#include "config/migration/write_yaml.h"
#include "daemon/daemon.h"
#include "platform/password_prompt.h"
#include "platform/paths.h"
#include "platform/permissions.h"
#include "platform/standard_streams.h"
#include "probe/probe.h"

namespace tocsin::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kListLimit = std::chrono::seconds(60);
/// Through which the password reaches the configuration that hosts are asked with.
constexpr const char* kPasswordVariable = "TOCSIN_INIT_PASSWORD";
constexpr const char* kPasswordFile = "tocsin.password";

/// Empty where nobody types: then what was not given stays away.
std::string ask(const std::string& question) {
  std::string line;
  if (!platform::is_typed()) return line;
  platform::write_to_stderr(question);
  std::getline(std::cin, line);
  constexpr const char* kBlanks = " \t\r";
  line.erase(line.find_last_not_of(kBlanks) + 1);
  line.erase(0, line.find_first_not_of(kBlanks));
  return line;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  return words;
}

/// What was answered, and what else the file needs.
struct Answers {
  FirstConfiguration first;
  std::optional<Secret> password;  ///< that is to be kept in a file of ours
};

Result<> find_hosts(const InitOptions& options, Answers& answers) {
  auto names = options.hosts;
  if (names.empty()) names = words_of(ask("servers to watch (names, with spaces between): "));
  if (names.empty()) return fail(ErrorKind::rejected, "name the servers: tocsin init HOST...");
  for (const auto& name : names) {
    TRY(auto host, parse_host(name));
    answers.first.hosts.push_back(std::move(host));
  }
  return {};
}

Result<> find_account(const InitOptions& options, Answers& answers) {
  auto& first = answers.first;
  first.account = options.account;
  const bool may_lack = environment().has_service_manager;
  first.says_source = may_lack;
  if (first.account.empty())
    first.account = ask(may_lack ? "account to ask them with (empty: the one that tocsin runs as): "
                                 : "account to ask them with (DOMAIN\\name or name@REALM): ");
  if (first.account.empty()) {
    if (may_lack) return {};
    return fail(ErrorKind::rejected,
                "name the account that the servers are asked with: --user 'DOMAIN\\name'");
  }
  if (!options.password_file.empty()) {
    first.password = config::quoted_yaml(
        fmt::format("${{file:{}}}", to_utf8(fs::absolute(to_path(options.password_file)))));
    return {};
  }
  TRY(answers.password, platform::ask_password(first.account));
  first.password = fmt::format("${{file:{}}}", kPasswordFile);
  return {};
}

/// With which the hosts are asked: as the file will be, but for what is watched.
std::optional<config::Config> parse_draft(const Answers& answers, const std::string& directory) {
  auto draft = answers.first;
  if (answers.password) draft.password = fmt::format("${{env:{}}}", kPasswordVariable);
  for (auto& host : draft.hosts)
    host.services = {{.name = "*", .display_name = {}, .product = "all"}};
  auto surroundings = environment();
  surroundings.variable = [&answers, known = surroundings.variable](const std::string& name) {
    if (answers.password && name == kPasswordVariable)
      return std::optional(answers.password->reveal());
    return known(name);
  };
  auto parsed = config::parse(write(draft), "tocsin.yaml", directory, surroundings);
  for (const auto& finding : parsed.findings)
    if (finding.severity == config::Severity::error) complain(finding.text);
  return std::move(parsed.config);
}

using Lists = std::vector<Result<std::vector<ObservedService>>>;

/// One after the other until a host has taken the login, which may be wrong, then all at the same
/// time. Ends early where it is refused.
Lists list_services(const config::Config& draft, const InitOptions& options) {
  Lists lists(draft.hosts.size(), fail(ErrorKind::unreachable, "not asked"));
  const AskOptions how{.data_directory = daemon::data_directory(options.data_directory, draft),
                       .force = options.force};
  const std::span<const config::Host> hosts(draft.hosts);
  for (std::size_t first = 0, count = 1; first < hosts.size(); first += count) {
    if (first > 0 && lists[first - 1]) count = hosts.size() - first;
    ask_hosts(hosts.subspan(first, count), how,
              [&](std::size_t place, probe::Probe& probe) -> net::awaitable<void> {
                lists[first + place] = co_await probe.list(net::within(kListLimit));
              });
    if (!lists[first] && lists[first].error().kind == ErrorKind::login_refused) break;
  }
  return lists;
}

/// Fills in what each host has, and says so. Error: none was reached, or a login was refused.
Result<> look_at_hosts(const config::Config& draft, const InitOptions& options, Answers& answers) {
  auto& hosts = answers.first.hosts;
  const auto lists = list_services(draft, options);
  bool any = false;
  for (std::size_t i = 0; i < hosts.size(); i++) {
    auto& host = hosts[i];
    if (lists[i]) {
      any = true;
      host.services = propose(*lists[i]);
      fmt::print("{}: {} services; to watch: {}\n", printable(host.name), lists[i]->size(),
                 summary_of(host.services));
      continue;
    }
    host.trouble = lists[i].error().what;
    complain(fmt::format("{}: {}", host.name, host.trouble));
    if (lists[i].error().kind == ErrorKind::login_refused)
      return fail(ErrorKind::rejected, "nothing is written: correct the account or its password");
  }
  if (any) return {};
  return fail(ErrorKind::rejected, "nothing is written, because no server was reached");
}

/// The services that are wanted instead of the proposed ones.
void choose_services(const InitOptions& options, Answers& answers) {
  auto wanted = options.watch;
  if (wanted.empty())
    wanted = words_of(ask("watch these? Enter for yes, or other names, such as MSSQL$* W3SVC: "));
  const bool is_yes = wanted.size() == 1 &&
                      (fold_case(wanted.front()) == "Y" || fold_case(wanted.front()) == "YES");
  if (wanted.empty() || is_yes) return;
  for (auto& host : answers.first.hosts) {
    if (!host.trouble.empty()) continue;
    host.services.clear();
    for (const auto& name : wanted)
      host.services.push_back({.name = name, .display_name = {}, .product = {}});
  }
}

Result<> find_destination(const InitOptions& options, Answers& answers) {
  auto where = options.notify;
  auto server = options.mail_server;
  if (where.empty())
    where =
        ask("who is notified? URL of a Slack, Teams or other webhook, or an email address (empty: "
            "later): ");
  if (is_mail_address(where) && server.empty()) server = ask("mail server: ");
  TRY(answers.first.destination, parse_destination(where, server));
  return {};
}

/// Error: a file of ours is there already.
Result<> check_absence(const InitOptions& options, const Answers& answers) {
  const auto file = to_path(options.file);
  std::vector files{file};
  if (answers.password) files.push_back(file.parent_path() / kPasswordFile);
  std::error_code ignored;
  for (const auto& one : files)
    if (fs::exists(fs::symlink_status(one, ignored)))
      return fail(ErrorKind::storage,
                  fmt::format("{} exists, and is not overwritten: name another file with -c FILE",
                              to_utf8(one)));
  return {};
}

Result<> write_files(const InitOptions& options, const Answers& answers) {
  platform::keep_files_from_others();
  const auto file = to_path(options.file);
  TRY(check_absence(options, answers));
  if (answers.password)
    TRY(platform::replace_file(file.parent_path() / kPasswordFile,
                               answers.password->reveal() + "\n"));
  return platform::replace_file(file, write(answers.first));
}

/// Asks, looks and writes. The error is the last word.
Result<> make_first_file(const InitOptions& options, Answers& answers) {
  TRY(check_absence(options, answers));
  TRY(find_hosts(options, answers));
  TRY(find_account(options, answers));
  TRY(check_absence(options, answers));
  const auto directory = to_utf8(fs::absolute(to_path(options.file)).parent_path());
  const auto draft = parse_draft(answers, directory);
  if (!draft) return fail(ErrorKind::rejected, "nothing is written");
  TRY(look_at_hosts(*draft, options, answers));
  choose_services(options, answers);
  TRY(find_destination(options, answers));
  return write_files(options, answers);
}

}  // namespace

int init(const InitOptions& options) {
  Answers answers;
  if (const auto made = make_first_file(options, answers); !made) return failed(made.error().what);
  fmt::print(
      "{} is written{}\n", options.file,
      answers.password ? fmt::format(", the password into {} beside it", kPasswordFile) : "");
  if (!load(options.file)) return kExitBadConfiguration;
  int code = kExitOk;
  if (answers.first.destination.kind != FirstDestination::Kind::none && !options.no_test)
    code = test({.configuration = options.file, .channels = {}});
  std::error_code ignored;
  if (std::filesystem::equivalent(to_path(options.file), platform::system_configuration(), ignored))
    fmt::print("next: tocsin check, then {}\n", platform::how_to_start_service());
  else
    fmt::print("next: tocsin check -c {0}, then tocsin run -c {0}\n", options.file);
  return code;
}

}  // namespace tocsin::cli
