// The command line: what is asked for, and nothing about how it is done.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/simulate.h"
#include "cli/version.h"
#include "platform/program.h"
#include "platform/service_rules.h"
#include "platform/standard_streams.h"
#include "platform/terminal.h"
#ifdef TOCSIN_PORTABLE
#include "platform/authorities_linux.h"
#endif

namespace {

using namespace tocsin;
using namespace tocsin::cli;

/// Takes the configuration that is meant where the command names none. Whether it has one now, or
/// needs none.
template <typename Options>
bool settle_configuration(Options& options) {
  if constexpr (requires { options.configuration; }) {
    if (options.configuration.empty())
      options.configuration = find_configuration().value_or(std::string());
    return !options.configuration.empty();
  }
  return true;
}

/// Adds a command; `code` gets its exit code when it was the one asked for.
template <typename Options>
CLI::App* add(CLI::App& app, const char* name, const char* text, int& code,
              const std::shared_ptr<Options>& options, int (*command)(const Options&)) {
  auto* sub = app.add_subcommand(name, text);
  sub->callback([options, command, &code] {
    code = settle_configuration(*options) ? command(*options) : kExitBadConfiguration;
  });
  return sub;
}

template <typename Options>
void add_configuration(CLI::App* sub, const std::shared_ptr<Options>& options) {
  sub->add_option("-c,--config", options->configuration,
                  "the configuration (YAML; default: ./tocsin.yaml, else that of the machine)")
      ->type_name("FILE")
      ->check([](const std::string& file) { return file.empty() ? "it has no name" : ""; });
}

template <typename Options>
void add_data_directory(CLI::App* sub, const std::shared_ptr<Options>& options) {
  sub->add_option("--data-dir", options->data_directory,
                  "the directory of the database (default: dataDirectory of the configuration)")
      ->type_name("DIR");
}

/// Adds a command that works on what a running tocsin has stored.
template <typename Options>
CLI::App* add_stored(CLI::App& app, const char* name, const char* text, int& code,
                     const std::shared_ptr<Options>& options, int (*command)(const Options&)) {
  auto* sub = add(app, name, text, code, options, command);
  add_configuration(sub, options);
  add_data_directory(sub, options);
  return sub;
}

/// What a command ends: an id in the list that `list` prints, or what it is for.
void add_which(CLI::App* sub, std::string& which, const std::string& list) {
  sub->add_option("which", which,
                  "its id in `tocsin " + list + "`, or its HOST[/SERVICE] as listed there")
      ->required()
      ->type_name("ID|HOST[/SERVICE]");
}

template <typename Options>
void add_json(CLI::App* sub, const std::shared_ptr<Options>& options) {
  sub->add_flag("--json", options->json, "print JSON");
}

template <typename Options>
void add_force(CLI::App* sub, const std::shared_ptr<Options>& options) {
  sub->add_flag("--force", options->force,
                "log in once even with a recently refused credential (this may lock the account)");
}

/// Adds a command that asks one host now.
CLI::App* add_about_host(CLI::App& app, const char* name, const char* text, int& code,
                         int (*command)(const HostOptions&)) {
  const auto options = std::make_shared<HostOptions>();
  auto* sub = add(app, name, text, code, options, command);
  add_configuration(sub, options);
  sub->add_option("host", options->host, "a host of the configuration")
      ->required()
      ->type_name("HOST");
  add_data_directory(sub, options);
  add_json(sub, options);
  add_force(sub, options);
  return sub;
}

void add_monitoring(CLI::App& app, int& code) {
  const auto run_options = std::make_shared<RunOptions>();
  auto* run_command =
      add(app, "run", "watch hosts and send alerts, until ^C, SIGTERM or the end of the console",
          code, run_options, run);
  add_configuration(run_command, run_options);
  add_data_directory(run_command, run_options);

  const auto reload_options = std::make_shared<RunOptions>();
  auto* reload_command = add(app, "reload", "reload the configuration of the running tocsin", code,
                             reload_options, reload);
  add_configuration(reload_command, reload_options);
  add_data_directory(reload_command, reload_options);

  const auto health_options = std::make_shared<HealthOptions>();
  add_configuration(
      add(app, "health", "say whether the running tocsin works, for supervisors of containers",
          code, health_options, health),
      health_options);

  const auto check_options = std::make_shared<CheckOptions>();
  auto* check_command =
      add(app, "check", "check all hosts once and print the states", code, check_options, check);
  add_configuration(check_command, check_options);
  add_data_directory(check_command, check_options);
  add_json(check_command, check_options);
  add_force(check_command, check_options);
  check_command->footer(
      "exit code: 0 all running, 1 some service not running or a pattern that finds none, "
      "2 configuration error, 3 some host not reached");

  const auto validate_options = std::make_shared<ValidateOptions>();
  auto* validate_command = add(app, "validate", "list every mistake in the configuration", code,
                               validate_options, validate);
  add_configuration(validate_command, validate_options);
  add_json(validate_command, validate_options);
  validate_command->footer(
      "for a file that begins with `Butler:`, also list which keys are used, unused or behave "
      "differently\nexit code: 0, or 2 when there are errors");

  add_about_host(app, "services", "list all services of a host", code, services);
  add_about_host(app, "doctor", "say why a host can or cannot be watched, step by step", code,
                 doctor)
      ->footer(
          "exit code: 0 all steps work, 1 some are limited, 2 configuration error, "
          "3 the host cannot be watched");

  const auto test_options = std::make_shared<TestOptions>();
  auto* test_command =
      add(app, "test", "send test messages and print what each destination answers", code,
          test_options, test);
  add_configuration(test_command, test_options);
  test_command
      ->add_option(
          "channel", test_options->channels,
          "only these destinations, named as in alertDestination: slack, webhook:DESCRIPTION, ...")
      ->type_name("CHANNEL");
}

template <typename Options>
void add_role(CLI::App* sub, const std::shared_ptr<Options>& options, const std::string& text) {
  sub->add_option("--role", options->role, text)
      ->capture_default_str()
      ->check(CLI::IsMember({"read", "act"}));
}

void add_web_token(CLI::App& app, int& code) {
  const auto options = std::make_shared<WebTokenOptions>();
  auto* command = add_stored(app, "web-token", "print the token that lets the dashboard act", code,
                             options, web_token);
  command->add_option("--new", options->name, "make a token for `web.tokens` instead")
      ->type_name("NAME");
  add_role(command, options, "what the new token allows: read or act");
}

void add_web_password(CLI::App& app, int& code) {
  const auto options = std::make_shared<WebPasswordOptions>();
  auto* command =
      add(app, "web-password", "ask for a password and print an entry of `web.users` for it", code,
          options, web_password);
  command->add_option("name", options->name, "who logs in to the dashboard with it")
      ->required()
      ->type_name("NAME");
  add_role(command, options, "what the user may do: read or act");
  command->footer(
      "the password is one line of stdin; a terminal does not show it\n"
      "exit code: 0, or 1 when the name or the password cannot be used");
}

void add_init(CLI::App& app, int& code) {
  const auto options = std::make_shared<InitOptions>();
  auto* command =
      add(app, "init", "look at servers and write a first configuration", code, options, cli::init);
  command->add_option("host", options->hosts, "the servers to watch")->type_name("HOST[:PORT]");
  command->add_option("-c,--config", options->file, "the file to write; it must not exist")
      ->capture_default_str()
      ->type_name("FILE");
  command->add_option("--user", options->account, "the account that logs in to the servers")
      ->type_name("ACCOUNT");
  command
      ->add_option("--password-file", options->password_file,
                   "a file with its password (default: the first line of stdin)")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  command
      ->add_option("--watch", options->watch,
                   "services to watch, as names or patterns (default: what is proposed)")
      ->type_name("NAME");
  command
      ->add_option(
          "--notify", options->notify,
          "who is notified: URL of a Slack, Teams, ntfy or other webhook, or an email address")
      ->type_name("URL|ADDRESS");
  command
      ->add_option("--mail-server", options->mail_server,
                   "the mail server, if --notify is an email address")
      ->type_name("HOST[:PORT]");
  command->add_flag("--no-test", options->no_test, "send no test message");
  add_data_directory(command, options);
  add_force(command, options);
  command->footer(
      "asks for what is not given where stdin is a terminal; overwrites nothing\n"
      "exit code: 0, 1 when nothing could be written or the test message was refused");
}

void add_migrate(CLI::App& app, int& code) {
  const auto options = std::make_shared<MigrateOptions>();
  auto* command =
      add(app, "migrate", "print a clean configuration made from one for Butler or tocsin", code,
          options, cli::migrate);
  command->add_option("file", options->configuration, "a configuration for Butler or tocsin")
      ->required()
      ->type_name("OLD");
  command->footer(
      "tocsin migrate OLD > NEW leaves out what tocsin does not use, and replaces secrets with "
      "variables that NEW names\n"
      "in Windows PowerShell, whose own > writes UTF-16: cmd /c \"tocsin migrate OLD > NEW\"\n"
      "exit code: 0, or 2 when OLD has errors");
}

void add_schedule(CLI::App& app, int& code) {
  const auto options = std::make_shared<ScheduleOptions>();
  auto* command =
      add(app, "schedule", "print when a schedule is due", code, options, cli::schedule);
  command
      ->add_option("text", options->text, "such as 'every weekday at 9:00', or a cron expression")
      ->required()
      ->type_name("TEXT");
  command
      ->add_option("--zone", options->zone,
                   "the time zone, such as Europe/Stockholm (default: UTC)")
      ->type_name("NAME");
  command->add_option("--count", options->count, "number of times to print")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command->footer("exit code: 0, or 2 when the text has a mistake");
}

void add_silencing(CLI::App& app, int& code) {
  const auto options = std::make_shared<SilenceOptions>();
  auto* command =
      add_stored(app, "silence", "suppress notifications about hosts or services for a time", code,
                 options, cli::silence);
  command
      ->add_option("what", options->scope,
                   "a host and all of its services, or services; * and ? as in patterns")
      ->required()
      ->type_name("HOST[/SERVICE]");
  command->add_option("--for", options->length, "how long: 30m, 2h, 1d12h")
      ->required()
      ->type_name("TIME");
  command->add_option("--reason", options->reason, "reason, shown in the history")
      ->type_name("TEXT");

  const auto list_options = std::make_shared<SilencesOptions>();
  auto* list_command = add_stored(app, "silences", "list the silences and the maintenance windows",
                                  code, list_options, cli::silences);
  list_command->add_flag("--all", list_options->all,
                         "also silences that have ended and are still kept");
  add_json(list_command, list_options);

  const auto end_options = std::make_shared<UnsilenceOptions>();
  auto* end_command =
      add_stored(app, "unsilence", "end a silence; alerts that still fire are notified then", code,
                 end_options, cli::unsilence);
  add_which(end_command, end_options->silence, "silences");
}

void add_acknowledging(CLI::App& app, int& code) {
  const auto options = std::make_shared<AckOptions>();
  auto* command = add_stored(
      app, "ack", "acknowledge firing alerts: no reminders or escalations until they end", code,
      options, cli::ack);
  command
      ->add_option("what", options->scope,
                   "a host (with all of its services) or a service; * and ? as in patterns")
      ->required()
      ->type_name("HOST[/SERVICE]");
  command->add_option("--reason", options->reason, "reason, shown in `tocsin acks`")
      ->required()
      ->type_name("TEXT");
  command->add_option("--author", options->author, "who acknowledges (default: the user)")
      ->type_name("NAME");

  const auto list_options = std::make_shared<AcksOptions>();
  auto* list_command =
      add_stored(app, "acks", "list the acknowledged alerts", code, list_options, cli::acks);
  add_json(list_command, list_options);

  const auto end_options = std::make_shared<UnackOptions>();
  auto* end_command =
      add_stored(app, "unack", "withdraw an acknowledgement; reminders and escalations go on", code,
                 end_options, cli::unack);
  add_which(end_command, end_options->ack, "acks");
}

void add_controlling(CLI::App& app, int& code) {
  const auto add_one = [&](const char* name, const char* text,
                           int (*command)(const ControlOptions&)) {
    const auto options = std::make_shared<ControlOptions>();
    auto* sub = add(app, name, text, code, options, command);
    add_configuration(sub, options);
    sub->add_option("what", options->what, "a watched service of a host that has `control`")
        ->required()
        ->type_name("HOST/SERVICE");
    sub->add_flag("--dry-run", options->dry_run,
                  "only print what would be done, and whether the account may do it");
    add_data_directory(sub, options);
    add_json(sub, options);
    add_force(sub, options);
    sub->footer(
        "exit code: 0 done, or nothing to do; 1 a step failed or was refused, 2 configuration "
        "error, 3 the host was not reached");
  };
  add_one("start", "start a service, or continue one that is paused", start);
  add_one("stop", "stop a service, and before it those that depend on it", stop);
  add_one("restart", "stop and start a service, and those that depend on it", restart);
}

void add_routes(CLI::App& app, int& code) {
  const auto options = std::make_shared<RoutesOptions>();
  auto* command = add(app, "routes", "print the destinations that an alert would go to, and when",
                      code, options, routes);
  add_configuration(command, options);
  command->add_option("what", options->what, "a host, a cluster or a service of one")
      ->required()
      ->type_name("HOST[/SERVICE]");
  command
      ->add_option("--kind", options->kind,
                   "kind of the alert, as in the history (default: unreachable, or stopped)")
      ->type_name("KIND");
}

void add_looking_back(CLI::App& app, int& code) {
  const auto history_options = std::make_shared<HistoryOptions>();
  auto* history_command =
      add(app, "history", "print what happened", code, history_options, history);
  add_configuration(history_command, history_options);
  add_data_directory(history_command, history_options);
  history_command->add_option("host", history_options->host, "only this host")->type_name("HOST");
  history_command->add_option("service", history_options->service, "only this service")
      ->type_name("SERVICE");
  history_command->add_option("--since", history_options->since, "how far back: 90s, 15m, 24h, 7d")
      ->capture_default_str()
      ->type_name("AGE");
  add_json(history_command, history_options);

  const auto deliveries_options = std::make_shared<DeliveriesOptions>();
  auto* deliveries_command = add(app, "deliveries", "print the notifications, delivered or not",
                                 code, deliveries_options, deliveries);
  add_configuration(deliveries_command, deliveries_options);
  add_data_directory(deliveries_command, deliveries_options);
  deliveries_command->add_flag("--failed", deliveries_options->failed,
                               "only dead letters and those that have failed so far");
  add_json(deliveries_command, deliveries_options);
  auto* retry = deliveries_command
                    ->add_option("--retry", deliveries_options->id,
                                 "send this dead letter again, and those after it for the same"
                                 " destination and service")
                    ->type_name("ID")
                    ->expected(0, 1);
  deliveries_command->add_flag("--all", deliveries_options->all, "with --retry: all dead letters")
      ->needs(retry);
  deliveries_command->parse_complete_callback(
      [deliveries_options, retry] { deliveries_options->retry = retry->count() > 0; });
  deliveries_command->footer("deliveries with the same GROUP left in one message");
}

void add_pretending(CLI::App& app, int& code, const std::string& called) {
  const auto simulate_options = std::make_shared<SimulateOptions>();
  auto* simulate_command =
      add(app, "simulate", "pretend to be Windows hosts, over the real protocol", code,
          simulate_options, run_simulate);
  add_simulate_options(*simulate_command, *simulate_options);
  const auto demo_options = std::make_shared<DemoOptions>();
  demo_options->called = called;
  auto* demo_command = add(app, "demo", "watch pretend hosts and print the alerts that arrive",
                           code, demo_options, demo);
  demo_command->add_option("--hosts", demo_options->hosts, "how many hosts")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  demo_command
      ->add_option("--changes", demo_options->changes_per_minute, "changes a minute, in all")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 6000.0));
  demo_command->add_option("--seconds", demo_options->seconds, "end after this time")
      ->check(CLI::Range(1, 86400));
}

