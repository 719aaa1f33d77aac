// What a check of a host costs tocsin, in CPU and memory. The pretend hosts run in a process of
// their own, so everything that is measured here is the probe's.
#include <array>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <malloc.h>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>
#include <openssl/rand.h>

#include "net/loop.h"
#include "net/task_scope.h"
#include "probe/smb/smb_probe.h"
#include "simulate/catalogue.h"
#include "simulate/fleet.h"
#include "wire/dcerpc/pdu.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/frame.h"
#include "wire/svcctl/client.h"

namespace tocsin {
namespace {

using net::awaitable;
using namespace std::chrono_literals;

constexpr std::size_t kServices = 250;
constexpr std::size_t kWatched = std::size(simulate::kWatchedServices);

net::Deadline soon() { return net::within(60s); }

void fill_random(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

/// Hosts on 127.0.0.1, 127.0.0.2 and so on, in a child process.
class PretendHosts {
 public:
  explicit PretendHosts(std::size_t count) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) std::abort();
    child_ = ::fork();
    if (child_ < 0) std::abort();
    if (child_ == 0) serve(count, pipe[1]);
    ::close(pipe[1]);
    if (::read(pipe[0], &port_, sizeof port_) != sizeof port_) std::abort();
    ::close(pipe[0]);
  }
  PretendHosts(const PretendHosts&) = delete;
  PretendHosts& operator=(const PretendHosts&) = delete;
  ~PretendHosts() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
  }

  [[nodiscard]] config::Host host(std::size_t number, Watchlist services) const {
    config::Host host;
    host.address =
        "127.0." + std::to_string((number + 1) / 256) + "." + std::to_string((number + 1) % 256);
    host.name = HostName(host.address);
    host.port = port_;
    host.credentials = credentials_;
    host.services = std::move(services);
    return host;
  }

 private:
  [[noreturn]] static void serve(std::size_t count, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    net::Loop loop;
    const SystemClock clock;
    simulate::Fleet fleet(
        {.hosts = count, .spread = simulate::Spread::addresses, .services = kServices}, clock,
        fill_random);
    net::TaskScope scope(loop.executor());
    if (!fleet.start(scope, loop.executor())) std::_Exit(1);
    const auto port = fleet.endpoints()[0].port;
    if (::write(ready, &port, sizeof port) != sizeof port) std::_Exit(1);
    loop.run();
    std::_Exit(0);
  }

  pid_t child_ = 0;
  std::uint16_t port_ = 0;
  std::shared_ptr<const config::Credentials> credentials_ = std::make_shared<config::Credentials>(
      config::Credentials{.name = "bench", .username = "monitor", .password = Secret("tocsin")});
};

/// Services that run, as a usual host's do; the Qlik Sense ones first.
Watchlist watch(std::size_t count) {
  std::vector<WatchedService> services;
  services.reserve(count);
  for (const auto* name : simulate::kWatchedServices)
    if (services.size() < count) services.push_back({.pattern = name});
  for (const auto& definition : simulate::make_catalogue(kServices)) {
    const bool qlik = definition->name.text().starts_with("Qlik");
    if (services.size() < count && definition->runs_at_first && !qlik)
      services.push_back({.pattern = definition->name.text()});
  }
  return Watchlist(std::move(services));
}

/// Probes of many hosts on one loop.
class Probes {
 public:
  Probes(const PretendHosts& fleet, std::size_t count, std::size_t watched,
         const probe::SmbProbeOptions& options) {
    hosts_.reserve(count);
    for (std::size_t i = 0; i < count; i++) {
      hosts_.push_back(fleet.host(i, watch(watched)));
      probes_.push_back(
          probe::make_smb_probe(hosts_.back(), options, connector_, fill_random, clock_));
    }
  }

  /// All hosts at once.
  void check_all() {
    net::TaskScope scope(loop_.executor());
    for (const auto& probe : probes_) scope.spawn(check(*probe));
    loop_.run_until_done(scope.join());
  }
  void check_first() { loop_.run_until_done(check(*probes_.front())); }
  void feel_first() {
    if (!loop_.run_until_done(probes_.front()->has_pulse(soon())))
      throw std::runtime_error("pulse");
  }
  /// Has each host tell of changes from now on.
  void listen_to_all() {
    net::TaskScope scope(loop_.executor());
    for (const auto& probe : probes_) scope.spawn(listen(*probe));
    loop_.run_until_done(scope.join());
    // What is still to be said about it, when nothing else is under way.
    for (const auto& probe : probes_) scope.spawn(probe->listen(net::within(5s)));
    loop_.run_until_done(scope.join());
  }

