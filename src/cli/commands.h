// The commands: each takes its options and answers the exit code. Section 4 of the design is the
// contract; docs/commands.md is its text for users.
#pragma once

#include <string>
#include <vector>

namespace tocsin::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  ///< also: some service does not run (check), refused (test)
inline constexpr int kExitBadConfiguration = 2;
inline constexpr int kExitNotReached = 3;  ///< check, services: some host was not reached

struct RunOptions {
  std::string configuration;
  std::string data_directory;
};
int run(const RunOptions& options);

/// Lets a running tocsin read its configuration again.
int reload(const RunOptions& options);

struct HealthOptions {
  std::string configuration;
};
/// Asks the running tocsin whether it works.
int health(const HealthOptions& options);

struct ServiceInstallOptions {
  std::string configuration;
  std::string data_directory;
  std::string name = "tocsin";
  std::string account;  ///< empty: one of its own
};
int service_install(const ServiceInstallOptions& options);

struct ServiceUninstallOptions {
  std::string name = "tocsin";
};
int service_uninstall(const ServiceUninstallOptions& options);

/// What the service manager starts.
int service_run(const RunOptions& options);

struct CheckOptions {
  std::string configuration;
  std::string data_directory;
  bool json = false;
  bool force = false;  ///< log in with credentials that are suspect
};
int check(const CheckOptions& options);

/// A first configuration; what is not given is asked for where somebody types.
struct InitOptions {
  std::string file = "tocsin.yaml";
  std::string data_directory;
  std::vector<std::string> hosts;  ///< HOST or HOST:PORT
  std::string account;
  std::string password_file;       ///< empty: the password is typed, or the first line of stdin
  std::vector<std::string> watch;  ///< names or patterns; empty: what is proposed
  std::string notify;              ///< URL or address of mail
  std::string mail_server;
  bool no_test = false;
  bool force = false;  ///< as in CheckOptions
};
int init(const InitOptions& options);

struct ValidateOptions {
  std::string configuration;
  bool json = false;
};
int validate(const ValidateOptions& options);

struct MigrateOptions {
  std::string configuration;
};
int migrate(const MigrateOptions& options);

/// One host, asked now.
struct HostOptions {
  std::string configuration;
  std::string data_directory;
  std::string host;
  bool json = false;
  bool force = false;  ///< as in CheckOptions
};
int services(const HostOptions& options);

/// The way to one host, step by step.
int doctor(const HostOptions& options);

struct TestOptions {
  std::string configuration;
  std::vector<std::string> channels;  ///< empty: all that are enabled
};
int test(const TestOptions& options);

struct RoutesOptions {
  std::string configuration;
  std::string what;  ///< HOST, HOST/SERVICE, CLUSTER or CLUSTER/SERVICE
  std::string kind;  ///< empty: unreachable or stopped
};
int routes(const RoutesOptions& options);

struct HistoryOptions {
  std::string configuration;
  std::string data_directory;
  std::string host;
  std::string service;
  std::string since = "24h";
  bool json = false;
};
int history(const HistoryOptions& options);

struct DeliveriesOptions {
  std::string configuration;
  std::string data_directory;
  bool failed = false;
  bool json = false;
  bool retry = false;  ///< instead: dead letters are to be sent again
  std::string id;      ///< this one, or those of this group
  bool all = false;    ///< all of them
};
int deliveries(const DeliveriesOptions& options);

struct SilenceOptions {
  std::string configuration;
  std::string data_directory;
  std::string scope;   ///< HOST or HOST/SERVICE, with * and ?
  std::string length;  ///< as config::parse_duration() reads it
  std::string reason;
};
int silence(const SilenceOptions& options);

struct SilencesOptions {
  std::string configuration;
  std::string data_directory;
  bool all = false;  ///< those that have ended too
  bool json = false;
};
int silences(const SilencesOptions& options);

struct UnsilenceOptions {
  std::string configuration;
  std::string data_directory;
  std::string silence;  ///< an id, or the scope as it was written
};
int unsilence(const UnsilenceOptions& options);

struct AckOptions {
  std::string configuration;
  std::string data_directory;
  std::string scope;  ///< HOST or HOST/SERVICE, with * and ?
  std::string reason;
  std::string author;  ///< empty: the user
};
int ack(const AckOptions& options);

struct AcksOptions {
  std::string configuration;
  std::string data_directory;
  bool json = false;
};
int acks(const AcksOptions& options);

struct UnackOptions {
  std::string configuration;
  std::string data_directory;
  std::string ack;  ///< an id, or HOST or HOST/SERVICE
};
int unack(const UnackOptions& options);

/// A service that is started or stopped now.
struct ControlOptions {
  std::string configuration;
  std::string data_directory;
  std::string what;  ///< HOST/SERVICE
  bool dry_run = false;
  bool json = false;
  bool force = false;  ///< as in CheckOptions
};
int start(const ControlOptions& options);
int stop(const ControlOptions& options);
int restart(const ControlOptions& options);

struct WebTokenOptions {
  std::string configuration;
  std::string data_directory;
  std::string name;           ///< of a new token for the configuration; empty: the directory's own
  std::string role = "read";  ///< of the new one
};
int web_token(const WebTokenOptions& options);

struct WebPasswordOptions {
  std::string name;
  std::string role = "read";
};
int web_password(const WebPasswordOptions& options);

struct ScheduleOptions {
  std::string text;
  std::string zone;  ///< an IANA name; empty: UTC only
  int count = 10;
};
int schedule(const ScheduleOptions& options);

struct DemoOptions {
  std::string called = "tocsin";  ///< how people call this program
  int hosts = 20;
  double changes_per_minute = 20;
  int seconds = 0;  ///< 0: until ^C
};
int demo(const DemoOptions& options);

}  // namespace tocsin::cli
