#include "probe/smb/smb_probe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/keyed_hash.h"
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
#include "probe/smb/smb_push.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {
namespace {

using Services = std::vector<ObservedService>;
/// Nothing: the same as the last check's.
using Answer = std::optional<Services>;

constexpr auto kLogOffLimit = std::chrono::seconds(2);

HashKey make_key(const RandomFill& random) {
  std::array<std::uint8_t, sizeof(HashKey)> bytes;
  random(bytes);
  return std::bit_cast<HashKey>(bytes);
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
        login_({.host = host_, .options = options_, .random = random_, .clock = clock_}),
        absent_(options_.absent_age),
        details_(options_.details, host_.name),
        reader_(options_.details, session_, [this](const Error& error) { lose_session(error); }) {}

  net::awaitable<Result<Services>> check(net::Deadline deadline) override {
    last_list_.reset();
    return whole(recheck(deadline));
  }
  net::awaitable<Result<Answer>> recheck(net::Deadline deadline) override {
    return with_session(&SmbProbe::check_once, deadline);
  }
  net::awaitable<Result<Services>> list(net::Deadline deadline) override {
    return whole(with_session(&SmbProbe::query_everything, deadline));
  }
  void recall(std::span<const ObservedService> known) override {
    details_.recall(known, clock_.now());
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
  net::awaitable<void> listen(net::Deadline deadline) override { return push_.listen(deadline); }
  void stop_listening() override { push_.stop_listening(); }
  Pushed take_pushed() override {
    auto pushed = push_.take_pushed();
    if (!pushed.services.empty()) last_list_.reset();
    return pushed;
  }
  net::awaitable<bool> has_pulse(net::Deadline deadline) override {
    return push_.has_pulse(deadline);
  }
  net::awaitable<void> stay_logged_in(net::Deadline deadline) override;
  net::awaitable<void> close(net::Deadline deadline) override;
  bool set_watchlist() override;

 private:
  using Check = net::awaitable<Result<Answer>> (SmbProbe::*)(net::Deadline);
  net::awaitable<Result<Answer>> with_session(Check check_once, net::Deadline deadline);
  /// An answer that is never nothing.
  static net::awaitable<Result<Services>> whole(net::awaitable<Result<Answer>> answer);
  net::awaitable<Result<>> open_session(net::Deadline deadline);
  /// When the states are known already.
  void lose_session(const Error& error);

  net::awaitable<Result<Answer>> check_once(net::Deadline deadline);
  net::awaitable<Result<Answer>> query_each(net::Deadline deadline);
  net::awaitable<Result<Answer>> query_list(net::Deadline deadline);
  [[nodiscard]] bool may_have_booted(const Services& services) const;
  net::awaitable<Result<>> ask_for_boot(net::Deadline deadline);
  net::awaitable<Result<>> add_absent(Services& services, bool list_changed,
                                      net::Deadline deadline);
  net::awaitable<Result<Answer>> query_everything(net::Deadline deadline);

  /// Gives the details of the services to `learn`, as far as the time allows. Without a session the
  /// rest goes without.
  net::awaitable<Result<>> read_all(std::span<const ServiceName> services,
                                    SmbDetailsReader::Learn learn, net::Deadline deadline);

  net::awaitable<Result<ServiceStatus>> query(const ServiceName& name, net::Deadline deadline);

  const config::Host& host_;
  const SmbProbeOptions options_;
  net::Connector& connector_;
  const RandomFill random_;
  const Clock& clock_;
  svcctl::HostTraits traits_;
  SmbLogin login_;
  std::unique_ptr<SmbSession> session_;
  SmbPush push_{{.host = host_, .options = options_, .session = session_}};
  ListIndex index_;
  AbsentServices absent_;
  DetailsCache details_;
  /// The list of the last check, by its bytes and by what of it matters.
  struct LastList {
    std::uint64_t bytes;  ///< as svcctl::ListReply::fingerprint()
    std::size_t states;   ///< as ListIndex::fingerprint_of_states()
  };
  HashKey list_key_ = make_key(random_);
  std::optional<LastList> last_list_;  ///< nothing: what is known is not what that brought
  bool watches_anew_ = true;           ///< what the last check brought is not what is watched now
  SmbDetailsReader reader_;
  std::optional<Names> reported_;  ///< only where the watchlist needs details
  BootSigns boot_;
  CheckTrace trace_;
};

net::awaitable<Result<Services>> SmbProbe::whole(net::awaitable<Result<Answer>> answer) {
  CO_TRY(auto services, co_await std::move(answer));
  co_return *std::move(services);
}

net::awaitable<Result<Answer>> SmbProbe::with_session(Check check_once, net::Deadline deadline) {
  push_.take_news();
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
    SmbPush::DropOnCancel cancelled{&push_};
    auto seen = co_await (this->*check_once)(until);
    cancelled.push = nullptr;
    if (session_) traits_ = session_->traits();
    trace_.no_push = push_.refusal();
    if (trace_.notice.empty()) trace_.notice = push_.take_notice();
    if (seen) {
      if (session_ && connector_.is_scarce()) {
        trace_.closed_after = "others need the open files";
        co_await close(std::min(deadline, net::within(kLogOffLimit)));
      }
      co_return seen;
    }
    push_.drop_session();
    if (is_shutdown(seen.error())) co_return std::unexpected(shutdown_error());
    if (!kept || seen.error().kind == ErrorKind::malformed) co_return seen;
    trace_ = {.dropped = seen.error().what};
  }
}

/// The states have gone out: nothing waits for the KDC.
net::awaitable<void> SmbProbe::stay_logged_in(net::Deadline deadline) {
  co_await login_.renew_ticket(deadline);
  if (!session_) co_return;
  SmbPush::DropOnCancel cancelled{&push_};
  const auto stays = co_await session_->stay_logged_in(deadline);
  cancelled.push = nullptr;
  if (!stays) lose_session(stays.error());
}

bool SmbProbe::set_watchlist() {
  index_ = {};
  last_list_.reset();
  absent_.clear();
  watches_anew_ = true;
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
  push_.lose_session();
}

net::awaitable<void> SmbProbe::close(net::Deadline deadline) {
  if (session_) co_await session_->log_off(deadline);
  push_.drop_session();
}

net::awaitable<Result<Answer>> SmbProbe::check_once(net::Deadline deadline) {
  const auto newest = push_.gather().size();
  const auto& watched = host_.services;
  const bool one_by_one =
      !watched.has_patterns() && watched.exact_names().size() <= options_.most_single_queries;
  CO_TRY(auto answer, one_by_one ? co_await query_each(deadline) : co_await query_list(deadline));
  if (auto* listener = session_ ? session_->listener() : nullptr) listener->note_check();
  if (!answer) co_return answer;
  auto& seen = *answer;
  details_.observe(seen);
  details_.attach(seen);
  if (watched.needs_details()) {
    const auto reported = reported_;
    keep_watched(seen, watched, reported_);
    if (reported_ != reported) last_list_.reset();  // the next check may leave out some of these
  }
  const auto& pushed = push_.gather();
  prefer_pushed(seen, std::span(pushed).subspan(newest));
  push_.prepare(seen);
  co_return answer;
}

net::awaitable<Result<Answer>> SmbProbe::query_each(net::Deadline deadline) {
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
    return details_.process_of(service.name) != service.status.process_id;
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

net::awaitable<Result<Answer>> SmbProbe::query_list(net::Deadline deadline) {
  const auto last = std::exchange(last_list_, std::nullopt);
  // The first list, whose details are read next.
  if (details_.empty()) session_->prepare_batches();
  CO_TRY(auto reply, co_await session_->ask_for_list(deadline));
  trace_.listed = reply.size();
  push_.gather();
  const bool may_be_same = last && trace_.session == CheckTrace::Session::kept &&
                           !push_.has_pushed() && push_.is_prepared() &&
                           absent_.due(clock_.now()).empty();
  const auto bytes = reply.fingerprint(list_key_);
  if (may_be_same && bytes == last->bytes) {
    last_list_ = last;
    co_return std::nullopt;
  }
  CO_TRY(const auto list, std::move(reply).read());
  const bool changed = index_.update(list, host_.services, reported_.value_or(Names{}));
  const auto states = index_.fingerprint_of_states(list);
  const LastList now{.bytes = bytes, .states = states};
  if (may_be_same && !changed && states == last->states) {
    last_list_ = now;
    co_return std::nullopt;
  }
  if (changed) details_.introduce(index_.take_details());
  const auto status_at = [&](std::size_t place) {
    return to_status(list.services()[place].status);
  };
  auto services = observe(index_.selection(), status_at);
  boot_ = read_boot_signs(index_.selection(), status_at);
  CO_TRY(co_await add_absent(services, changed, deadline));
  last_list_ = now;
  co_return services;
}

/// The host is asked when the list changes, and then as rarely as for details.
net::awaitable<Result<>> SmbProbe::add_absent(Services& services, bool list_changed,
                                              net::Deadline deadline) {
  if (list_changed) {
    Names seen;
    if (!std::exchange(watches_anew_, false))
      for (auto& name : details_.services()) seen.insert(std::move(name));
    absent_.find(services, seen, host_.services, details_);
  }
  for (const auto& name : absent_.due(clock_.now())) {
    CO_TRY(const auto status, co_await query(name, deadline));
    absent_.answer(name, status, clock_.now());
  }
  absent_.add_to(services);
  co_return Result<>{};
}

net::awaitable<Result<Answer>> SmbProbe::query_everything(net::Deadline deadline) {
  session_->prepare_batches();
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

net::awaitable<Result<KnownDetails>> SmbProbe::read_details(std::vector<ServiceName> services,
                                                            net::Deadline deadline) {
  SmbPush::DropOnCancel cancelled{&push_};
  KnownDetails known;
  // Of a per-user service one copy stands for all.
  auto sources = services;
  for (auto& source : sources)
    if (const auto copy = index_.selection().copies.find(source);
        copy != index_.selection().copies.end())
      source = copy->second;
  const auto learn = [&](std::size_t index, std::optional<ServiceDetails> read) {
    const auto& name = services[index];
    last_list_.reset();
    if (auto details = details_.answer(name, std::move(read), clock_.now()))
      known.emplace(name, std::move(details));
  };
  CO_TRY(co_await read_all(sources, learn, deadline));
  cancelled.push = nullptr;
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