 private:
  static awaitable<void> check(probe::Probe& probe) {
    const auto seen = co_await probe.check(soon());
    if (!seen) throw std::runtime_error(seen.error().what);
  }

  /// Until a change of any service would be told.
  static awaitable<void> listen(probe::Probe& probe) {
    while (!co_await probe.has_pulse(soon())) co_await probe.listen(net::within(100ms));
  }

  net::Loop loop_;
  net::Connector connector_{loop_.executor()};
  const SystemClock clock_;
  std::vector<config::Host> hosts_;
  std::vector<std::unique_ptr<probe::Probe>> probes_;
};

probe::SmbProbeOptions asking(bool one_by_one) {
  return {.most_single_queries = one_by_one ? kServices : 0};
}

/// One check with an open session. 0: through the list; 1: each service opened, asked and closed.
void one_check(benchmark::State& state) {
  const PretendHosts fleet(1);
  Probes probes(fleet, 1, static_cast<std::size_t>(state.range(1)), asking(state.range(0) == 1));
  for (int i = 0; i < 2; i++) probes.check_first();
  for (auto _ : state) probes.check_first();
}
BENCHMARK(one_check)
    ->ArgNames({"byName", "watched"})
    ->ArgsProduct({{0, 1}, {1, 2, 3, 4, 5, 8, 64}});

/// A sign of life in place of a check, of a host that tells of changes.
void one_pulse(benchmark::State& state) {
  const PretendHosts fleet(1);
  Probes probes(fleet, 1, kWatched, asking(false));
  for (int i = 0; i < 2; i++) probes.check_first();
  probes.listen_to_all();
  for (auto _ : state) probes.feel_first();
}
BENCHMARK(one_pulse);

/// An RPC pipe with nothing around it: requests go out, fragments come in, nobody reads them.
class BarePipe {
 public:
  explicit BarePipe(const PretendHosts& fleet) : host_(fleet.host(0, {})) {
    loop_.run_until_done(open());
  }

  /// Moves the bytes of one list, or of one question about each of the watched services.
  std::size_t move_list() { return loop_.run_until_done(exchange(list_)); }
  std::size_t move_statuses() {
    std::size_t bytes = 0;
    for (const auto& request : statuses_) bytes += loop_.run_until_done(exchange(request));
    return bytes;
  }

 private:
  template <typename T>
  awaitable<T> drive(Conversation<Result<T>> conversation) {
    conversation.start();
    while (!conversation.done()) {
      for (const auto& request : port_.take_outgoing()) {
        const auto header = smb2::frame_header(request.size());
        Bytes frame(header.begin(), header.end());
        frame.insert(frame.end(), request.begin(), request.end());
        (co_await stream_->write(frame, soon())).value();
      }
      std::array<std::uint8_t, smb2::kFrameHeaderSize> start{};
      (co_await stream_->read(start, soon())).value();
      Bytes message(smb2::parse_frame_header(start).value());
      (co_await stream_->read(message, soon())).value();
      port_.deliver(std::move(message));
    }
    co_return conversation.take().value();
  }
  awaitable<void> drive(Conversation<Result<>> conversation) {
    co_await drive<std::monostate>(ignoring_result(std::move(conversation)));
  }
  static Conversation<Result<std::monostate>> ignoring_result(Conversation<Result<>> conversation) {
    auto done = co_await std::move(conversation);
    if (!done) co_return fail(std::move(done));
    co_return std::monostate{};
  }

