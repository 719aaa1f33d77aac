#include "probe/smb/smb_control.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "probe/control_run.h"
#include "probe/scm_terms.h"
#include "probe/smb/smb_login.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {
namespace {

/// From the end of a connection to the first try to make another; each time twice as long.
constexpr std::chrono::milliseconds kFirstReconnect{50};
constexpr std::chrono::milliseconds kLongestReconnect{2000};
/// For a connection after the first.
constexpr auto kReconnectLimit = std::chrono::seconds(10);

class SmbControlledHost final : public ControlledHost {
 public:
  explicit SmbControlledHost(SmbSession::Environment environment) : environment_(environment) {}

  net::awaitable<Result<>> connect(net::Deadline deadline) {
    CO_TRY(session_, co_await SmbSession::open(environment_, {}, deadline));
    co_return Result<>{};
  }

  net::awaitable<Result<>> open(ServiceName service, std::uint32_t rights,
                                net::Deadline deadline) override {
    CO_TRY(co_await close(service, deadline));
    CO_TRY(const auto handle, co_await open_on_host(service, rights, deadline));
    open_[std::move(service)] = {.rights = rights, .handle = handle};
    co_return Result<>{};
  }
  net::awaitable<Result<ServiceStatus>> query_status(ServiceName service,
                                                     net::Deadline deadline) override {
    for (auto pause = kFirstReconnect;; pause = std::min(2 * pause, kLongestReconnect)) {
      auto status = co_await query_status_once(service, deadline);
      if (status || !has_acted_ || !is_unanswered(status.error()) || has_passed(deadline))
        co_return status;
      session_.reset();
      for (auto& [name, open] : open_) open.handle.reset();
      co_await net::sleep_until(std::min(deadline, net::within(pause)));
    }
  }
  net::awaitable<Result<Configuration>> query_configuration(ServiceName service,
                                                            net::Deadline deadline) override {
    CO_TRY(const auto read, co_await session_->query_config(handle_of(service), deadline));
    co_return Configuration{.start_mode = to_start_mode(read.start_type, false),
                            .type = read.service_type};
  }
  net::awaitable<Result<std::vector<ServiceName>>> dependents(ServiceName service,
                                                              net::Deadline deadline) override {
    CO_TRY(const auto names, co_await session_->dependents(handle_of(service), deadline));
    co_return std::vector<ServiceName>(names.begin(), names.end());
  }
  net::awaitable<Result<>> start(ServiceName service, net::Deadline deadline) override {
    has_acted_ = true;
    return session_->start_service(handle_of(service), deadline);
  }
  net::awaitable<Result<>> control(ServiceName service, svcctl::Control control,
                                   net::Deadline deadline) override {
    has_acted_ = true;
    return session_->control_service(handle_of(service), control, deadline);
  }

  net::awaitable<void> log_off(net::Deadline deadline) {
    if (!session_) co_return;
    while (!open_.empty())
      if (!co_await close(open_.begin()->first, deadline)) co_return;  // with the connection
    co_await session_->log_off(deadline);
  }

 private:
  struct Open {
    std::uint32_t rights = 0;
    std::optional<svcctl::Handle> handle;  ///< nothing: of a connection that has ended
  };

  static bool has_passed(net::Deadline deadline) { return net::MonotonicClock::now() >= deadline; }

  [[nodiscard]] svcctl::Handle handle_of(const ServiceName& service) const {
    return open_.at(service).handle.value_or(svcctl::Handle{});
  }
  net::awaitable<Result<svcctl::Handle>> open_on_host(const ServiceName& service,
                                                      std::uint32_t rights,
                                                      net::Deadline deadline) {
    return session_->open_service(
        service.text(), rights | svcctl::kServiceQueryConfig | svcctl::kServiceQueryStatus,
        deadline);
  }
  net::awaitable<Result<ServiceStatus>> query_status_once(ServiceName service,
                                                          net::Deadline deadline) {
    if (!session_) {
      CO_TRY(co_await connect(std::min(deadline, net::within(kReconnectLimit))));
    }
    auto& open = open_.at(service);
    if (!open.handle) {
      CO_TRY(open.handle, co_await open_on_host(service, open.rights, deadline));
    }
    CO_TRY(const auto status, co_await session_->query_status(*open.handle, deadline));
    co_return to_status(status);
  }
  net::awaitable<Result<>> close(ServiceName service, net::Deadline deadline) {
    const auto open = open_.extract(service);
    if (open.empty() || !open.mapped().handle) co_return Result<>{};
    co_return co_await session_->close_service(*open.mapped().handle, deadline);
  }

  const SmbSession::Environment environment_;
  std::unique_ptr<SmbSession> session_;  ///< null: it has ended, and query_status() opens another
  std::map<ServiceName, Open> open_;
  bool has_acted_ = false;  ///< on the host
};

class SmbControl final : public Control {
 public:
  SmbControl(config::Host host, SmbProbeOptions options, net::Connector& connector,
             RandomFill random, const Clock& clock)
      : host_(std::move(host)),
        options_(std::move(options)),
        connector_(connector),
        random_(std::move(random)),
        login_({host_, options_, random_, clock}) {}

  net::awaitable<Result<ControlReport>> run(ControlRequest request,
                                            net::Deadline deadline) override {
    SmbControlledHost host({host_, options_, connector_, random_, login_});
    CO_TRY(co_await host.connect(deadline));
    auto report = co_await run_control(host, std::move(request), deadline);
    co_await host.log_off(deadline);
    co_return report;
  }

 private:
  const config::Host host_;
  const SmbProbeOptions options_;
  net::Connector& connector_;
  const RandomFill random_;
  SmbLogin login_;
};

}  // namespace

std::unique_ptr<Control> make_smb_control(config::Host host, SmbProbeOptions options,
                                          net::Connector& connector, RandomFill random,
                                          const Clock& clock) {
  return std::make_unique<SmbControl>(std::move(host), std::move(options), connector,
                                      std::move(random), clock);
}

}  // namespace tocsin::probe
