#include "probe/smb/smb_probe.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/try.h"
#include "probe/absent_services.h"
#include "probe/details_cache.h"
#include "probe/listening.h"
#include "probe/scm_terms.h"
#include "probe/smb/list_index.h"
#include "probe/smb/smb_details_reader.h"
#include "probe/smb/smb_diagnosis.h"
#include "probe/smb/smb_login.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {
namespace {

using Services = std::vector<ObservedService>;

constexpr auto kLogOffLimit = std::chrono::seconds(2);
/// So often in this time listening begins anew; each time costs a login and a check.
constexpr std::chrono::milliseconds kBeginningsTime = std::chrono::minutes(10);

class SmbProbe final : public Probe {
 public:
  SmbProbe(const config::Host& host, SmbProbeOptions options, net::Connector& connector,
           RandomFill random, const Clock& clock)
      : host_(host),
        options_(std::move(options)),
        connector_(connector),
        random_(std::move(random)),
        clock_(clock),
        login_({.host = host_, .options = options_, .random = random_, .clock = clock_}),
        absent_(options_.details.age),
        details_(options_.details.age),
        reader_(options_.details, session_, [this](const Error& error) { lose_session(error); }) {}

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
  net::awaitable<Diagnosis> diagnose(net::Deadline deadline) override {
    return diagnose_over_smb({host_, options_, connector_, random_, login_}, clock_, deadline);
  }
  net::awaitable<void> listen(net::Deadline deadline) override;
  Pushed take_pushed() override { return std::exchange(pushed_, {}); }
  net::awaitable<bool> has_pulse(net::Deadline deadline) override;
  net::awaitable<void> stay_logged_in(net::Deadline deadline) override;
  net::awaitable<void> close(net::Deadline deadline) override;
  bool set_watchlist() override;

 private:
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
  void drop_session() {
    gather_pushed();
    session_.reset();
  }
  /// When the states are known already.
  void lose_session(const Error& error);

  net::awaitable<Result<Services>> check_once(net::Deadline deadline);
  net::awaitable<Result<Services>> query_each(net::Deadline deadline);
  net::awaitable<Result<Services>> query_list(net::Deadline deadline);
  [[nodiscard]] bool may_have_booted(const Services& services) const;
  net::awaitable<Result<>> ask_for_boot(net::Deadline deadline);
  net::awaitable<Result<>> add_absent(Services& services, bool list_changed,
                                      net::Deadline deadline);
  net::awaitable<Result<Services>> query_everything(net::Deadline deadline);

  /// Gives the details of the services to `learn`, as far as the time allows. Without a session the
  /// rest goes without.
  net::awaitable<Result<>> read_all(std::span<const ServiceName> services,
                                    SmbDetailsReader::Learn learn, net::Deadline deadline);

  void prepare_listening(const Services& seen);
  void gather_pushed();
  /// The same. False: all that was registered is void, and the session has ended.
  bool take_news();
  void end_listening(const Error& error);

  net::awaitable<Result<ServiceStatus>> query(const ServiceName& name, net::Deadline deadline);
  void remember(const Services& services);

