#include "probe/smb/smb_probe.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "probe/details_cache.h"
#include "probe/per_user.h"
#include "probe/scm_terms.h"
#include "probe/smb/list_index.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {
namespace {

using Services = std::vector<ObservedService>;

constexpr auto kLogOffLimit = std::chrono::seconds(2);

/// Whether the error is about one service, and the session is sound.
bool is_about_service(const Error& error) {
  constexpr std::uint32_t kLargestWin32 = 0xFFFF;  // above are NTSTATUS and the faults of RPC
  const bool answer = error.kind == ErrorKind::not_found || error.kind == ErrorKind::denied ||
                      error.kind == ErrorKind::unsupported || error.kind == ErrorKind::rejected;
  return answer && error.native &&
         (*error.native <= kLargestWin32 || *error.native == dcerpc::kOpnumOutOfRange);
}

/// What QueryServiceConfig does not say.
struct Extras {
  bool delayed = false;
  bool trigger_start = false;
};

ServiceDetails to_details(svcctl::QueryServiceConfig config, Extras extras) {
  return {.display_name = std::move(config.display_name),
          .start_mode = to_start_mode(config.start_type, extras.delayed),
          .executable_path = std::move(config.binary_path_name),
          .dependencies = config.dependency_names(),
          .type = config.service_type & ~svcctl::kInteractiveProcess,
          .trigger_start = extras.trigger_start};
}

bool is_there(const ServiceStatus& status) {
  return status.state != ServiceState::missing && status.state != ServiceState::denied;
}

class SmbProbe final : public Probe {
 public:
  SmbProbe(const config::Host& host, SmbProbeOptions options, net::Connector& connector,
           RandomFill random, const Clock& clock)
      : host_(host),
        options_(std::move(options)),
        connector_(connector),
        random_(std::move(random)),
        clock_(clock),
        details_(options_.details_age) {}

  net::awaitable<Result<Services>> check(net::Deadline deadline) override {
    return with_session(&SmbProbe::check_once, deadline);
  }
  net::awaitable<Result<Services>> list(net::Deadline deadline) override {
    return with_session(&SmbProbe::query_everything, deadline);
  }
  [[nodiscard]] std::vector<ServiceName> due_details() const override {
    return details_.due(clock_.now());
  }
  net::awaitable<Result<KnownDetails>> read_details(std::vector<ServiceName> services,
                                                    net::Deadline deadline) override;
  [[nodiscard]] BootSigns boot_signs() const override { return boot_; }
  [[nodiscard]] CheckTrace last_check() const override { return trace_; }
  net::awaitable<void> close(net::Deadline deadline) override;
  bool set_watchlist() override;

 private:
  /// What is kept about a watched service from check to check.
  struct Known {
    ServiceStatus last;
    Time asked_by_name{};  ///< when `last` came from a question about this service alone
  };
  struct Absent {
    ServiceName name;
    bool by_pattern;
  };
  /// What only details need to know.
  enum class Question : std::uint8_t { configuration, delayed_start, start_trigger };
  using Check = net::awaitable<Result<Services>> (SmbProbe::*)(net::Deadline);
  /// A conversation that was left half way leaves the session in no state.
  struct DropOnCancel {
    SmbProbe* probe;
    ~DropOnCancel() {
      if (probe != nullptr) probe->drop_session();
    }
  };

  net::awaitable<Result<Services>> with_session(Check check_once, net::Deadline deadline);
  net::awaitable<Result<>> open_session(net::Deadline deadline);
  void drop_session() { session_.reset(); }
  /// When the states are known already.
  void lose_session(const Error& error);

  net::awaitable<Result<Services>> check_once(net::Deadline deadline);
  net::awaitable<Result<Services>> query_each(net::Deadline deadline);
  net::awaitable<Result<Services>> query_list(net::Deadline deadline);
  [[nodiscard]] bool may_have_booted(const Services& services) const;
  net::awaitable<Result<>> ask_for_boot(net::Deadline deadline);
  net::awaitable<Result<>> add_absent(Services& services, bool list_changed,
                                      net::Deadline deadline);
  [[nodiscard]] std::vector<Absent> find_absent() const;
  net::awaitable<Result<Services>> query_everything(net::Deadline deadline);

  net::awaitable<Result<ServiceStatus>> query(const ServiceName& name, net::Deadline deadline);
  net::awaitable<Result<>> close_handle(svcctl::Handle handle, net::Deadline deadline);

  void remember(const Services& services);
  net::awaitable<Result<std::optional<ServiceDetails>>> read_one(ServiceName name,
                                                                 net::Deadline deadline);
  net::awaitable<Result<Extras>> read_extras(svcctl::Handle handle, bool automatic,
                                             net::Deadline deadline);
  net::awaitable<Result<bool>> read_extra(Question question, svcctl::Handle handle,
                                          net::Deadline deadline);
  /// Waits for no optional answer longer than its limit, and notes which question hung.
  template <typename Asked>
  auto ask(Question question, Asked asked, net::Deadline deadline) -> decltype(asked(deadline));
  [[nodiscard]] bool hangs(Question question) const {
    return net::MonotonicClock::now() < hung_until_[std::to_underlying(question)];
  }

  /// Whether something learned at `then` is too old. A clock set back makes everything too old.
  [[nodiscard]] bool is_old(Time then) const {
    const Time now = clock_.now();
    return now < then || now - then >= options_.details_age;
  }

  const config::Host& host_;
  const SmbProbeOptions options_;
  net::Connector& connector_;
  const RandomFill random_;
  const Clock& clock_;
  svcctl::HostTraits traits_;
  std::unique_ptr<SmbSession> session_;
  ListIndex index_;
  std::vector<Absent> absent_;  ///< watched or once seen, and not in the last list
  std::unordered_map<ServiceName, Known> known_;
  DetailsCache details_;
  std::array<net::Deadline, 3> hung_until_{};  ///< by question
  std::optional<Names> reported_;              ///< only where the watchlist needs details
  BootSigns boot_;
  CheckTrace trace_;
};

net::awaitable<Result<Services>> SmbProbe::with_session(Check check_once, net::Deadline deadline) {
  // A connection that was kept open may be dead without anybody having said so (a firewall forgot
  // it, the host restarted): that is no reason to call the host unreachable. Half of the time is
  // kept for a second try over a new one.
  bool kept = session_ != nullptr;
  trace_ = {.session = kept ? CheckTrace::Session::kept : CheckTrace::Session::none};
  const auto now = net::MonotonicClock::now();
  auto until = kept ? now + (deadline - now) / 2 : deadline;
  for (;; kept = false, until = deadline) {
    if (!session_) {
      if (auto opened = co_await open_session(deadline); !opened) {
        hung_until_ = {};  // it may have been the connection
        co_return fail(std::move(opened));
      }
      trace_.session = CheckTrace::Session::opened;
      trace_.connection = session_->connection();
    }
    DropOnCancel cancelled{this};
    auto seen = co_await (this->*check_once)(until);
    cancelled.probe = nullptr;
    if (session_) traits_ = session_->traits();
    if (seen) {
      if (session_ && connector_.is_scarce()) {
        trace_.closed_after = "others need the open files";
        co_await close(std::min(deadline, net::within(kLogOffLimit)));
      }
      co_return seen;
    }
    drop_session();
    if (is_shutdown(seen.error())) co_return std::unexpected(shutdown_error());
    if (!kept || seen.error().kind == ErrorKind::malformed) co_return seen;
    trace_ = {.dropped = seen.error().what};
  }
}

bool SmbProbe::set_watchlist() {
  index_ = {};
  absent_.clear();
  known_.clear();
  reported_.reset();
  return true;
}

net::awaitable<Result<>> SmbProbe::open_session(net::Deadline deadline) {
  auto opened =
      co_await SmbSession::open({host_, options_, connector_, random_, clock_}, traits_, deadline);
  if (!opened && is_shutdown(opened.error())) co_return std::unexpected(shutdown_error());
  if (!opened) co_return fail(std::move(opened));
  session_ = *std::move(opened);
  co_return Result<>{};
}

void SmbProbe::lose_session(const Error& error) {
  trace_.closed_after = error.what;
  drop_session();
}

net::awaitable<void> SmbProbe::close(net::Deadline deadline) {
  if (session_) co_await session_->log_off(deadline);
  drop_session();
}

net::awaitable<Result<Services>> SmbProbe::check_once(net::Deadline deadline) {
  const auto& watched = host_.services;
  const bool one_by_one =
      !watched.has_patterns() && watched.exact_names().size() <= options_.most_single_queries;
  auto seen = one_by_one ? co_await query_each(deadline) : co_await query_list(deadline);
  if (!seen) co_return seen;
  remember(*seen);
  details_.attach(*seen);
  if (watched.needs_details()) keep_watched(*seen, watched, reported_);
  co_return seen;
}

net::awaitable<Result<Services>> SmbProbe::query_each(net::Deadline deadline) {
  Services services;
  for (const auto& name : host_.services.exact_names()) {
    auto status = co_await query(name, deadline);
    if (!status) co_return fail(std::move(status));
    services.push_back({.name = name, .status = *status, .details = {}});
  }
  boot_ = {};
  for (const auto& [name, status, details] : services)
    if (const auto boot = find_boot_service(name)) boot_.process(*boot) = status.process_id;
  if (boot_ == BootSigns{} && may_have_booted(services)) {
    if (auto asked = co_await ask_for_boot(deadline); !asked) co_return fail(std::move(asked));
  }
  co_return services;
}

/// After an absence and at the start there is no session.
bool SmbProbe::may_have_booted(const Services& services) const {
  if (trace_.session == CheckTrace::Session::opened) return true;
  return std::ranges::any_of(services, [this](const ObservedService& service) {
    const auto known = known_.find(service.name);
    return known == known_.end() || known->second.last.process_id != service.status.process_id;
  });
}

/// The states are known, so the check succeeds without an answer too; but a host that goes down
/// stops its services.
net::awaitable<Result<>> SmbProbe::ask_for_boot(net::Deadline deadline) {
  const ServiceName name(to_string(BootService::rpc_ss));
  const auto status =
      co_await query(name, std::min(deadline, net::within(options_.boot_question_limit)));
  if (status) {
    boot_.process(BootService::rpc_ss) = status->process_id;
  } else if (is_shutdown(status.error())) {
    co_return std::unexpected(status.error());
  } else {
    lose_session(status.error());
  }
  co_return Result<>{};
}

net::awaitable<Result<Services>> SmbProbe::query_list(net::Deadline deadline) {
  const auto list = co_await session_->enumerate(deadline);
  if (!list) co_return std::unexpected(list.error());
  trace_.listed = list->services().size();
  const bool changed = index_.update(*list, host_.services, reported_.value_or(Names{}));
  for (const auto& [name, details] : index_.take_details()) details_.introduce(name, details);
  const auto status_at = [&](std::size_t place) {
    return to_status(list->services()[place].status);
  };
  auto services = observe(index_.selection(), status_at);
  boot_ = read_boot_signs(index_.selection(), status_at);
  if (auto added = co_await add_absent(services, changed, deadline); !added)
    co_return fail(std::move(added));
  co_return services;
}

/// The list leaves out what the account may not see: absent is missing only when the host says so.
/// It is asked when the list changes, and then as rarely as for details.
net::awaitable<Result<>> SmbProbe::add_absent(Services& services, bool list_changed,
                                              net::Deadline deadline) {
  if (list_changed) absent_ = find_absent();
  std::vector<Absent> still_absent;
  for (auto& absent : absent_) {
    auto& known = known_[absent.name];
    if (list_changed || is_there(known.last) || is_old(known.asked_by_name)) {
      auto status = co_await query(absent.name, deadline);
      if (!status) co_return fail(std::move(status));
      known.last = *status;
      known.asked_by_name = clock_.now();
    }
    if (absent.by_pattern && known.last.state == ServiceState::missing) continue;  // it is gone
    services.push_back({.name = absent.name, .status = known.last, .details = {}});
    still_absent.push_back(std::move(absent));
  }
  absent_ = std::move(still_absent);
  co_return Result<>{};
}

/// What is watched by name, or was seen before, and is not in the list.
std::vector<SmbProbe::Absent> SmbProbe::find_absent() const {
  std::unordered_set<ServiceName> covered;
  for (const auto& [place, name] : index_.selection().entries) covered.insert(name);
  std::vector<Absent> absent;
  for (const auto& name : host_.services.exact_names())
    if (covered.insert(name).second) absent.push_back({.name = name, .by_pattern = false});
  for (const auto& [name, known] : known_) {
    if (covered.contains(name)) continue;
    // No copies: nobody is logged on.
    if (const auto* details = details_.find(name); details != nullptr && is_group(name, *details))
      continue;
    absent.push_back({.name = name, .by_pattern = true});
  }
  return absent;
}

net::awaitable<Result<Services>> SmbProbe::query_everything(net::Deadline deadline) {
  const auto list = co_await session_->enumerate(deadline);
  if (!list) co_return std::unexpected(list.error());
  Services services;
  std::unordered_set<ServiceName> seen;
  for (const auto& entry : list->services()) {
    ServiceDetails details{.display_name = from_utf16(entry.display_name),
                           .type = entry.status.service_type & ~svcctl::kInteractiveProcess};
    services.push_back({.name = ServiceName(from_utf16(entry.service_name)),
                        .status = to_status(entry.status),
                        .details = {}});
    auto& service = services.back();
    if (!seen.insert(service.name).second) {
      services.pop_back();
      continue;
    }
    if (session_) {  // without it the list is there, and the rest goes without
      auto read = co_await read_one(service.name, deadline);
      if (!read) co_return fail(std::move(read));
      details = std::move(*read).value_or(std::move(details));
    }
    service.details = std::make_shared<const ServiceDetails>(std::move(details));
  }
  co_return services;
}

/// Opened, asked and closed in one go: Windows cannot remove a service while somebody has it open,
/// and an installer that replaces it would fail (1072).
net::awaitable<Result<ServiceStatus>> SmbProbe::query(const ServiceName& name,
                                                      net::Deadline deadline) {
  trace_.asked++;
  const auto handle = co_await session_->open_service(name.text(), deadline);
  if (!handle) {
    // An invalid handle is the manager's here, and with it the session.
    const auto& error = handle.error();
    if (!is_about_service(error) || error.native == svcctl::kInvalidHandle)
      co_return std::unexpected(error);
    co_return ServiceStatus{.state = to_state(error)};
  }
  const auto status = co_await session_->query_status(*handle, deadline);
  if (!status && !is_about_service(status.error())) co_return std::unexpected(status.error());
  if (auto closed = co_await close_handle(*handle, deadline); !closed)
    co_return fail(std::move(closed));
  if (status) co_return to_status(*status);
  co_return ServiceStatus{.state = to_state(status.error())};
}

/// The host may have closed it itself; that is as good.
net::awaitable<Result<>> SmbProbe::close_handle(svcctl::Handle handle, net::Deadline deadline) {
  auto closed = co_await session_->close_service(handle, deadline);
  if (closed || is_about_service(closed.error())) co_return Result<>{};
  co_return closed;
}

/// Keeps what the next check compares with; forgets what is watched no more.
void SmbProbe::remember(const Services& services) {
  details_.observe(services);
  for (const auto& service : services) known_[service.name].last = service.status;
  if (known_.size() == services.size()) return;
  std::unordered_set<ServiceName> names;
  for (const auto& service : services) names.insert(service.name);
  std::erase_if(known_, [&](const auto& entry) { return !names.contains(entry.first); });
}

net::awaitable<Result<KnownDetails>> SmbProbe::read_details(std::vector<ServiceName> services,
                                                            net::Deadline deadline) {
  DropOnCancel cancelled{this};
  KnownDetails known;
  for (const auto& name : services) {
    const bool late = deadline - net::MonotonicClock::now() < options_.details_question_limit;
    if (late || hangs(Question::configuration)) break;
    // A question that hung cost the session; the others may be answered.
    if (!session_ && !co_await open_session(deadline)) break;
    // Of a per-user service one copy stands for all.
    const auto copy = index_.selection().copies.find(name);
    auto read =
        co_await read_one(copy == index_.selection().copies.end() ? name : copy->second, deadline);
    if (!read) co_return fail(std::move(read));
    if (!session_ && !*read) break;
    trace_.details++;
    if (auto details = details_.answer(name, *std::move(read), clock_.now()))
      known.emplace(name, std::move(details));
  }
  cancelled.probe = nullptr;
  co_return known;
}

template <typename Asked>
auto SmbProbe::ask(Question question, Asked asked, net::Deadline deadline)
    -> decltype(asked(deadline)) {
  constexpr auto kRemembered = std::chrono::hours(1);
  const auto until = std::min(deadline, net::within(options_.details_question_limit));
  auto answer = co_await asked(until);
  // One that was cut short by the deadline may be a good one.
  if (!answer && answer.error().kind == ErrorKind::timed_out && until < deadline)
    hung_until_[std::to_underlying(question)] = net::within(kRemembered);
  co_return answer;
}

/// Nothing: the host does not let us read them, or the session is lost. Fails only when the host is
/// going down.
net::awaitable<Result<std::optional<ServiceDetails>>> SmbProbe::read_one(ServiceName name,
                                                                         net::Deadline deadline) {
  const auto end = [this](const Error& error) -> Result<std::optional<ServiceDetails>> {
    if (!is_about_service(error)) lose_session(error);
    if (is_shutdown(error)) return std::unexpected(shutdown_error());
    return std::nullopt;
  };
  const auto handle = co_await ask(
      Question::configuration,
      [&](net::Deadline until) { return session_->open_service(name.text(), until); }, deadline);
  if (!handle) co_return end(handle.error());
  auto config = co_await ask(
      Question::configuration,
      [&](net::Deadline until) { return session_->query_config(*handle, until); }, deadline);
  if (!config && !is_about_service(config.error())) co_return end(config.error());
  std::optional<ServiceDetails> details;
  if (config) {
    const bool automatic = config->start_type == svcctl::kAutoStart;
    const auto extras = co_await read_extras(*handle, automatic, deadline);
    if (!extras) co_return std::unexpected(extras.error());
    details = to_details(*std::move(config), *extras);
  }
  if (session_) {
    const auto closed = co_await ask(
        Question::configuration, [&](net::Deadline until) { return close_handle(*handle, until); },
        deadline);
    if (!closed && !end(closed.error())) co_return std::unexpected(shutdown_error());
  }
  co_return details;
}

/// What the host does not tell is not so.
net::awaitable<Result<Extras>> SmbProbe::read_extras(svcctl::Handle handle, bool automatic,
                                                     net::Deadline deadline) {
  Extras extras;
  if (automatic) {
    const auto delayed = co_await read_extra(Question::delayed_start, handle, deadline);
    if (!delayed) co_return std::unexpected(delayed.error());
    extras.delayed = *delayed;
  }
  const auto triggered = co_await read_extra(Question::start_trigger, handle, deadline);
  if (!triggered) co_return std::unexpected(triggered.error());
  extras.trigger_start = *triggered;
  co_return extras;
}

net::awaitable<Result<bool>> SmbProbe::read_extra(Question question, svcctl::Handle handle,
                                                  net::Deadline deadline) {
  if (!session_ || hangs(question)) co_return false;
  const auto answer = co_await ask(
      question,
      [&](net::Deadline until) {
        return question == Question::delayed_start ? session_->query_delayed_start(handle, until)
                                                   : session_->query_start_trigger(handle, until);
      },
      deadline);
  if (answer || is_about_service(answer.error())) co_return answer.value_or(false);
  lose_session(answer.error());
  if (is_shutdown(answer.error())) co_return std::unexpected(shutdown_error());
  co_return false;
}

}  // namespace

std::unique_ptr<Probe> make_smb_probe(const config::Host& host, SmbProbeOptions options,
                                      net::Connector& connector, RandomFill random,
                                      const Clock& clock) {
  return std::make_unique<SmbProbe>(host, std::move(options), connector, std::move(random), clock);
}

}  // namespace tocsin::probe
