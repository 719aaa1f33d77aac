#include "probe/smb/smb_diagnosis.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/resolver.h"
#include "probe/scm_terms.h"
#include "wire/filetime.h"
#include "wire/spnego/tokens.h"

namespace tocsin::probe {
namespace {

/// By more Kerberos refuses logins (its usual limit).
constexpr auto kMostClockDifference = std::chrono::minutes(5);
constexpr int kRoundTrips = 5;

/// One walk. A step answers whether the next one can be tried.
class Walk {
 public:
  Walk(SmbSession::Environment environment, const Clock& clock, net::Deadline deadline)
      : environment_(environment), host_(environment.host), clock_(clock), deadline_(deadline) {}

  net::awaitable<Diagnosis> run() {
    constexpr std::array kWay{&Walk::resolve,   &Walk::connect,      &Walk::negotiate,
                              &Walk::log_in,    &Walk::open_pipe,    &Walk::open_manager,
                              &Walk::enumerate, &Walk::query_service};
    for (const auto step : kWay)
      if (!co_await (this->*step)()) break;
    if (session_) co_await session_->log_off(deadline_);
    for (const auto step : all_values<Step>())
      if (std::ranges::find(steps_, step, &StepReport::step) == steps_.end())
        steps_.push_back({.step = step, .outcome = Outcome::not_tried});
    co_return std::move(steps_);
  }

 private:
  bool report(Step step, Outcome outcome, std::string found, std::string advice = {}) {
    steps_.push_back({step, outcome, std::move(found), std::move(advice)});
    return outcome != Outcome::fails;
  }
  bool works(Step step, std::string found) {
    return report(step, Outcome::works, std::move(found));
  }
  bool fails(Step step, const Error& error, std::string advice) {
    return report(step, Outcome::fails, error.what, std::move(advice));
  }

  net::awaitable<bool> resolve();
  net::awaitable<bool> connect();
  net::awaitable<bool> negotiate();
  net::awaitable<bool> log_in();
  net::awaitable<Result<>> log_in_anew();
  net::awaitable<bool> open_pipe();
  net::awaitable<bool> open_manager();
  net::awaitable<bool> enumerate();
  net::awaitable<bool> query_service();
  net::awaitable<Result<>> query_status_and_configuration(const std::string& name);
  net::awaitable<bool> ask_for_push(const std::string& name);
  net::awaitable<void> measure_round_trip(const std::string& name);
  void report_mechanisms();
  void report_clock();