  const config::Host& host_;
  const SmbProbeOptions options_;
  net::Connector& connector_;
  const RandomFill random_;
  const Clock& clock_;
  svcctl::HostTraits traits_;
  SmbLogin login_;
  std::unique_ptr<SmbSession> session_;
  ListIndex index_;
  AbsentServices absent_;
  std::unordered_map<ServiceName, std::uint32_t> processes_;  ///< of the last check, by service
  DetailsCache details_;
  SmbDetailsReader reader_;
  std::optional<Names> reported_;  ///< only where the watchlist needs details
  BootSigns boot_;
  CheckTrace trace_;
  Pushed pushed_;
  Services audible_;               ///< of the last check
  bool hears_of_all_ = false;      ///< whether those are all that matter
  bool must_tell_whom_ = true;     ///< the host has not been told yet which they are
  net::Deadline listens_again_{};  ///< when the host may be asked again to tell of changes
  Budget beginnings_{3, kBeginningsTime};
  bool has_complained_ = false;
  std::string notice_;   ///< for the next trace
  std::string no_push_;  ///< for all traces
};

net::awaitable<Result<Services>> SmbProbe::with_session(Check check_once, net::Deadline deadline) {
  take_news();
  // A connection that was kept open may be dead without anybody having said so (a firewall forgot
  // it, the host restarted): that is no reason to call the host unreachable. Half of the time is
  // kept for a second try over a new one.
  bool kept = session_ != nullptr;
  trace_ = {.session = kept ? CheckTrace::Session::kept : CheckTrace::Session::none};
  const auto now = net::MonotonicClock::now();
  auto until = kept ? now + (deadline - now) / 2 : deadline;
  for (;; kept = false, until = deadline) {
    if (!session_) {
      auto opened = co_await open_session(deadline);
      trace_.notice = login_.take_notice();
      if (!opened) {
        reader_.forget_hung();  // it may have been the connection
        co_return fail(std::move(opened));
      }
      trace_.session = CheckTrace::Session::opened;
      trace_.connection = session_->connection();
    }
    DropOnCancel cancelled{this};
    auto seen = co_await (this->*check_once)(until);
    cancelled.probe = nullptr;
    if (session_) traits_ = session_->traits();
    trace_.no_push = no_push_;
    if (trace_.notice.empty()) trace_.notice = std::exchange(notice_, {});
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

/// For listen(), where the host can be listened to at all.
void SmbProbe::prepare_listening(const Services& seen) {
  const bool listens = host_.push && session_ && session_->traits().multiplexes;
  must_tell_whom_ = listens && net::MonotonicClock::now() >= listens_again_;
  if (!must_tell_whom_) return;
  audible_ = audible(seen);
  // Those that are not there are told of when they come. The copies of a per-user service are not.
  const auto there = std::ranges::count_if(seen, [](const auto& s) { return is_there(s.status); });
  hears_of_all_ = std::cmp_equal(there, audible_.size());
}

net::awaitable<void> SmbProbe::listen(net::Deadline deadline) {
  if (!take_news()) co_return;
  if (session_ && std::exchange(must_tell_whom_, false)) {
    // Since the check details may have been read.
    prefer_pushed(audible_, pushed_.services);
    DropOnCancel cancelled{this};
    const auto begun = co_await session_->listen_to(audible_, net::within(options_.call_limit));
    cancelled.probe = nullptr;
    if (!begun) co_return end_listening(begun.error());
    const bool one_at_a_time = session_->listener() == nullptr;
    no_push_ = one_at_a_time ? "it takes one call at a time" : "";
  }
  // What came with the answer to another question.
  if (pushed_.check_again || !pushed_.services.empty()) co_return;
  if (!session_ || session_->listener() == nullptr) co_return co_await net::sleep_until(deadline);
  const auto heard = co_await session_->listen(deadline);
  take_news();
  if (!heard) end_listening(heard.error());
}

void SmbProbe::gather_pushed() {
  auto* listener = session_ ? session_->listener() : nullptr;
  if (listener != nullptr) add(pushed_, listener->take_pushed());
}

bool SmbProbe::take_news() {
  gather_pushed();
  const auto* listener = session_ ? session_->listener() : nullptr;
  if (listener == nullptr) return true;
  if (auto refusal = listener->refusal(); !refusal.empty()) {
    listens_again_ = net::Deadline::max();
    no_push_ = std::move(refusal);
  }
  const auto lost = listener->lost();
  if (lost) end_listening(*lost);
  return !lost;
}

void SmbProbe::end_listening(const Error& error) {
  // Only a check can tell what has changed meanwhile.
  drop_session();
  pushed_.check_again = true;
  if (error.kind != ErrorKind::malformed && beginnings_.spend(1)) return;
  no_push_ = error.what;
  const bool is_dropped = error.kind == ErrorKind::unreachable;  // by the network, perhaps
  listens_again_ = net::within(is_dropped ? kBeginningsTime : options_.details.pause);
  if (!is_dropped && !std::exchange(has_complained_, true))
    notice_ = "it does not tell of changes by the rules, and is checked more often: " + error.what;
}

net::awaitable<bool> SmbProbe::has_pulse(net::Deadline deadline) {
  const auto* listener = session_ ? session_->listener() : nullptr;
  if (listener == nullptr || !hears_of_all_ || !listener->hears_all()) co_return false;
  DropOnCancel cancelled{this};
  const auto answered =
      co_await session_->echo(std::min(deadline, net::within(options_.connect_limit)));
  cancelled.probe = nullptr;
  if (!answered) end_listening(answered.error());
  take_news();
  co_return answered && !pushed_.check_again;
}

/// The states have gone out: nothing waits for the KDC.
net::awaitable<void> SmbProbe::stay_logged_in(net::Deadline deadline) {
  co_await login_.renew_ticket(deadline);
  if (!session_) co_return;
  DropOnCancel cancelled{this};
  const auto stays = co_await session_->stay_logged_in(deadline);
  cancelled.probe = nullptr;
  if (!stays) lose_session(stays.error());
}

bool SmbProbe::set_watchlist() {
  index_ = {};
  absent_.clear();
  processes_.clear();
  reported_.reset();
  return true;
}

net::awaitable<Result<>> SmbProbe::open_session(net::Deadline deadline) {
  const auto open = [&] {
    return SmbSession::open({host_, options_, connector_, random_, login_}, traits_, deadline);
  };
  auto opened = co_await open();
  if (!opened && login_.tries_ntlm_next()) opened = co_await open();
  if (!opened && is_shutdown(opened.error())) co_return std::unexpected(shutdown_error());
  if (!opened) co_return fail(std::move(opened));
  session_ = *std::move(opened);
  co_return Result<>{};
}

void SmbProbe::lose_session(const Error& error) {
  trace_.closed_after = error.what;
  drop_session();
  // Without one nothing is told until the next check.
  if (net::MonotonicClock::now() >= listens_again_ && beginnings_.spend(1))
    pushed_.check_again = true;
}

net::awaitable<void> SmbProbe::close(net::Deadline deadline) {
  if (session_) co_await session_->log_off(deadline);
  drop_session();
}

net::awaitable<Result<Services>> SmbProbe::check_once(net::Deadline deadline) {
  const auto newest = pushed_.services.size();
  const auto& watched = host_.services;
  const bool one_by_one =
      !watched.has_patterns() && watched.exact_names().size() <= options_.most_single_queries;
  CO_TRY(auto seen, one_by_one ? co_await query_each(deadline) : co_await query_list(deadline));
  remember(seen);
  details_.attach(seen);
  if (watched.needs_details()) keep_watched(seen, watched, reported_);
  gather_pushed();
  if (auto* listener = session_ ? session_->listener() : nullptr) listener->note_check();
  prefer_pushed(seen, std::span(pushed_.services).subspan(newest));
  prepare_listening(seen);
  co_return seen;
}

net::awaitable<Result<Services>> SmbProbe::query_each(net::Deadline deadline) {
  Services services;
  for (const auto& name : host_.services.exact_names()) {
    CO_TRY(auto status, co_await query(name, deadline));
    services.push_back({.name = name, .status = status, .details = {}});
  }
  boot_ = {};
  for (const auto& [name, status, details] : services)
    if (const auto boot = find_boot_service(name)) boot_.process(*boot) = status.process_id;
  if (boot_ == BootSigns{} && may_have_booted(services)) {
    CO_TRY(co_await ask_for_boot(deadline));
  }
  co_return services;
}

/// After an absence and at the start there is no session.
bool SmbProbe::may_have_booted(const Services& services) const {
  if (trace_.session == CheckTrace::Session::opened) return true;
  return std::ranges::any_of(services, [this](const ObservedService& service) {
    const auto known = processes_.find(service.name);
    return known == processes_.end() || known->second != service.status.process_id;
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
  CO_TRY(const auto list, co_await session_->enumerate(deadline));
  trace_.listed = list.services().size();
  const bool changed = index_.update(list, host_.services, reported_.value_or(Names{}));
  for (const auto& [name, details] : index_.take_details()) details_.introduce(name, details);
  const auto status_at = [&](std::size_t place) {
    return to_status(list.services()[place].status);
  };
  auto services = observe(index_.selection(), status_at);
  boot_ = read_boot_signs(index_.selection(), status_at);
  CO_TRY(co_await add_absent(services, changed, deadline));
  co_return services;
}

/// The host is asked when the list changes, and then as rarely as for details.
net::awaitable<Result<>> SmbProbe::add_absent(Services& services, bool list_changed,
                                              net::Deadline deadline) {
  if (list_changed) {
    Names seen;
    for (const auto& [name, process] : processes_) seen.insert(name);
    absent_.find(services, seen, host_.services, details_);
  }
  for (const auto& name : absent_.due(clock_.now())) {
    CO_TRY(const auto status, co_await query(name, deadline));
    absent_.answer(name, status, clock_.now());
  }
  absent_.add_to(services);
  co_return Result<>{};
}

net::awaitable<Result<Services>> SmbProbe::query_everything(net::Deadline deadline) {
  CO_TRY(const auto list, co_await session_->enumerate(deadline));
  Services services;
  std::vector<ServiceName> names;
  services.reserve(list.services().size());
  names.reserve(list.services().size());
  std::unordered_set<ServiceName> seen;
  for (const auto& entry : list.services()) {
    const ServiceName name(from_utf16(entry.service_name));
    if (!seen.insert(name).second) continue;
    names.push_back(name);
    services.push_back({.name = name,
                        .status = to_status(entry.status),
                        .details = std::make_shared<const ServiceDetails>(ServiceDetails{
                            .display_name = from_utf16(entry.display_name),
                            .type = entry.status.service_type & ~svcctl::kInteractiveProcess})});
  }
  const auto learn = [&](std::size_t index, std::optional<ServiceDetails> read) {
    if (read) services[index].details = std::make_shared<const ServiceDetails>(*std::move(read));
  };
  CO_TRY(co_await read_all(names, learn, deadline));
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
  CO_TRY(co_await session_->close_service(*handle, deadline));
  if (status) co_return to_status(*status);
  co_return ServiceStatus{.state = to_state(status.error())};
}

void SmbProbe::remember(const Services& services) {
  details_.observe(services);
  for (const auto& service : services) processes_[service.name] = service.status.process_id;
  if (processes_.size() == services.size()) return;
  Names names;
  for (const auto& service : services) names.insert(service.name);
  std::erase_if(processes_, [&](const auto& entry) { return !names.contains(entry.first); });
}

net::awaitable<Result<KnownDetails>> SmbProbe::read_details(std::vector<ServiceName> services,
                                                            net::Deadline deadline) {
  DropOnCancel cancelled{this};
  KnownDetails known;
  // Of a per-user service one copy stands for all.
  auto sources = services;
  for (auto& source : sources)
    if (const auto copy = index_.selection().copies.find(source);
        copy != index_.selection().copies.end())
      source = copy->second;
  const auto learn = [&](std::size_t index, std::optional<ServiceDetails> read) {
    const auto& name = services[index];
    if (auto details = details_.answer(name, std::move(read), clock_.now()))
      known.emplace(name, std::move(details));
  };
  CO_TRY(co_await read_all(sources, learn, deadline));
  cancelled.probe = nullptr;
  co_return known;
}

net::awaitable<Result<>> SmbProbe::read_all(std::span<const ServiceName> services,
                                            SmbDetailsReader::Learn learn, net::Deadline deadline) {
  for (std::size_t at = 0; at < services.size();) {
    const auto learn_next = [&](std::size_t index, std::optional<ServiceDetails> read) {
      trace_.details++;
      learn(at + index, std::move(read));
    };
    const bool late = deadline - net::MonotonicClock::now() < options_.details.question;
    if (late || reader_.hangs()) break;
    // A question that hung cost the session; the others may be answered.
    if (!session_ && !co_await open_session(deadline)) break;
    CO_TRY(const auto batched,
           co_await reader_.read_batch(services.subspan(at), learn_next, deadline));
    at += batched;
    if (batched > 0) continue;
    if (!session_) break;
    CO_TRY(auto read, co_await reader_.read(services[at], deadline));
    if (!session_ && !read) break;
    learn_next(0, std::move(read));
    at++;
  }
  co_return Result<>{};
}

}  // namespace

std::unique_ptr<Probe> make_smb_probe(const config::Host& host, SmbProbeOptions options,
                                      net::Connector& connector, RandomFill random,
                                      const Clock& clock) {
  return std::make_unique<SmbProbe>(host, std::move(options), connector, std::move(random), clock);
}

}  // namespace tocsin::probe
