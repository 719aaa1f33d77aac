#include "probe/smb/smb_control.h"

#include <cstdint>
#include <map>
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

class SmbControlledHost final : public ControlledHost {
 public:
  explicit SmbControlledHost(SmbSession& session) : session_(session) {}

  net::awaitable<Result<>> open(ServiceName service, std::uint32_t rights,
                                net::Deadline deadline) override {
    CO_TRY(co_await close(service, deadline));
    CO_TRY(const auto handle,
           co_await session_.open_service(
               service.text(), rights | svcctl::kServiceQueryConfig | svcctl::kServiceQueryStatus,
               deadline));
    handles_[std::move(service)] = handle;
    co_return Result<>{};
  }
  net::awaitable<Result<ServiceStatus>> query_status(ServiceName service,
                                                     net::Deadline deadline) override {
    CO_TRY(const auto status, co_await session_.query_status(handles_[service], deadline));
    co_return to_status(status);
  }
  net::awaitable<Result<Configuration>> query_configuration(ServiceName service,
                                                            net::Deadline deadline) override {
    CO_TRY(const auto read, co_await session_.query_config(handles_[service], deadline));
    co_return Configuration{.start_mode = to_start_mode(read.start_type, false),
                            .type = read.service_type};
  }
  net::awaitable<Result<std::vector<ServiceName>>> dependents(ServiceName service,
                                                              net::Deadline deadline) override {
    CO_TRY(const auto names, co_await session_.dependents(handles_[service], deadline));
    co_return std::vector<ServiceName>(names.begin(), names.end());
  }
  net::awaitable<Result<>> start(ServiceName service, net::Deadline deadline) override {
    return session_.start_service(handles_[service], deadline);
  }
  net::awaitable<Result<>> control(ServiceName service, svcctl::Control control,
                                   net::Deadline deadline) override {
    return session_.control_service(handles_[service], control, deadline);
  }

  net::awaitable<void> close_all(net::Deadline deadline) {
    while (!handles_.empty())
      if (!co_await close(handles_.begin()->first, deadline)) co_return;  // with the connection
  }

 private:
  net::awaitable<Result<>> close(ServiceName service, net::Deadline deadline) {
    const auto open = handles_.extract(service);
    if (open.empty()) co_return Result<>{};
    co_return co_await session_.close_service(open.mapped(), deadline);
  }

  SmbSession& session_;
  std::map<ServiceName, svcctl::Handle> handles_;
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
    CO_TRY(auto session,
           co_await SmbSession::open({host_, options_, connector_, random_, login_}, {}, deadline));
    SmbControlledHost host(*session);
    auto report = co_await run_control(host, std::move(request), deadline);
    co_await host.close_all(deadline);
    co_await session->log_off(deadline);
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