std::string check_service_name(const std::string& name) {
  return platform::is_service_name(name)
             ? std::string()
             : "not a service name: use at most 256 characters, without / and \\";
}

void add_service(CLI::App& app, int& code) {
  auto* service =
      app.add_subcommand("service", "install or remove the Windows service, as an administrator");
  service->require_subcommand(1);

  const auto install_options = std::make_shared<ServiceInstallOptions>();
  auto* install_command = add(*service, "install", "install a service that starts with the system",
                              code, install_options, service_install);
  add_configuration(install_command, install_options);
  add_data_directory(install_command, install_options);
  install_command->add_option("--name", install_options->name, "name of the service")
      ->capture_default_str()
      ->check(check_service_name)
      ->type_name("NAME");
  install_command
      ->add_option("--account", install_options->account,
                   "account that the service runs as (default: NT SERVICE\\NAME)")
      ->type_name("ACCOUNT");

  const auto uninstall_options = std::make_shared<ServiceUninstallOptions>();
  auto* uninstall_command = add(*service, "uninstall", "stop the service and remove it", code,
                                uninstall_options, service_uninstall);
  uninstall_command->add_option("--name", uninstall_options->name, "name of the service")
      ->capture_default_str()
      ->type_name("NAME");

  const auto run_options = std::make_shared<RunOptions>();
  auto* run_command =
      add(*service, "run", "run as the service; only the service manager starts this", code,
          run_options, service_run);
  add_configuration(run_command, run_options);
  add_data_directory(run_command, run_options);
  run_command->group("");  // not in the list of commands
}

