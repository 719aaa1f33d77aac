#include "probe/smb/smb_listener.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "base/try.h"
#include "probe/scm_terms.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {
namespace {

/// Of a notification that only a check explains: of a service, and of the list.
constexpr int kPriceOfCheck = 60;
constexpr int kPriceOfList = 15;
/// Each is an open handle, a registration and a reply of the host's.
constexpr std::size_t kMostServices = 512;
/// With so many it begins at a time, once the host has taken one; with one up to then.
constexpr std::size_t kMostAtOnce = 8;
/// A host that refuses so many at the beginning tells of none.
constexpr std::size_t kRefusals = 2;
/// Changes that a check finds first before the host is held for one that does not tell.
constexpr int kMostUntold = 1;
/// Pipes that are being closed, of those that all have their own: more have hung for a whole check.
constexpr std::size_t kMostFarewells = 2 * SmbListener::kMostPipes;
constexpr std::uint32_t kMaskOfList = svcctl::kNotifyCreated | svcctl::kNotifyDeleted;

/// An NTSTATUS: the pipe is refused or has broken. Where it is the session, the next check finds
/// it.
bool is_about_pipe(const Error& error) {
  constexpr std::uint32_t kLeastError = 0xC0000000;
  return error.native && *error.native >= kLeastError;
}

Conversation<Result<>> try_registration(svcctl::Client& scm, Port& port, svcctl::Handle handle,
                                        std::uint32_t mask) {
  CO_TRY(const auto registration, co_await scm.register_for(port, handle, mask));
  co_return co_await scm.close_notify(port, registration);
}

}  // namespace

Conversation<Result<PushOffer>> ask_for_push(svcctl::Client& scm, Port& port, std::string service) {
  PushOffer offer;
  const auto handle = co_await scm.open_service(port, std::move(service));
  if (!handle) {
    offer.of_services = std::unexpected(handle.error());
  } else {
    offer.of_services = co_await try_registration(scm, port, *handle, mask_besides(0));
    (void)co_await scm.close(port, *handle);
  }
  offer.of_the_list = co_await try_registration(scm, port, scm.manager(), kMaskOfList);
  co_return offer;
}

Conversation<Result<PushOffer>> ask_for_push(SmbPipe& pipe, Port& port, std::string service) {
  constexpr auto kCalls = dcerpc::Calls::one_at_a_time;
  if (const auto opened = co_await pipe.open(port); !opened)
    co_return PushOffer{.calls = kCalls, .of_services = opened};
  CO_TRY(co_await pipe.open_manager(port));
  CO_TRY(auto offer, co_await ask_for_push(pipe.scm(), port, std::move(service)));
  CO_TRY(co_await pipe.close(port));
  offer.calls = kCalls;
  co_return offer;
}

SmbListener::SmbListener(svcctl::Client& scm, Port& port) : scm_(&scm), port_(port) {}

SmbListener::SmbListener(smb2::Client& smb, svcctl::HostTraits traits, Port& port)
    : smb_(&smb), traits_(traits), port_(port) {}

void SmbListener::Registration::begin(Conversation<bool> conversation) {
  leave();
  told.reset();
  conversation_.emplace(std::move(conversation));
  conversation_->start();
}

bool SmbListener::Registration::is_alive() const { return is_waiting() || is_busy(); }

/// The conversation that asked may not have ended yet: then it goes on itself.
void SmbListener::Registration::answer(Result<Bytes> stub) {
  told = std::make_unique<Told>(svcctl::read_notifications(std::move(stub)));
  if (is_busy()) return;
  conversation_.emplace(go_on());
  conversation_->start();
}

void SmbListener::listen_to(std::span<const ObservedService> services) {
  if (lost_) return;
  is_tidy_ = false;
  std::erase_if(farewells_, [](const auto& farewell) { return farewell.done(); });
  if (smb_ != nullptr && farewells_.size() > kMostFarewells) {
    lost_ = {ErrorKind::malformed, "pipes that were closed stay open", {}};
    return;
  }
  hears_too_many_ = services.size() > (smb_ == nullptr ? kMostServices : kMostPipes);
  if (needs_too_many_pipes()) return stop_listening();
  services = services.first(std::min(services.size(), kMostServices));
  forget_all_but(services);
  if (!list_) list_.emplace(*this);
  if (!list_->is_alive() && !list_->is_refused) list_->begin(follow_list());
  for (const auto& seen : services) {
    const auto found = services_.find(seen.name);
    if (found == services_.end()) {
      next_.push_back(seen);
      continue;
    }
    auto& service = found->second;
    note_seen(service, seen.status);
    if (service.is_alive()) {
      // An open service cannot be removed, and this host would not say that it is to be: those that
      // have stopped are closed for a moment.
      if (service.hearing == Hearing::resting && !tells_removals_)
        service.begin(follow_anew(service));
    } else if (!service.is_refused && !service.budget.is_spent()) {
      next_.push_back(seen);
    }
  }
  std::ranges::reverse(next_);
  begin_more();
}

void SmbListener::begin_more() {
  if (lost_ || next_.empty()) return;
  auto busy =
      std::ranges::count_if(services_, [](const auto& one) { return one.second.is_busy(); });
  for (; !next_.empty() && std::cmp_less(busy, most_at_once()); next_.pop_back()) {
    const auto& seen = next_.back();
    auto& service = services_.try_emplace(seen.name, *this, seen.name).first->second;
    service.status = seen.status;
    service.begin(follow(service, 0));
    busy++;
  }
  if (most_at_once() == 0) next_.clear();
  if (next_.empty()) next_.shrink_to_fit();
}

std::size_t SmbListener::most_at_once() const {
  if (has_registered_) return kMostAtOnce;
  const auto refused =
      std::ranges::count_if(services_, [](const auto& one) { return one.second.is_refused; });
  return std::cmp_less(refused, kRefusals) ? 1 : 0;
}

void SmbListener::stop_listening() {
  forget_all_but({});
  if (!list_ || !list_->is_waiting()) return;
  dismiss(*list_);
  list_.reset();
  tells_removals_ = false;
}

void SmbListener::forget_all_but(std::span<const ObservedService> services) {
  next_.clear();
  std::unordered_set<ServiceName> names;
  for (const auto& service : services) names.insert(service.name);
  for (auto at = services_.begin(); at != services_.end();) {
    auto& [name, service] = *at;
    const bool is_heard = is_listened_to(service.hearing);
    // One that is only being opened would stay open.
    const bool stays = names.contains(name) || (!is_heard && service.is_alive());
    if (!stays && is_heard) {
      farewells_.push_back(leave(service));
      farewells_.back().start();
    }
    at = stays ? std::next(at) : services_.erase(at);
  }
}

/// What a check has seen first is told in a moment, where it is told at all.
void SmbListener::note_seen(Service& service, const ServiceStatus& seen) {
  const bool changed = service.status.state != ServiceState::unknown &&
                       service.status.state != seen.state && is_listened_to(service.hearing);
  if (changed && ++service.untold > kMostUntold)
    lost_ = {ErrorKind::malformed, "changes of " + service.name.text() + " were not told", {}};
  service.status = seen;
}

bool SmbListener::hears_all() const {
  return !lost_ && tells_removals_ && !hears_too_many_ && next_.empty() &&
         std::ranges::all_of(
             services_, [](const auto& entry) { return is_listened_to(entry.second.hearing); });
}

std::string SmbListener::refusal() const {
  const auto is_refused = [](const auto& entry) { return entry.second.is_refused; };
  const bool is_every = std::ranges::all_of(services_, is_refused);
  return is_every || most_at_once() == 0 ? refusal_ : "";
}

Pushed SmbListener::take_pushed() {
  if (!is_tidy_) tidy();
  return std::exchange(pushed_, {});
}

void SmbListener::tidy() {
  is_tidy_ = !list_ || list_->tidy();
  for (auto& [name, service] : services_) is_tidy_ &= service.tidy();
}

bool SmbListener::has_news() const {
  return lost_ || pushed_.check_again || !pushed_.services.empty();
}

Conversation<Result<svcctl::Client*>> SmbListener::reach(Registration& of) {
  if (scm_ != nullptr) co_return scm_;
  of.pipe = std::make_unique<SmbPipe>(*smb_, traits_, dcerpc::Calls::one_at_a_time);
  CO_TRY(co_await of.pipe->open(port_));
  CO_TRY(co_await of.pipe->open_manager(port_));
  co_return &of.scm();
}

/// The conversation that says so may have been woken by the pipe, which therefore lives on in the
/// farewell.
void SmbListener::dismiss(Registration& of) {
  of.leave();
  if (!of.pipe) return;
  farewells_.push_back(close(std::move(of.pipe)));
  farewells_.back().start();
}

Conversation<bool> SmbListener::close(std::unique_ptr<SmbPipe> pipe) {
  (void)co_await pipe->close(port_);
  co_return true;
}

Conversation<bool> SmbListener::follow(Service& service, std::uint32_t besides) {
  const auto scm = co_await reach(service);
  const auto opened = scm ? co_await (*scm)->open_service(port_, service.name.text())
                          : std::unexpected(scm.error());
  if (!opened) {
    take(service, opened.error());
    dismiss(service);
    co_return false;
  }
  service.open = *opened;
  service.checks = checks_;
  const auto registered = co_await (*scm)->register_for(port_, *opened, mask_besides(besides));
  if (!registered) co_return co_await give_up(service, registered.error());
  has_registered_ = true;
  service.handle = *registered;
  service.hearing = hearing_besides(besides);
  co_await (*scm)->wait_for_notifications(port_, service.handle, service);
  co_return co_await go_on(service);
}

Conversation<bool> SmbListener::go_on(Service& service) {
  while (service.told) {
    if (!co_await hear(service)) co_return false;
    co_await service.scm().wait_for_notifications(port_, service.handle, service);
  }
  co_return true;
}

Conversation<bool> SmbListener::hear(Service& service) {
  auto told = std::move(*std::exchange(service.told, nullptr));
  if (told && service.checks != checks_) {
    told = co_await bring_up_to_date(service, *std::move(told));
    service.hearing = Hearing::asking;
  }
  if (!told) co_return co_await give_up(service, told.error());
  if (!take(service, *told)) {
    (void)co_await leave(service);
    co_return false;
  }
  const auto besides = service.repeats ? told->back().status.current_state : 0;
  service.checks = checks_;
  // Registered anew before the old one is closed: that much sooner comes the next change.
  const auto renewed = co_await renew(service, service.open, mask_besides(besides));
  if (!renewed) co_return co_await give_up(service, renewed.error());
  co_return true;
}

Conversation<bool> SmbListener::give_up(Service& service, Error error) {
  take(service, error);
  if (service.pipe)
    dismiss(service);
  else if (!lost_)
    (void)co_await scm_->close(port_, service.open);
  co_return false;
}

/// A notification has the status of its own time, whenever it is fetched; so a check may have seen
/// a later one. What is registered for after this question is told of in order again.
Conversation<Result<std::vector<svcctl::StatusNotification>>> SmbListener::bring_up_to_date(
    Service& service, std::vector<svcctl::StatusNotification> told) {
  const auto is_change = [](const auto& one) { return meaning_of(one) == Meaning::changed; };
  if (told.empty() || !std::ranges::all_of(told, is_change)) co_return told;
  CO_TRY(const auto present, co_await service.scm().query_status(port_, service.open));
  told.resize(1);
  told.front().status = present;
  co_return told;
}

Conversation<bool> SmbListener::follow_anew(Service& service) {
  service.hearing = Hearing::nothing;
  (void)co_await leave(service);
  co_return co_await follow(service, svcctl::kStopped);
}

/// What the host answers does not matter. Both at once: Windows answers the one that waits when the
/// registration is closed, Wine when the service is, and up to then not who closes the other.
Conversation<bool> SmbListener::leave(Service& service) {
  if (service.pipe) {
    dismiss(service);
    co_return true;
  }
  std::vector<Conversation<Result<>>> steps;
  steps.reserve(2);
  steps.push_back(scm_->close_notify(port_, service.handle));
  steps.push_back(scm_->close(port_, service.open));
  (void)co_await all(std::move(steps));
  co_return true;
}

Conversation<Result<>> SmbListener::renew(Registration& of, svcctl::Handle handle,
                                          std::uint32_t mask) {
  std::vector<Conversation<Result<svcctl::NotifyHandle>>> steps;
  steps.reserve(2);
  steps.push_back(of.scm().register_for(port_, handle, mask));
  steps.push_back(end(of.scm(), of.handle));
  const auto done = co_await all(std::move(steps));
  CO_TRY(of.handle, done.front());
  co_return Result<>{};
}

Conversation<Result<svcctl::NotifyHandle>> SmbListener::end(svcctl::Client& scm,
                                                            svcctl::NotifyHandle registration) {
  (void)co_await scm.close_notify(port_, registration);
  co_return registration;
}

/// A host that does not tell of these does not tell of removals either.
Conversation<bool> SmbListener::follow_list() {
  const auto scm = co_await reach(*list_);
  const auto registered = scm ? co_await (*scm)->register_for(port_, (*scm)->manager(), kMaskOfList)
                              : std::unexpected(scm.error());
  if (!registered) {
    list_->is_refused = true;
    dismiss(*list_);
    co_return false;
  }
  list_->handle = *registered;
  tells_removals_ = true;
  co_await (*scm)->wait_for_notifications(port_, list_->handle, *list_);
  co_return co_await go_on_with_list();
}

Conversation<bool> SmbListener::go_on_with_list() {
  while (list_->told) {
    tells_removals_ = co_await hear_of_list();
    if (!tells_removals_) {
      dismiss(*list_);
      co_return false;
    }
    co_await list_->scm().wait_for_notifications(port_, list_->handle, *list_);
  }
  co_return true;
}

Conversation<bool> SmbListener::hear_of_list() {
  const auto told = std::move(*std::exchange(list_->told, nullptr));
  const bool has_broken = list_->pipe && !told && is_about_pipe(told.error());
  list_->is_refused = !list_->budget.spend(kPriceOfList) || (!told && !has_broken);
  if (list_->is_refused) co_return false;
  pushed_.check_again = true;
  if (has_broken) co_return false;
  const auto renewed = co_await renew(*list_, list_->scm().manager(), kMaskOfList);
  list_->is_refused = !renewed;
  co_return renewed.has_value();
}

bool SmbListener::take(Service& service,
                       std::span<const svcctl::StatusNotification> notifications) {
  service.untold = 0;
  auto meaning = Meaning::invalid;
  for (const auto& notification : notifications) {
    meaning = meaning_of(notification);
    if (meaning != Meaning::changed) break;
    const auto status = to_status(notification.status);
    if (status != service.status)
      add(pushed_, ObservedService{.name = service.name, .status = status, .details = {}});
    else if (service.hearing != Hearing::asking)
      service.repeats = true;
    service.status = status;
    service.hearing = hearing_besides(notification.status.current_state);
  }
  if (meaning == Meaning::changed && service.budget.spend(int(notifications.size()))) return true;
  service.hearing = meaning == Meaning::leaving ? Hearing::leaving : Hearing::nothing;
  if (meaning == Meaning::changed) return false;
  if (service.budget.spend(kPriceOfCheck)) pushed_.check_again = true;
  return false;
}

void SmbListener::take(Service& service, const Error& error) {
  const auto before = std::exchange(service.hearing, Hearing::nothing);
  if (service.pipe && is_about_pipe(error)) {
    service.is_refused = !is_listened_to(before);
    if (service.is_refused)
      refusal_ = error.what;
    else if (service.budget.spend(kPriceOfCheck))
      pushed_.check_again = true;
    return;
  }
  const bool is_over = is_listened_to(before) || error.native == svcctl::kNotifyClientLagging;
  if (error.native == svcctl::kServiceMarkedForDelete) {
    service.hearing = Hearing::leaving;
    if (before != Hearing::leaving) pushed_.check_again = true;
  } else if (error.kind == ErrorKind::unsupported && is_about_service(error)) {
    service.is_refused = true;
    refusal_ = error.what;
  } else if (is_over || !is_about_service(error)) {
    lost_ = error;
  }
}

}  // namespace tocsin::probe