  const SmbSession::Environment environment_;
  const config::Host& host_;
  const Clock& clock_;
  const net::Deadline deadline_;
  std::unique_ptr<SmbSession> session_;
  std::string first_service_;  ///< of the host's list
  Diagnosis steps_;
};

double milliseconds_since(net::Deadline began) {
  return std::chrono::duration<double, std::milli>(net::MonotonicClock::now() - began).count();
}

net::awaitable<bool> Walk::resolve() {
  const auto began = net::MonotonicClock::now();
  const auto addresses = co_await environment_.connector.resolve(host_.address, deadline_);
  if (!addresses) {
    const bool unknown = addresses.error().kind == ErrorKind::not_found;
    co_return fails(Step::name, addresses.error(),
                    unknown ? "correct `address` of the host, or enter the name in DNS"
                            : "see which name servers this machine asks, and whether they answer");
  }
  if (net::as_address(host_.address))
    co_return works(Step::name, fmt::format("{} is an address", host_.address));
  co_return works(Step::name, fmt::format("{} is {} ({:.1f} ms)", host_.address,
                                          fmt::join(*addresses, ", "), milliseconds_since(began)));
}

net::awaitable<bool> Walk::connect() {
  const auto began = net::MonotonicClock::now();
  auto session = co_await SmbSession::connect(environment_, deadline_);
  if (!session)
    co_return fails(
        Step::connection, session.error(),
        fmt::format("let this machine reach TCP port {} of the host: firewalls between them, the "
                    "host's own (rule \"File and Printer Sharing (SMB-In)\"), its service Server",
                    host_.port));
  session_ = *std::move(session);
  co_return works(Step::connection, fmt::format("{} accepts connections ({:.1f} ms)",
                                                session_->peer(), milliseconds_since(began)));
}

net::awaitable<bool> Walk::negotiate() {
  if (const auto agreed = co_await session_->negotiate(deadline_); !agreed)
    co_return fails(Step::protocol, agreed.error(),
                    "the host must speak SMB 2.1 or later, and nothing may change it on the way");
  const auto& agreement = session_->smb().agreement();
  const auto cipher = agreement.settled.cipher;
  works(Step::protocol, fmt::format("{}, {}; the host {} signatures", session_->dialect(),
                                    cipher == crypto::Cipher::none
                                        ? std::string("no encryption")
                                        : "encryption by " + std::string(to_string(cipher)),
                                    agreement.signing_required ? "demands" : "does not demand"));
  report_mechanisms();
  report_clock();
  co_return true;
}

void Walk::report_mechanisms() {
  const auto& hint = session_->smb().agreement().hint;
  const auto offer = spnego::decode_init(hint);
  if (hint.empty() || !offer) {
    works(Step::mechanisms, "the host does not say what it offers");
    return;
  }
  std::vector<std::string> names;
  for (const auto& mechanism : offer->mech_types)
    if (auto name = spnego::name_of(mechanism); std::ranges::find(names, name) == names.end())
      names.push_back(std::move(name));
  works(Step::mechanisms, fmt::format("the host offers {}", fmt::join(names, ", ")));
}

void Walk::report_clock() {
  const auto filetime = session_->smb().agreement().system_time;
  if (filetime == 0) {
    works(Step::clock, "the host does not say what time it has");
    return;
  }
  const auto ahead = wire::from_filetime(filetime) - clock_.now();
  const auto difference = ahead < Duration::zero() ? -ahead : ahead;
  const auto found =
      fmt::format("the host's clock is {} {} this machine's", duration_text(difference),
                  ahead < Duration::zero() ? "behind" : "ahead of");
  if (difference <= kMostClockDifference) {
    works(Step::clock, found);
  } else {
    report(Step::clock, Outcome::limited, found,
           "set both by the same time server: Kerberos refuses logins by more than 5 minutes, and "
           "times of alerts are this machine's");
  }
}

/// By NTLM, over a connection of its own.
net::awaitable<Result<>> Walk::log_in_anew() {
  CO_TRY(auto session, co_await SmbSession::connect(environment_, deadline_));
  session_ = std::move(session);
  CO_TRY(co_await session_->negotiate(deadline_));
  co_return co_await session_->log_in(deadline_);
}

net::awaitable<bool> Walk::log_in() {
  auto prepared = co_await SmbSession::prepare_login(environment_, deadline_);
  if (!prepared && !host_.credentials)
    co_return fails(Step::login, prepared.error(), "add `credentials` to the host");
  auto logged_in = prepared ? co_await session_->log_in(deadline_) : std::move(prepared);
  if (!logged_in && environment_.login.tries_ntlm_next()) logged_in = co_await log_in_anew();
  const auto& account = *host_.credentials;
  const auto who = account.username.empty()
                       ? "credential " + account.name
                       : fmt::format("{} (credential {})", account.username, account.name);
  if (!logged_in && !session_->smb().authenticated())
    co_return fails(
        Step::login, logged_in.error(),
        fmt::format("correct {}; docs/windows-hosts.md says what each refusal means", who));
  const auto ticket = environment_.login.ticket();
  const auto found = fmt::format("{} is logged in by {}{}{}", who, environment_.login.way(),
                                 ticket.empty() ? "" : ": ", ticket);
  if (auto notice = environment_.login.take_notice(); !notice.empty()) {
    report(Step::login, Outcome::limited, found, "it " + notice);
  } else {
    works(Step::login, found);
  }
  if (!logged_in)
    co_return fails(Step::share, logged_in.error(),
                    "let the account access this computer from the network");
  co_return works(Step::share, fmt::format("IPC$ is open, {}",
                                           session_->smb().encrypted() ? "encrypted" : "signed"));
}

net::awaitable<bool> Walk::open_pipe() {
  if (const auto opened = co_await session_->open_pipe(deadline_); !opened)
    co_return fails(Step::pipe, opened.error(),
                    "the host has closed its service manager to the network: see "
                    "DisableRemoteScmEndpoints in docs/windows-hosts.md");
  co_return works(Step::pipe, "svcctl is open");
}

net::awaitable<bool> Walk::open_manager() {
  if (const auto opened = co_await session_->open_manager({}, deadline_); !opened) {
    const bool told = opened.error().kind == ErrorKind::denied;  // its sentence says what to do
    co_return fails(Step::manager, opened.error(),
                    told ? "" : "see the host's own event log for why it does not answer");
  }
  co_return works(Step::manager, "the account may connect and list services");
}

net::awaitable<bool> Walk::enumerate() {
  const auto list = co_await session_->enumerate(deadline_);
  if (!list)
    co_return fails(Step::list, list.error(),
                    "grant the account the right to enumerate services (LC), as "
                    "docs/windows-hosts.md shows");
  if (!list->services().empty()) first_service_ = from_utf16(list->services().front().service_name);
  co_return works(Step::list, fmt::format("{} services", list->services().size()));
}

net::awaitable<Result<>> Walk::query_status_and_configuration(const std::string& name) {
  CO_TRY(const auto handle, co_await session_->open_service(name, deadline_));
  const auto status = co_await session_->query_status(handle, deadline_);
  const auto configuration = co_await session_->query_config(handle, deadline_);
  CO_TRY(co_await session_->close_service(handle, deadline_));
  if (!status) co_return std::unexpected(status.error());
  if (!configuration) co_return std::unexpected(configuration.error());
  co_return Result<>{};
}

/// The first watched one, else the first of the list.
net::awaitable<bool> Walk::query_service() {
  const auto watched = host_.services.exact_names();
  const auto name = watched.empty() ? first_service_ : watched.front().text();
  if (name.empty()) co_return report(Step::service, Outcome::limited, "the host has no services");
  const auto queried = co_await query_status_and_configuration(name);
  if (queried) {
    works(Step::service, fmt::format("{}: its state and configuration may be read", name));
  } else if (!is_about_service(queried.error())) {
    co_return fails(Step::service, queried.error(), "");
  } else {
    const bool missing = to_state(queried.error()) == ServiceState::missing;
    report(Step::service, Outcome::limited, fmt::format("{}: {}", name, queried.error().what),
           missing ? "correct the name: `tocsin services` lists those of the host"
                   : "grant the account to query the service's state (LC) and configuration (CC), "
                     "as docs/windows-hosts.md shows");
  }
  if (queried) {
    const bool is_sound = co_await ask_for_push(name);
    if (!is_sound) co_return true;
  }
  co_await measure_round_trip(name);
  co_return true;
}

/// False: the session is lost.
net::awaitable<bool> Walk::ask_for_push(const std::string& name) {
  const auto offer = co_await session_->ask_for_push(name, deadline_);
  const auto why_not = [&]() -> std::string {
    if (!offer) return offer.error().what;
    const auto& services = offer->of_services;
    return services ? "" : services.error().what;
  }();
  const auto over = offer && offer->calls == dcerpc::Calls::one_at_a_time
                        ? fmt::format(", over a pipe for each service, of up to {} services",
                                      SmbListener::kMostPipes)
                        : "";
  if (!why_not.empty()) {
    report(Step::push, Outcome::limited,
           fmt::format("the host does not tell of changes ({}): checks find them", why_not));
  } else if (const auto& list = offer->of_the_list; !list) {
    report(Step::push, Outcome::limited,
           fmt::format("the host tells of changes at once{}, but not of services that come and go "
                       "({}): checks find those",
                       over, list.error().what));
  } else {
    works(Step::push, fmt::format("the host tells of changes at once{}", over));
  }
  co_return offer.has_value();
}

/// The time of the smallest question, whatever its answer.
net::awaitable<void> Walk::measure_round_trip(const std::string& name) {
  std::array<double, kRoundTrips> times{};
  for (auto& time : times) {
    const auto began = net::MonotonicClock::now();
    const auto handle = co_await session_->open_service(name, deadline_);
    time = milliseconds_since(began);
    const bool sound = handle ? bool(co_await session_->close_service(*handle, deadline_))
                              : is_about_service(handle.error());
    if (!sound) co_return;
  }
  std::ranges::sort(times);
  works(Step::round_trip, fmt::format("{:.1f} ms for a question and its answer (median of {})",
                                      times[kRoundTrips / 2], kRoundTrips));
}

}  // namespace

net::awaitable<Diagnosis> diagnose_over_smb(SmbSession::Environment environment, const Clock& clock,
                                            net::Deadline deadline) {
  Walk walk(environment, clock, deadline);
  co_return co_await walk.run();
}

}  // namespace tocsin::probe
