#include "simulate/fleet.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/wildcard.h"
#include "net/tcp.h"
#include "net/timer.h"
#include "simulate/catalogue.h"
#include "simulate/connection.h"
#include "simulate/windows_host.h"
#include "wire/smb2/server.h"

namespace tocsin::simulate {
namespace {

using std::chrono_literals::operator""ms;

/// 127.0.0.1 and 255 -> 127.0.1.0; nothing for what is not an IPv4 address.
std::optional<std::string> successor(const std::string& address, std::size_t by) {
  std::uint32_t number = 0;
  std::size_t parts = 0;
  const char* at = address.c_str();
  const char* end = at + address.size();
  for (; parts < 4; parts++) {
    std::uint8_t part = 0;
    const auto [stop, error] = std::from_chars(at, end, part);
    if (error != std::errc{}) return std::nullopt;
    number = number << 8 | part;
    at = stop + (stop != end && *stop == '.' ? 1 : 0);
  }
  if (at != end) return std::nullopt;
  number += static_cast<std::uint32_t>(by);
  return fmt::format("{}.{}.{}.{}", number >> 24, number >> 16 & 255, number >> 8 & 255,
                     number & 255);
}

/// A client stands in the list for as long as it is served.
class ClientEntry {
 public:
  ClientEntry(std::set<Connection*>& clients, Connection& client)
      : clients_(clients), place_(clients.insert(&client).first) {}
  ClientEntry(const ClientEntry&) = delete;
  ClientEntry& operator=(const ClientEntry&) = delete;
  ~ClientEntry() { clients_.erase(place_); }