/// Lost output is a failure, except for a reader that has closed the pipe.
int end_output(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (errno != EPIPE)
    complain(fmt::format("the output cannot be written in full: {}",
                         std::generic_category().message(errno)));
  return code == kExitOk ? kExitFailed : code;
}

/// What to do first, for somebody who knows none of the commands.
int greet(const std::string& called) {
  platform::write_to_stderr(fmt::format(
      "tocsin alerts people within seconds when a Windows service stops, starts, pauses, vanishes "
      "or hangs.\n\n"
      "  1. See it at work, with pretend hosts:                      {0} demo\n"
      "  2. Look at your servers, and write tocsin.yaml:             {0} init HOST...\n"
      "     See what a host still lacks:                             {0} doctor HOST\n"
      "  3. Watch them:                                              {0} run\n\n"
      "All commands: {0} --help. From a configuration of Butler: {0} migrate OLD > tocsin.yaml\n",
      called));
  return kExitBadConfiguration;
}

int run_command(std::vector<std::string> words) {
  const std::string called = words.empty() ? "tocsin" : words.front();
  if (words.size() < 2) return greet(called);
  words.erase(words.begin());
  CLI::App app(
      "tocsin alerts people within seconds when a Windows service stops, starts, pauses, vanishes "
      "or hangs.",
      "tocsin");
  app.set_version_flag("--version", "tocsin " + version());
  app.require_subcommand(1);
  int code = kExitOk;
  add_init(app, code);
  add_monitoring(app, code);
  add_routes(app, code);
  add_looking_back(app, code);
  add_silencing(app, code);
  add_acknowledging(app, code);
  add_controlling(app, code);
  add_web_token(app, code);
  add_web_password(app, code);
  add_migrate(app, code);
  add_schedule(app, code);
  add_pretending(app, code, called);
  add_service(app, code);
  try {
    std::ranges::reverse(words);  // as CLI11 wants them
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitBadConfiguration;
  } catch (const std::exception& error) {
    if (std::ferror(stdout) == 0) complain(error.what());  // else the output is what failed
    return kExitFailed;
  }
  return code;
}

}  // namespace

int main(int count, char** arguments) {
#ifdef TOCSIN_PORTABLE
  platform::use_system_authorities();
#endif
  platform::prepare_standard_streams();
  const platform::Terminal terminal;
  return end_output(run_command(platform::arguments(count, arguments)));
}
