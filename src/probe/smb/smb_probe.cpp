#include "probe/smb/smb_probe.h"

#include <algorithm>
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
  [[nodiscard]] CheckTrace last_check() const override { return trace_; }
  net::awaitable<void> close(net::Deadline deadline) override;
  bool set_watchlist() override;

 private:
  /// What is kept about a watched service from check to check.
  struct Known {
    std::optional<svcctl::Handle> handle;  ///< of the present session
    ServiceStatus last;
    Time asked_by_name{};  ///< when `last` came from a question about this service alone
  };
  struct Absent {
    ServiceName name;
    bool by_pattern;
  };
  using Check = net::awaitable<Result<Services>> (SmbProbe::*)(net::Deadline);

  net::awaitable<Result<Services>> with_session(Check check_once, net::Deadline deadline);
  void drop_session();

  net::awaitable<Result<Services>> check_once(net::Deadline deadline);
  net::awaitable<Result<Services>> query_each(net::Deadline deadline);
  net::awaitable<Result<Services>> query_list(net::Deadline deadline);
  net::awaitable<Result<>> add_absent(Services& services, bool list_changed,
                                      net::Deadline deadline);
  [[nodiscard]] std::vector<Absent> find_absent() const;
  net::awaitable<Result<Services>> query_everything(net::Deadline deadline);

  net::awaitable<Result<ServiceStatus>> query(const ServiceName& name, net::Deadline deadline);
  net::awaitable<Result<ServiceStatus>> query_anew(const ServiceName& name, Known& known,
                                                   net::Deadline deadline);
  net::awaitable<Result<>> close_handle(svcctl::Handle handle, net::Deadline deadline);

  void remember(const Services& services);
  net::awaitable<Result<>> refresh_details(net::Deadline deadline);
  net::awaitable<Result<std::optional<ServiceDetails>>> read_details(const ServiceName& name,
                                                                     net::Deadline deadline);
  net::awaitable<Result<Extras>> read_extras(svcctl::Handle handle, bool automatic,
                                             net::Deadline deadline);
  net::awaitable<Result<std::optional<ServiceDetails>>> read_details(
      const ServiceName& name, std::optional<svcctl::Handle> open, net::Deadline deadline);

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
  std::optional<Names> reported_;  ///< only where the watchlist needs details
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
      auto opened = co_await SmbSession::open({host_, options_, connector_, random_, clock_},
                                              traits_, deadline);
      if (!opened && is_shutdown(opened.error())) co_return std::unexpected(shutdown_error());
      if (!opened) co_return fail(std::move(opened));
      session_ = *std::move(opened);
      trace_.session = CheckTrace::Session::opened;
      trace_.connection = session_->connection();
    }
    struct DropOnCancel {  // a conversation that was left half way leaves the session in no state
      SmbProbe* probe;
      ~DropOnCancel() {
        if (probe != nullptr) probe->drop_session();
      }
    } cancelled{this};
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

void SmbProbe::drop_session() {
  session_.reset();
  for (auto& [name, known] : known_) known.handle.reset();
}

/// Handles of what is not watched any more, a few at most, stay open until the session ends.
bool SmbProbe::set_watchlist() {
  index_ = {};
  absent_.clear();
  known_.clear();
  reported_.reset();
  return true;
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
  // The states are known, so the check has succeeded, whatever becomes of the details; but a host
  // that goes down stops its services.
  if (auto read = co_await refresh_details(deadline); !read) {
    if (is_shutdown(read.error())) co_return fail(std::move(read));
    trace_.closed_after = read.error().what;
    drop_session();
  }
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
  co_return services;
}

net::awaitable<Result<Services>> SmbProbe::query_list(net::Deadline deadline) {
  const auto list = co_await session_->enumerate(deadline);
  if (!list) co_return std::unexpected(list.error());
  trace_.listed = list->services().size();
  const bool changed = index_.update(*list, host_.services, reported_.value_or(Names{}));
  for (const auto& [name, details] : index_.take_details()) details_.introduce(name, details);
  auto services = observe(index_.selection(), [&](std::size_t place) {
    return to_status(list->services()[place].status);
  });
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
    if (session_) {
      auto read = co_await read_details(service.name, {}, deadline);
      if (!read && is_shutdown(read.error())) co_return std::unexpected(read.error());
      if (!read) drop_session();  // the list is there: the rest goes without
      details = std::move(read).value_or(std::nullopt).value_or(std::move(details));
    }
    service.details = std::make_shared<const ServiceDetails>(std::move(details));
  }
  co_return services;
}

/// Through a handle that stays open while the service is up. Not longer: Windows cannot remove a
/// service whose handles are open, and an installer that replaces it would fail (1072).
net::awaitable<Result<ServiceStatus>> SmbProbe::query(const ServiceName& name,
                                                      net::Deadline deadline) {
  trace_.asked++;
  auto& known = known_[name];
  if (known.handle) {
    const auto status = co_await session_->query_status(*known.handle, deadline);
    if (status && status->current_state != svcctl::kStopped) co_return to_status(*status);
    if (!status && !is_about_service(status.error())) co_return std::unexpected(status.error());
    // Stopped, or a handle that is good no more: what counts is what the name stands for now.
    const auto handle = *known.handle;
    known.handle.reset();
    auto closed = co_await close_handle(handle, deadline);
    if (!closed) co_return fail(std::move(closed));
  }
  co_return co_await query_anew(name, known, deadline);
}

net::awaitable<Result<ServiceStatus>> SmbProbe::query_anew(const ServiceName& name, Known& known,
                                                           net::Deadline deadline) {
  const auto handle = co_await session_->open_service(name.text(), deadline);
  if (!handle) {
    // An invalid handle is the manager's here, and with it the session.
    const auto& error = handle.error();
    if (!is_about_service(error) || error.native == svcctl::kInvalidHandle)
      co_return std::unexpected(error);
    co_return ServiceStatus{.state = to_state(error)};
  }
  const auto status = co_await session_->query_status(*handle, deadline);
  if (status && status->current_state != svcctl::kStopped) {
    known.handle = *handle;
    co_return to_status(*status);
  }
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

/// An error breaks the session. What does not fit into this check's time is left to the next ones.
net::awaitable<Result<>> SmbProbe::refresh_details(net::Deadline deadline) {
  const auto last_begin = std::min(deadline, net::within(options_.details_budget));
  for (const auto& name : details_.due(clock_.now())) {
    if (net::MonotonicClock::now() >= last_begin) break;
    auto read = co_await read_details(name, deadline);
    if (!read) co_return fail(std::move(read));
    trace_.details++;
    details_.answer(name, *std::move(read), clock_.now());
  }
  co_return Result<>{};
}

/// Of a per-user service one copy stands for all.
net::awaitable<Result<std::optional<ServiceDetails>>> SmbProbe::read_details(
    const ServiceName& name, net::Deadline deadline) {
  const auto& copies = index_.selection().copies;
  const auto copy = copies.find(name);
  if (copy != copies.end()) co_return co_await read_details(copy->second, {}, deadline);
  co_return co_await read_details(name, known_.at(name).handle, deadline);
}

/// Nothing: the host does not let us read them. An error breaks the session.
net::awaitable<Result<std::optional<ServiceDetails>>> SmbProbe::read_details(
    const ServiceName& name, std::optional<svcctl::Handle> open, net::Deadline deadline) {
  const auto handle =
      open ? Result<svcctl::Handle>(*open) : co_await session_->open_service(name.text(), deadline);
  if (!handle) {
    if (is_about_service(handle.error())) co_return std::nullopt;
    co_return std::unexpected(handle.error());
  }
  auto config = co_await session_->query_config(*handle, deadline);
  if (!config && !is_about_service(config.error())) co_return fail(std::move(config));
  Extras extras;
  if (config) {
    auto read = co_await read_extras(*handle, config->start_type == svcctl::kAutoStart, deadline);
    if (!read) co_return fail(std::move(read));
    extras = *read;
  }
  if (!open) {
    auto closed = co_await close_handle(*handle, deadline);
    if (!closed) co_return fail(std::move(closed));
  }
  if (!config) co_return std::nullopt;
  co_return to_details(*std::move(config), extras);
}

/// What the host does not tell is not so.
net::awaitable<Result<Extras>> SmbProbe::read_extras(svcctl::Handle handle, bool automatic,
                                                     net::Deadline deadline) {
  Extras extras;
  if (automatic) {
    const auto answer = co_await session_->query_delayed_start(handle, deadline);
    if (!answer && !is_about_service(answer.error())) co_return std::unexpected(answer.error());
    extras.delayed = answer.value_or(false);
  }
  const auto answer = co_await session_->query_start_trigger(handle, deadline);
  if (!answer && !is_about_service(answer.error())) co_return std::unexpected(answer.error());
  extras.trigger_start = answer.value_or(false);
  co_return extras;
}

}  // namespace

std::unique_ptr<Probe> make_smb_probe(const config::Host& host, SmbProbeOptions options,
                                      net::Connector& connector, RandomFill random,
                                      const Clock& clock) {
  return std::make_unique<SmbProbe>(host, std::move(options), connector, std::move(random), clock);
}

}  // namespace tocsin::probe