 private:
  std::set<Connection*>& clients_;
  std::set<Connection*>::iterator place_;
};

}  // namespace

struct Fleet::Host {
  HostModel model;
  std::string key;  ///< the name folded
  std::string address;
  Account account;
  LogonCounts logons{};
  std::uint16_t port = 0;
  std::shared_ptr<const smb2::ServerOptions> smb;
  Behaviour behaviour;
  std::shared_ptr<net::TcpListener> listener;  ///< null while it is down
  std::set<Connection*> clients;
  std::unique_ptr<net::Timer> due{};  ///< rings at the next change that somebody waits for
  bool rebooting = false;
};

Fleet::Fleet(FleetOptions options, const Clock& clock, RandomFill random)
    : options_(std::move(options)), clock_(clock), random_(std::move(random)) {
  const auto catalogue = make_catalogue(options_.services);
  for (std::size_t i = 0; i < options_.hosts; i++) {
    const auto name =
        options_.hosts == 1 ? options_.name : fmt::format("{}{}", options_.name, i + 1);
    auto host = std::make_unique<Host>(
        Host{.model = HostModel({.name = name,
                                 .pending = options_.pending,
                                 .old = options_.old,
                                 .push = options_.push,
                                 .controllable = options_.controllable},
                                catalogue, clock_),
             .key = fold_case(name),
             .address = options_.address,
             .account = {.user = options_.user, .password = options_.password}});
    host->account.on_logon = [this, at = host.get()](const ntlm::Logon& logon) {
      count(*at, logon);
    };
    host->model.on_plan([this, at = host.get()] { attend(*at); });
    set_behaviour(*host, {});
    hosts_.push_back(std::move(host));
  }
}

Fleet::~Fleet() = default;

void Fleet::set_behaviour(Host& host, Behaviour behaviour) {
  host.behaviour = behaviour;
  auto smb = make_server_options(host.model, host.account, clock_, random_, behaviour);
  smb.dialects = options_.dialects;
  smb.encrypt_data = options_.demand_encryption;
  if (!options_.encryption || behaviour.mischief == Mischief::unsigned_replies) smb.ciphers.clear();
  host.smb = std::make_shared<smb2::ServerOptions>(std::move(smb));
}

Result<> Fleet::start(net::TaskScope& scope, const net::Executor& executor) {
  for (const auto& event : options_.script)
    if (!has(event.host))
      return fail(ErrorKind::not_found, "the script has an event for the host " +
                                            printable(event.host) + ", which there is not");
  scope_ = &scope;
  executor_ = executor;
  auto port = options_.port;
  for (std::size_t i = 0; i < hosts_.size(); i++) {
    auto& host = *hosts_[i];
    host.port = port;
    if (options_.spread == Spread::addresses) {
      auto address = successor(options_.address, i);
      if (!address)
        return fail(ErrorKind::invalid_config,
                    options_.address + ": not an IPv4 address to count from");
      host.address = *std::move(address);
    }
    if (auto listening = listen(host); !listening) return listening;
    if (options_.spread == Spread::addresses)
      port = host.port;
    else if (port != 0)
      port++;
  }
  if (!options_.script.empty()) scope.spawn(play_script());
  if (options_.random_changes > 0) scope.spawn(change_at_random());
  return {};
}

Result<> Fleet::listen(Host& host) {
  auto listener = net::TcpListener::open(executor_, host.address, host.port);
  if (!listener) return fail(std::move(listener), host.model.name());
  host.port = listener->port();
  host.listener = std::make_shared<net::TcpListener>(*std::move(listener));
  scope_->spawn(accept(host, host.listener));
  return {};
}

net::awaitable<void> Fleet::accept(Host& host, std::shared_ptr<net::TcpListener> listener) {
  while (host.listener == listener) {
    auto stream = co_await listener->accept();
    if (stream)
      scope_->spawn(serve(host, *std::move(stream)));
    else
      co_await net::sleep_for(100ms);  // out of file descriptors, most likely
  }
}

net::awaitable<void> Fleet::serve(Host& host, net::TcpStream stream) {
  const auto client = std::make_shared<Connection>(executor_, std::move(stream),
                                                   smb2::Server(host.smb, random_), host.behaviour);
  const ClientEntry entry(host.clients, *client);
  scope_->spawn(Connection::send(client));
  co_await client->receive();
}

void Fleet::attend(Host& host) {
  const auto next = host.model.next_change();
  if (!next || scope_ == nullptr) return;
  if (!host.due) host.due = std::make_unique<net::Timer>(executor_);
  const auto wait = std::max(*next - clock_.now(), Duration::zero());
  host.due->call_at(net::within(wait), [this, &host] {
    host.model.settle();
    attend(host);
  });
}

net::awaitable<void> Fleet::play_script() {
  const auto start = net::MonotonicClock::now();
  for (const auto& event : options_.script) {
    co_await net::sleep_until(start + event.at);
    auto done = apply(event);
    options_.on_change(done ? describe(event) : describe(event) + ": " + done.error().what);
  }
}

net::awaitable<void> Fleet::change_at_random() {
  std::mt19937_64 chance(options_.seed);
  std::exponential_distribution<double> wait(options_.random_changes);
  for (;;) {
    co_await net::sleep_for(
        std::chrono::ceil<Duration>(std::chrono::duration<double>(wait(chance))));
    auto& host = *hosts_[chance() % hosts_.size()];
    const ServiceName name(kWatchedServices[chance() % std::size(kWatchedServices)]);
    const auto* service = host.model.find(name);
    if (service == nullptr) continue;
    const bool runs = service->status.current_state == svcctl::kRunning;
    const Event event{.host = host.model.name(),
                      .what = ServiceEvent{runs ? Action::stop : Action::start, name}};
    if (apply(event)) options_.on_change(describe(event));
  }
}

std::vector<Fleet::Endpoint> Fleet::endpoints() const {
  std::vector<Endpoint> endpoints;
  endpoints.reserve(hosts_.size());
  for (const auto& host : hosts_)
    endpoints.push_back({.host = host->model.name(), .address = host->address, .port = host->port});
  return endpoints;
}

HostModel* Fleet::find(std::string_view host) {
  const auto found = std::ranges::find(hosts_, fold_case(host), &Host::key);
  return found == hosts_.end() ? nullptr : &(*found)->model;
}

bool Fleet::has(std::string_view pattern) const {
  return std::ranges::any_of(hosts_, [folded = fold_case(pattern)](const auto& host) {
    return matches_wildcard(folded, host->key);
  });
}

Result<> Fleet::apply(const Event& event) {
  if (!has(event.host)) return fail(ErrorKind::not_found, "no host " + event.host);
  const auto pattern = fold_case(event.host);
  for (auto& host : hosts_) {
    if (!matches_wildcard(pattern, host->key)) continue;
    auto done = std::visit([&](const auto& what) { return happen(*host, what); }, event.what);
    if (!done) return fail(std::move(done), host->model.name());
  }
  return {};
}

Result<> Fleet::happen(Host& host, const ServiceEvent& what) {
  return host.model.apply(what.action, what.service);
}

Result<> Fleet::happen(Host& host, ManagerAccess what) {
  host.model.deny_manager(what == ManagerAccess::denied);
  return {};
}

Result<> Fleet::happen(Host& host, Reachability what) {
  if (what == Reachability::down)
    take_down(host);
  else if (!host.listener)
    return listen(host);
  return {};
}

Result<> Fleet::happen(Host& host, const Behaviour& what) {
  set_behaviour(host, what);
  hang_up(host);
  return {};
}

Result<> Fleet::happen(Host& host, const PasswordChange& what) {
  host.account.password = Secret(what.password);
  return {};
}

Result<> Fleet::happen(Host& host, const LogonRefusal& what) {
  host.account.refusal = what.status;
  return {};
}

Result<> Fleet::happen(Host& host, const Disconnect& /*what*/) {
  hang_up(host);
  return {};
}

Result<> Fleet::happen(Host& host, Push what) {
  host.model.set_push(what);
  hang_up(host);
  return {};
}

void Fleet::count(Host& host, const ntlm::Logon& logon) {
  (logon.status == 0 ? host.logons.accepted : host.logons.refused)++;
  options_.on_logon({.host = host.model.name(), .logon = logon});
}

LogonCounts Fleet::logons() const {
  LogonCounts all;
  for (const auto& host : hosts_) {
    all.accepted += host->logons.accepted;
    all.refused += host->logons.refused;
  }
  return all;
}

LogonCounts Fleet::logons(std::string_view host) const {
  const auto found = std::ranges::find(hosts_, fold_case(host), &Host::key);
  return found == hosts_.end() ? LogonCounts{} : (*found)->logons;
}

void Fleet::take_down(Host& host) {
  if (host.listener) host.listener->close();
  host.listener.reset();
  hang_up(host);
}

Result<> Fleet::happen(Host& host, const Reboot& how) {
  if (!host.listener || host.rebooting) return fail(ErrorKind::rejected, "it is not up");
  host.rebooting = true;
  host.model.shut_down(how.over / 5, how.farewell);
  scope_->spawn(reboot(host, how.over));
  return {};
}

net::awaitable<void> Fleet::reboot(Host& host, Duration over) {
  const auto begun = net::MonotonicClock::now();
  co_await net::sleep_until(begun + over / 5);
  take_down(host);
  options_.on_change("down " + host.model.name());
  co_await net::sleep_until(begun + over / 2);
  host.model.boot(over - over / 2);
  const auto up = host.listener ? Result<>{} : listen(host);
  options_.on_change("up " + host.model.name() + (up ? "" : ": " + up.error().what));
  host.rebooting = false;
}

Result<> Fleet::happen(Host& host, const Failover& how) {
  auto* to = find(how.to);
  if (to == nullptr) return fail(ErrorKind::not_found, "no host " + how.to);
  if (scope_ == nullptr) return fail(ErrorKind::rejected, "it is not up");
  auto stopped = host.model.apply(Action::stop, how.service);
  if (stopped) scope_->spawn(start_later(*to, how.service));
  return stopped;
}

net::awaitable<void> Fleet::start_later(HostModel& host, ServiceName service) {
  co_await net::sleep_for(options_.pending + 500ms);
  change(host, Action::start, service);
}

Result<> Fleet::happen(Host& host, const Flap& how) {
  if (scope_ == nullptr) return fail(ErrorKind::rejected, "it is not up");
  if (host.model.find(how.service) == nullptr)
    return fail(ErrorKind::not_found, "no service " + how.service.text());
  scope_->spawn(flap(host.model, how));
  return {};
}

net::awaitable<void> Fleet::flap(HostModel& host, Flap how) {
  const auto every = std::max<Duration>(how.every, options_.pending + 10ms);
  for (std::uint32_t i = 0; i < how.count; i++) {
    change(host, Action::stop, how.service);
    co_await net::sleep_for(every);
    change(host, Action::start, how.service);
    co_await net::sleep_for(every);
  }
}

void Fleet::change(HostModel& host, Action action, const ServiceName& service) {
  const auto done = host.apply(action, service);
  const auto text = describe({.host = host.name(), .what = ServiceEvent{action, service}});
  options_.on_change(done ? text : text + ": " + done.error().what);
}

void Fleet::hang_up(Host& host) {
  for (auto* client : host.clients) client->close();
}

}  // namespace tocsin::simulate
