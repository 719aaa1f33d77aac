#include "daemon/web.h"

#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/path.h"
#include "base/text.h"
#include "base/try.h"
#include "config/file/files.h"
#include "net/timer.h"
#include "platform/permissions.h"
#include "store/store.h"
#include "web/pages.h"

namespace tocsin::daemon {
namespace {

constexpr auto kOpenAgainAfter = std::chrono::minutes(1);
constexpr auto kLastAnswers = std::chrono::seconds(2);
constexpr auto kLookEvery = std::chrono::milliseconds(20);
constexpr auto kFollowEvery = std::chrono::seconds(5);

std::string run_id(Time now) { return fmt::format("{:x}", now.time_since_epoch().count()); }

std::string url_of(const config::Web& web, std::uint16_t port) {
  const auto* scheme = web.certificate_file.empty() ? "http" : "https";
  return web.address.contains(':') ? fmt::format("{}://[{}]:{}/", scheme, web.address, port)
                                   : fmt::format("{}://{}:{}/", scheme, web.address, port);
}

}  // namespace

Secret make_web_token(const RandomFill& random) {
  constexpr std::size_t kTokenBytes = 24;
  std::array<std::uint8_t, kTokenBytes> bytes{};
  random(bytes);
  return Secret(to_hex(bytes));
}

Result<Secret> take_web_token(const std::filesystem::path& directory, const RandomFill& random) {
  const auto file = directory / store::kWebToken;
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    constexpr std::size_t kMostToken = 256;
    TRY(auto text, config::read_file(to_utf8(file), kMostToken, config::Accept::regular_files));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (!text.empty()) return Secret(std::move(text));
  }
  TRY(platform::make_private_directory(directory));
  auto token = make_web_token(random);
  TRY(platform::replace_file(file, token.reveal() + "\n"));
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  return token;
}

struct Web::Serving {
  Serving(const net::Executor& executor, web::Access access, web::Passwords::Deps passwords_deps,
          const config::Web& config)
      : passwords(std::move(passwords_deps), config),
        router(std::move(access), passwords, config.base_path),
        listening(executor),
        connections(executor) {}

  web::Passwords passwords;
  web::Router router;
  std::optional<web::Server> server;
  net::TaskScope listening;
  net::TaskScope connections;
};

Web::Web(Deps deps, config::Web config)
    : deps_(std::move(deps)),
      config_(std::move(config)),
      events_(deps_.executor, deps_.clock, run_id(deps_.clock.now())),
      board_([this](const HostName& host, const web::HostSummary& now) { events_.add(host, now); }),
      monitor_(deps_.monitor, board_, std::bind_front(&Web::read_destinations, this)),
      api_({.monitor = monitor_,
            .board = board_,
            .events = events_,
            .requests = deps_.storage.requests,
            .worker = deps_.storage.worker,
            .reader = reader_,
            .reading = reading_,
            .clock = deps_.clock}),
      changed_(deps_.executor),
      background_(deps_.executor) {}

Web::~Web() = default;

std::optional<std::string> Web::address() const {
  if (!serving_) return std::nullopt;
  return url_of(config_, serving_->server->port());
}

void Web::set_config(config::Web config) {
  events_.add(web::Change::configuration);
  // The certificate may be another one in the same file.
  if (config == config_ && config.certificate_file.empty()) return;
  config_ = std::move(config);
  failing_ = false;
  changed_.set();
}

net::awaitable<Result<std::optional<net::TlsIdentity>>> Web::load_identity() {
  if (config_.certificate_file.empty()) co_return std::nullopt;
  CO_TRY(auto identity,
         co_await reading_.run([certificate = config_.certificate_file, key = config_.key_file] {
           return net::TlsIdentity::load(certificate, key);
         }));
  co_return std::optional(std::move(identity));
}

net::awaitable<Result<>> Web::open() {
  CO_TRY(auto identity, co_await load_identity());
  auto serving = std::make_unique<Serving>(
      deps_.executor, web::Access(config_, token_),
      web::Passwords::Deps{.executor = deps_.executor,
                           .random = deps_.random,
                           .refused = [this](const web::RefusedLogin& login) { say(login); },
                           .matches = web::password_matches},
      config_);
  web::add_pages(serving->router);
  web::add_login(serving->router);
  web::add_own_state(serving->router, monitor_);
  api_.add_to(serving->router);
  CO_TRY(auto server, web::Server::open(deps_.executor, config_.address, config_.port,
                                        serving->router, std::move(identity)));
  serving->server.emplace(std::move(server));
  deps_.log.notice("dashboard: {}", url_of(config_, serving->server->port()));
  serving->listening.spawn(serving->server->run(serving->connections));
  serving_ = std::move(serving);
  co_return Result<>{};
}

void Web::say(const web::RefusedLogin& login) const {
  const auto who = login.user.empty() ? "an unknown user" : "user `" + login.user + "`";
  const auto more = login.more == 0 ? "" : fmt::format(", and {} more since the last", login.more);
  deps_.log.warn("dashboard: refused a login of {} from {}: wrong password{}", who, login.peer,
                 more);
}

net::awaitable<void> Web::keep_reader() {
  for (bool failing = false;; co_await net::sleep_for(kFollowEvery)) {
    const auto opened = co_await reading_.run([this] { return follow_store(); });
    if (!opened && !failing) deps_.log.warn("dashboard: no history: {}", opened.error().what);
    failing = !opened;
  }
}

net::awaitable<void> Web::prepare() {
  background_.spawn(events_.run());
  background_.spawn(monitor_.measure_lag());
  background_.spawn(keep_reader());
  auto token = co_await deps_.storage.worker.run(
      [this] { return take_web_token(deps_.monitor.data_directory, deps_.random); });
  if (token)
    token_ = *std::move(token);
  else
    deps_.log.warn("dashboard: actions need a token of the configuration: {}", token.error().what);
}

Result<> Web::follow_store() {
  if (reader_) return reader_->follow();
  TRY(auto reader, store::Reader::open(deps_.monitor.data_directory));
  reader_ = std::make_unique<store::Reader>(std::move(reader));
  return {};
}

net::awaitable<Result<std::vector<store::DestinationState>>> Web::read_destinations() {
  co_return co_await reading_.run([this]() -> Result<std::vector<store::DestinationState>> {
    TRY(follow_store());
    return reader_->destinations();
  });
}

net::awaitable<void> Web::run() {
  for (bool prepared = false;;) {
    changed_.reset();
    if (config_.enabled && !std::exchange(prepared, true)) co_await prepare();
    const auto opened = config_.enabled ? co_await open() : Result<>{};
    if (!opened && !std::exchange(failing_, true))
      deps_.log.error("dashboard: {}; tried again each minute, alerts are not affected",
                      opened.error().what);
    if (opened) failing_ = false;
    if (!opened)
      (void)co_await changed_.wait_until(net::within(kOpenAgainAfter));
    else
      co_await changed_.wait();
    co_await end_serving();
  }
}

net::awaitable<void> Web::stop() {
  background_.cancel();
  co_await background_.join();
  co_await end_serving();
}

net::awaitable<void> Web::end_serving() {
  if (!serving_) co_return;
  serving_->listening.cancel();
  co_await serving_->listening.join();
  // Whoever has asked for a reload gets its answer, although that ends the server.
  const auto limit = net::within(kLastAnswers);
  while (serving_->server->is_answering() && net::MonotonicClock::now() < limit)
    co_await net::sleep_for(kLookEvery);
  serving_->connections.cancel();
  co_await serving_->connections.join();
  serving_.reset();
}

}  // namespace tocsin::daemon