  awaitable<void> open() {
    stream_.emplace((co_await connector_.connect(host_.address, host_.port, soon())).value());
    co_await drive(
        smb_.login(port_, ntlm::make_initiator({.user = "monitor", .password = Secret("tocsin")},
                                               fill_random, SystemClock().now(), "cifs/host")));
    pipe_ = co_await drive<smb2::Pipe>(smb_.open_pipe(port_, std::string(svcctl::kPipe)));
    dcerpc::Client rpc(smb_, pipe_);
    co_await drive(rpc.bind(port_, svcctl::kInterface));
    const auto manager = co_await drive<Bytes>(rpc.call(
        port_, svcctl::OpenScManagerRequest::kOpnum,
        svcctl::encode(svcctl::OpenScManagerRequest{
            .desired_access = svcctl::kManagerConnect | svcctl::kManagerEnumerateService})));
    const auto manager_handle = svcctl::parse<svcctl::HandleResponse>(manager).value().handle;
    svcctl::EnumServicesStatusExRequest list{.manager = manager_handle, .resume_index = 0};
    const auto too_small = co_await drive<Bytes>(
        rpc.call(port_, svcctl::EnumServicesStatusExRequest::kOpnum, svcctl::encode(list)));
    list.buffer_size =
        svcctl::parse<svcctl::EnumServicesStatusResponse>(too_small).value().bytes_needed + 2048;
    list_ = pdu(svcctl::EnumServicesStatusExRequest::kOpnum, svcctl::encode(list));
    for (const auto* name : simulate::kWatchedServices) {
      const auto opened =
          co_await drive<Bytes>(rpc.call(port_, svcctl::OpenServiceRequest::kOpnum,
                                         svcctl::encode(svcctl::OpenServiceRequest{
                                             .manager = manager_handle,
                                             .service_name = name,
                                             .desired_access = svcctl::kServiceQueryStatus})));
      const auto handle = svcctl::parse<svcctl::HandleResponse>(opened).value().handle;
      statuses_.push_back(
          pdu(svcctl::QueryServiceStatusExRequest::kOpnum,
              svcctl::encode(svcctl::QueryServiceStatusExRequest{.service = handle})));
    }
  }

  static Bytes pdu(std::uint16_t opnum, BytesView stub) {
    return dcerpc::encode(
        {.call_id = 1000,
         .body = dcerpc::Request{
             .alloc_hint = static_cast<std::uint32_t>(stub.size()), .opnum = opnum, .stub = stub}});
  }

  /// Fragments are whole in each reply; the flag of the last one stands in byte 3.
  awaitable<std::size_t> exchange(const Bytes& request) {
    auto fragment = co_await drive<Bytes>(smb_.transceive(port_, pipe_, request));
    std::size_t bytes = fragment.size();
    while ((fragment.at(3) & dcerpc::kLastFragment) == 0) {
      fragment = co_await drive<Bytes>(smb_.read(port_, pipe_));
      bytes += fragment.size();
    }
    co_return bytes;
  }

  net::Loop loop_;
  net::Connector connector_{loop_.executor()};
  config::Host host_;
  std::optional<net::TcpStream> stream_;
  Port port_;
  smb2::Client smb_{{.server_name = "host"}, fill_random};
  smb2::Pipe pipe_;
  Bytes list_;
  std::vector<Bytes> statuses_;
};

/// The floor for one_check/byName:0.
void bare_list(benchmark::State& state) {
  const PretendHosts fleet(1);
  BarePipe pipe(fleet);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = pipe.move_list();
  state.counters["reply_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(bare_list);

/// Eight questions without opening and closing.
void bare_statuses(benchmark::State& state) {
  const PretendHosts fleet(1);
  BarePipe pipe(fleet);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = pipe.move_statuses();
  state.counters["reply_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(bare_statuses);

/// One whole round of 200 hosts with 8 watched services of 250 each.
void one_round(benchmark::State& state) {
  const PretendHosts fleet(200);
  Probes probes(fleet, 200, kWatched, asking(state.range(0) == 1));
  for (int i = 0; i < 2; i++) probes.check_all();
  for (auto _ : state) probes.check_all();
}
BENCHMARK(one_round)->ArgName("byName")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// Heap in use after checks of 1000 hosts whose sessions stay open. byName: as in one_check;
/// pushed: each host tells of changes of its services.
void heap_of_open_hosts(benchmark::State& state) {
  constexpr std::size_t kHosts = 1000;
  const PretendHosts fleet(kHosts);
  for (auto _ : state) {
    const auto before = ::mallinfo2().uordblks;
    Probes probes(fleet, kHosts, kWatched, asking(state.range(0) == 1));
    for (int i = 0; i < 2; i++) probes.check_all();
    if (state.range(1) == 1) probes.listen_to_all();
    state.counters["bytes_per_host"] =
        static_cast<double>(::mallinfo2().uordblks - before) / kHosts;
  }
}
BENCHMARK(heap_of_open_hosts)
    ->ArgNames({"byName", "pushed"})
    ->ArgsProduct({{0, 1}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin
