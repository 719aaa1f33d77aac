#include "probe/scm/scm_control.h"

#include <cstdint>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/try.h"
#include "probe/control_run.h"
#include "probe/scm/errors.h"
#include "probe/scm/session.h"
#include "probe/scm_terms.h"

namespace tocsin::probe {
namespace {

using scm::Win32Result;

/// What a thread that hangs keeps.
struct Opened {
  std::shared_ptr<scm::System> system;
  std::string machine;
  std::unique_ptr<scm::Manager> manager{};
  std::map<ServiceName, std::unique_ptr<scm::ControlledService>> services{};

  Result<> open_manager() {
    auto opened = system->open_manager(machine);
    if (!opened)
      return std::unexpected(scm::explain(opened.error(), "opening the service manager", machine));
    manager = *std::move(opened);
    return {};
  }
  Win32Result<void> open(const ServiceName& service, std::uint32_t rights) {
    services.erase(service);
    TRY(auto opened, manager->open(service.text(), rights | svcctl::kServiceQueryConfig |
                                                       svcctl::kServiceQueryStatus));
    services[service] = std::move(opened);
    return {};
  }
};

Win32Result<void> done(std::uint32_t code) {
  if (code != svcctl::kSuccess) return std::unexpected(code);
  return {};
}

class ScmControlledHost final : public ControlledHost {
 public:
  ScmControlledHost(std::shared_ptr<scm::System> system, const std::string& machine,
                    net::Worker& threads)
      : threads_(threads), opened_(std::make_shared<Opened>(Opened{std::move(system), machine})) {}

  net::awaitable<Result<>> open_manager(net::Deadline deadline) {
    return run([](Opened& opened) { return opened.open_manager(); }, deadline);
  }
  net::awaitable<Result<>> open(ServiceName service, std::uint32_t rights,
                                net::Deadline deadline) override {
    return ask(
        std::move(service),
        [rights](Opened& opened, const ServiceName& of) { return opened.open(of, rights); },
        deadline);
  }
  net::awaitable<Result<ServiceStatus>> query_status(ServiceName service,
                                                     net::Deadline deadline) override {
    return ask(
        std::move(service),
        [](Opened& opened, const ServiceName& of) -> Win32Result<ServiceStatus> {
          TRY(const auto status, opened.manager->query_status(of.text()));
          return to_status(status);
        },
        deadline);
  }
  net::awaitable<Result<Configuration>> query_configuration(ServiceName service,
                                                            net::Deadline deadline) override {
    return ask(
        std::move(service),
        [](Opened& opened, const ServiceName& of) -> Win32Result<Configuration> {
          TRY(const auto read, opened.manager->query_configuration(of.text()));
          return Configuration{.start_mode = to_start_mode(read.start_type, false),
                               .type = read.type};
        },
        deadline);
  }
  net::awaitable<Result<std::vector<ServiceName>>> dependents(ServiceName service,
                                                              net::Deadline deadline) override {
    return ask(
        std::move(service),
        [](Opened& opened, const ServiceName& of) -> Win32Result<std::vector<ServiceName>> {
          TRY(const auto names, opened.services.at(of)->dependents());
          return std::vector<ServiceName>(names.begin(), names.end());
        },
        deadline);
  }
  net::awaitable<Result<>> start(ServiceName service, net::Deadline deadline) override {
    return ask(
        std::move(service),
        [](Opened& opened, const ServiceName& of) { return done(opened.services.at(of)->start()); },
        deadline);
  }
  net::awaitable<Result<>> control(ServiceName service, svcctl::Control control,
                                   net::Deadline deadline) override {
    return ask(
        std::move(service),
        [control](Opened& opened, const ServiceName& of) {
          return done(opened.services.at(of)->control(control));
        },
        deadline);
  }

 private:
  /// Once a call hangs, none follows it.
  template <typename Call, typename T = std::invoke_result_t<Call, Opened&>>
  net::awaitable<T> run(Call call, net::Deadline deadline) {
    std::optional<T> answer;
    if (!hangs_)
      answer = co_await threads_.run_until(
          [opened = opened_, call = std::move(call)] { return call(*opened); }, deadline);
    hangs_ = !answer;
    if (!answer)
      co_return fail(ErrorKind::timed_out, "the service control manager: no answer in time");
    co_return *std::move(answer);
  }

  template <typename Call,
            typename T = std::invoke_result_t<Call, Opened&, const ServiceName&>::value_type>
  net::awaitable<Result<T>> ask(ServiceName service, Call call, net::Deadline deadline) {
    return run(
        [service = std::move(service), call = std::move(call)](Opened& opened) -> Result<T> {
          auto answer = call(opened, service);
          if (!answer)
            return std::unexpected(scm::explain(answer.error(), service.text(), opened.machine));
          if constexpr (std::is_void_v<T>)
            return {};
          else
            return *std::move(answer);
        },
        deadline);
  }

  net::Worker& threads_;
  const std::shared_ptr<Opened> opened_;
  bool hangs_ = false;
};

class ScmControl final : public Control {
 public:
  ScmControl(const std::string& address, std::shared_ptr<scm::System> system, net::Worker& threads)
      : system_(std::move(system)),
        machine_(scm::machine_of(address, system_->own_names())),
        threads_(threads) {}

  net::awaitable<Result<ControlReport>> run(ControlRequest request,
                                            net::Deadline deadline) override {
    ScmControlledHost host(system_, machine_, threads_);
    CO_TRY(co_await host.open_manager(deadline));
    co_return co_await run_control(host, std::move(request), deadline);
  }

 private:
  const std::shared_ptr<scm::System> system_;
  const std::string machine_;
  net::Worker& threads_;
};

}  // namespace

std::unique_ptr<Control> make_scm_control(const std::string& address,
                                          std::shared_ptr<scm::System> system,
                                          net::Worker& threads) {
  return std::make_unique<ScmControl>(address, std::move(system), threads);
}

}  // namespace tocsin::probe
