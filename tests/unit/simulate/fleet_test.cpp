// A fleet on sockets of this machine.
#include "simulate/fleet.h"

#include <chrono>
#include <optional>
#include <type_traits>

#include <gtest/gtest.h>

#include "kit/smb2_peers.h"
#include "kit/virtual_time.h"
#include "net/event.h"
#include "net/loop.h"
#include "net/tcp.h"
#include "wire/dcerpc/client.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/frame.h"
#include "wire/svcctl/client.h"
#include "wire/svcctl/notify.h"

namespace tocsin::simulate {
namespace {

using net::awaitable;
using std::chrono_literals::operator""s;

class FleetTest : public testing::Test {
 protected:
  /// Runs `test` while the fleet is there.
  template <typename Test>
  void with_fleet(FleetOptions options, Test test) {
    options.on_change = [this](std::string_view line) {
      changes.emplace_back(line);
      changed.set();
    };
    Fleet fleet(std::move(options), clock, kit::counting_random());
    net::TaskScope scope(loop.executor());
    const auto started = fleet.start(scope, loop.executor());
    ASSERT_TRUE(started) << started.error().what;
    loop.run_until_done([](auto body, Fleet& all, net::TaskScope& tasks) -> awaitable<void> {
      co_await body(all);
      tasks.cancel();
      co_await tasks.join();
    }(test, fleet, scope));
  }

  /// What one service's state is to a client that logs in for the question.
  awaitable<Result<std::uint32_t>> ask(Fleet::Endpoint host, std::string service) {
    auto stream = co_await connector.connect(host.address, host.port, net::within(10s));
    if (!stream) co_return std::unexpected(stream.error());
    smb2::Client smb({.server_name = host.host}, kit::counting_random());
    Port port;
    auto in = co_await drive(
        *stream, port,
        smb.login(port, ntlm::make_initiator({.user = "monitor", .password = Secret("tocsin")},
                                             kit::counting_random(), clock.now(), "cifs/node")));
    if (!in) co_return std::unexpected(in.error());
    const auto pipe = co_await drive(*stream, port, smb.open_pipe(port, "svcctl"));
    if (!pipe) co_return std::unexpected(pipe.error());
    dcerpc::Client rpc(smb, *pipe);
    if (auto bound = co_await drive(*stream, port, rpc.bind(port, svcctl::kInterface)); !bound)
      co_return std::unexpected(bound.error());
    svcctl::Client client(rpc);
    if (auto opened = co_await drive(*stream, port, client.open_manager(port)); !opened)
      co_return std::unexpected(opened.error());
    const auto handle = co_await drive(*stream, port, client.open_service(port, service));
    if (!handle) co_return std::unexpected(handle.error());
    const auto status = co_await drive(*stream, port, client.query_status(port, *handle));
    if (!status) co_return std::unexpected(status.error());
    co_return status->current_state;
  }

  template <typename T>
  awaitable<Result<T>> drive(net::TcpStream& stream, Port& port,
                             Conversation<Result<T>> conversation) {
    conversation.start();
    while (!conversation.done()) {
      for (const auto& message : port.take_outgoing()) {
        const auto header = smb2::frame_header(message.size());
        Bytes frame(header.begin(), header.end());
        frame.insert(frame.end(), message.begin(), message.end());
        if (auto sent = co_await stream.write(frame, net::within(10s)); !sent)
          co_return std::unexpected(sent.error());
      }
      Bytes reply(smb2::kFrameHeaderSize);
      if (auto got = co_await stream.read(reply, net::within(10s)); !got)
        co_return std::unexpected(got.error());
      const auto size = smb2::parse_frame_header(reply);
      if (!size) co_return std::unexpected(size.error());
      reply.resize(*size);
      if (auto got = co_await stream.read(reply, net::within(10s)); !got)
        co_return std::unexpected(got.error());
      port.deliver(std::move(reply));
    }
    co_return conversation.take();
  }

  /// Lets time pass until so many changes were told.
  awaitable<void> until_changes(std::size_t count) {
    held.reset();
    while (changes.size() < count) {
      changed.reset();
      co_await changed.wait();
    }
    held = clock.hold();
  }

  kit::VirtualTime clock;
  net::Loop loop;
  std::shared_ptr<void> held = clock.hold();  // the sockets are real
  net::Connector connector{loop.executor()};
  net::Event changed{loop.executor()};
  std::vector<std::string> changes;
};

TEST_F(FleetTest, AScriptForAHostThatThereIsNotIsRefused) {
  FleetOptions options;
  options.hosts = 2;
  options.script = {parse_event("stop qs-node* Spooler").value(),
                    parse_event("stop qs-nod1 Spooler").value()};
  Fleet fleet(std::move(options), clock, kit::counting_random());
  net::TaskScope scope(loop.executor());
  const auto started = fleet.start(scope, loop.executor());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::not_found);
  EXPECT_EQ(started.error().what,
            "the script has an event for the host qs-nod1, which there is not");
}

TEST_F(FleetTest, EveryHostAnswersForItself) {
  with_fleet({.hosts = 3, .services = 20}, [&](Fleet& fleet) -> awaitable<void> {
    EXPECT_TRUE(fleet.apply(parse_event("stop qs-node2 QlikSenseEngineService").value()));
    std::vector<std::uint32_t> states;
    for (const auto& host : fleet.endpoints())
      states.push_back((co_await ask(host, "QlikSenseEngineService")).value());
    EXPECT_EQ(states,
              (std::vector<std::uint32_t>{svcctl::kRunning, svcctl::kStopped, svcctl::kRunning}));
  });
}

TEST_F(FleetTest, HostsMayShareAPortOnSuccessiveAddresses) {
  with_fleet({.hosts = 3, .spread = Spread::addresses, .services = 10},
             [&](Fleet& fleet) -> awaitable<void> {
               const auto hosts = fleet.endpoints();
               EXPECT_EQ(hosts[2].address, "127.0.0.3");
               EXPECT_EQ(hosts[2].port, hosts[0].port);
               EXPECT_TRUE(co_await ask(hosts[2], "QlikSenseEngineService"));
             });
}

TEST_F(FleetTest, HostsGoDownAndComeBackUnderTheSamePort) {
  with_fleet({.services = 10}, [&](Fleet& fleet) -> awaitable<void> {
    const auto host = fleet.endpoints()[0];
    auto client = co_await connector.connect(host.address, host.port, net::within(10s));
    EXPECT_TRUE(co_await ask(host, "QlikSenseEngineService"));
    EXPECT_TRUE(fleet.apply(parse_event("down *").value()));
    Bytes byte(1);
    const auto left = co_await client->read_some(byte, net::within(10s));
    EXPECT_TRUE(!left || *left == 0) << "who was connected is thrown out";
    const auto refused = co_await ask(host, "QlikSenseEngineService");
    EXPECT_EQ(refused.error().kind, ErrorKind::unreachable);
    EXPECT_TRUE(fleet.apply(parse_event("up *").value()));
    EXPECT_TRUE(co_await ask(host, "QlikSenseEngineService"));
  });
}

TEST_F(FleetTest, HostsMisbehaveOnCommand) {
  with_fleet({.services = 10}, [&](Fleet& fleet) -> awaitable<void> {
    const auto host = fleet.endpoints()[0];
    for (const auto* how : {"oversized:2", "garbage:0", "flipped:4"}) {
      EXPECT_TRUE(fleet.apply(parse_event("behave qs-node " + std::string(how)).value()));
      const auto answer = co_await ask(host, "QlikSenseEngineService");
      EXPECT_EQ(answer.error().kind, ErrorKind::malformed) << how << answer.error().what;
    }
    EXPECT_TRUE(fleet.apply(parse_event("behave qs-node none").value()));
    EXPECT_TRUE(co_await ask(host, "QlikSenseEngineService"));
  });
}

TEST_F(FleetTest, RebootsAHost) {
  with_fleet({.services = 20}, [&](Fleet& fleet) -> awaitable<void> {
    const auto host = fleet.endpoints()[0];
    EXPECT_TRUE(fleet.apply(parse_event("reboot qs-node 5m").value()));
    EXPECT_EQ(fleet.apply(parse_event("reboot qs-node 5m").value()).error().kind,
              ErrorKind::rejected);
    EXPECT_EQ((co_await ask(host, "QlikSenseEngineService")).error().native, 1115U);
    co_await until_changes(2);
    EXPECT_EQ(changes, (std::vector<std::string>{"down qs-node", "up qs-node"}));
    EXPECT_TRUE(co_await ask(host, "QlikSenseEngineService"));
    held.reset();
    co_await clock.pass(std::chrono::minutes(5));
    held = clock.hold();
    EXPECT_EQ((co_await ask(host, "QlikSenseEngineService")).value(), svcctl::kRunning);
  });
}

TEST_F(FleetTest, FailsOverAndFlaps) {
  with_fleet({.hosts = 2, .services = 20}, [&](Fleet& fleet) -> awaitable<void> {
    EXPECT_TRUE(fleet.apply(parse_event("stop qs-node2 QlikLoggingService").value()));
    EXPECT_FALSE(fleet.apply(parse_event("failover qs-node1 other QlikLoggingService").value()));
    EXPECT_TRUE(fleet.apply(parse_event("failover qs-node1 qs-node2 QlikLoggingService").value()));
    co_await until_changes(1);
    EXPECT_EQ(changes[0], "start qs-node2 QlikLoggingService");
    changes.clear();
    EXPECT_TRUE(fleet.apply(parse_event("flap qs-node2 QlikSenseProxyService 2 30s").value()));
    co_await until_changes(4);
    EXPECT_EQ(changes[3], "start qs-node2 QlikSenseProxyService");
    const auto running = [&](const char* host, const char* service) {
      return fleet.find(host)->find(ServiceName(service))->status.current_state == svcctl::kRunning;
    };
    EXPECT_TRUE(running("qs-node2", "QlikSenseProxyService"));
    EXPECT_TRUE(running("qs-node2", "QlikLoggingService"));
    EXPECT_FALSE(running("qs-node1", "QlikLoggingService"));
  });
}

TEST_F(FleetTest, CountsLogonsOfEachHostAndOfAll) {
  std::vector<std::string> logins;
  with_fleet({.hosts = 2,
              .services = 10,
              .on_logon =
                  [&](const FleetLogon& ended) {
                    logins.push_back(ended.host + (ended.logon.status == 0 ? " in" : " out"));
                  }},
             [&](Fleet& fleet) -> awaitable<void> {
               const auto hosts = fleet.endpoints();
               EXPECT_TRUE(co_await ask(hosts[0], "QlikSenseEngineService"));
               EXPECT_TRUE(fleet.apply(parse_event("refuse-logons qs-node2 0xC0000072").value()));
               const auto refused = co_await ask(hosts[1], "QlikSenseEngineService");
               EXPECT_EQ(refused.error().native, 0xC0000072);
               EXPECT_TRUE(co_await ask(hosts[0], "QlikSenseEngineService"));
               EXPECT_EQ(fleet.logons("QS-NODE1").accepted, 2U);
               EXPECT_EQ(fleet.logons("qs-node1").refused, 0U);
               EXPECT_EQ(fleet.logons("qs-node2").refused, 1U);
               EXPECT_EQ(fleet.logons().accepted, 2U);
               EXPECT_EQ(fleet.logons().refused, 1U);
               EXPECT_TRUE(fleet.apply(parse_event("accept-logons *").value()));
               EXPECT_TRUE(co_await ask(hosts[1], "QlikSenseEngineService"));
             });
  EXPECT_EQ(logins, (std::vector<std::string>{"qs-node1 in", "qs-node2 out", "qs-node1 in",
                                              "qs-node2 in"}));
}

TEST_F(FleetTest, ChangesThePasswordAndThrowsClientsOut) {
  with_fleet({.services = 10}, [&](Fleet& fleet) -> awaitable<void> {
    const auto host = fleet.endpoints()[0];
    auto client = co_await connector.connect(host.address, host.port, net::within(10s));
    EXPECT_TRUE(co_await ask(host, "QlikSenseEngineService"));
    EXPECT_TRUE(fleet.apply(parse_event("password * changed").value()));
    EXPECT_TRUE(fleet.apply(parse_event("disconnect *").value()));
    Bytes byte(1);
    const auto left = co_await client->read_some(byte, net::within(10s));
    EXPECT_TRUE(!left || *left == 0) << "who was connected is thrown out";
    EXPECT_EQ((co_await ask(host, "QlikSenseEngineService")).error().native, 0xC000006D)
        << "and may come back, but not with the old password";
    EXPECT_TRUE(fleet.apply(parse_event("password * tocsin").value()));
    EXPECT_TRUE(co_await ask(host, "QlikSenseEngineService"));
  });
}

TEST_F(FleetTest, PlaysItsScript) {
  auto script = parse_script("0ms stop qs-node Spooler\n60m stop qs-node Nothing\n").value();
  with_fleet({.script = script}, [&](Fleet& fleet) -> awaitable<void> {
    co_await until_changes(2);
    EXPECT_EQ(fleet.find("QS-NODE")->find(ServiceName("Spooler"))->status.current_state,
              svcctl::kStopped);
    EXPECT_EQ(changes[0], "stop qs-node Spooler");
    EXPECT_TRUE(changes[1].starts_with("stop qs-node Nothing: ")) << changes[1];
  });
}

TEST_F(FleetTest, ChangesAtRandomButTheSameForASeed) {
  const auto run = [&] {
    changes.clear();
    with_fleet({.hosts = 3, .random_changes = 0.1, .seed = 7},
               [&](Fleet&) -> awaitable<void> { co_await until_changes(5); });
    changes.resize(5);
    return changes;
  };
  EXPECT_EQ(run(), run());
}

TEST_F(FleetTest, SaysWhenItCannotListen) {
  Fleet fleet({.address = "203.0.113.1"}, clock, kit::counting_random());
  net::TaskScope scope(loop.executor());
  EXPECT_EQ(fleet.start(scope, loop.executor()).error().kind, ErrorKind::unreachable);
  Fleet names({.address = "localhost", .spread = Spread::addresses}, clock, kit::counting_random());
  EXPECT_FALSE(names.start(scope, loop.executor()));
}

TEST_F(FleetTest, PushesChangesAtTheirTime) {
  with_fleet({.pending = 2s}, [&](Fleet& fleet) -> awaitable<void> {
    const auto host = fleet.endpoints()[0];
    auto stream = co_await connector.connect(host.address, host.port, net::within(10s));
    smb2::Client smb({.server_name = host.host}, kit::counting_random());
    Port port;
    const auto run = [&]<typename T>(Conversation<Result<T>> conversation) {
      return drive(*stream, port, std::move(conversation));
    };
    (void)co_await run(
        smb.login(port, ntlm::make_initiator({.user = "monitor", .password = Secret("tocsin")},
                                             kit::counting_random(), clock.now(), "cifs/node")));
    const auto pipe = co_await run(smb.open_pipe(port, "svcctl"));
    dcerpc::Client rpc(smb, pipe.value());
    (void)co_await run(rpc.bind(port, svcctl::kInterface));
    svcctl::Client client(rpc);
    (void)co_await run(client.open_manager(port));
    const auto service = co_await run(client.open_service(port, "Spooler"));
    const auto call = [&](const auto& request) {
      return run(
          rpc.call(port, std::remove_cvref_t<decltype(request)>::kOpnum, svcctl::encode(request)));
    };
    const auto added = co_await call(svcctl::NotifyServiceStatusChangeRequest{
        .handle = service.value(), .notify_mask = svcctl::notify_bit(svcctl::kStopped)});
    const auto notify =
        svcctl::parse<svcctl::NotifyServiceStatusChangeResponse>(added.value()).value().notify;
    EXPECT_TRUE(
        fleet.apply({.host = "*", .what = ServiceEvent{Action::stop, ServiceName("Spooler")}}));

    const auto begun = clock.now();
    held.reset();  // the time passes while nothing else happens
    const auto stub = co_await call(svcctl::GetNotifyResultsRequest{.notify = notify});
    held = clock.hold();
    const auto told = svcctl::parse<svcctl::GetNotifyResultsResponse>(stub.value()).value();
    EXPECT_EQ(told.notifications.at(0).status.current_state, svcctl::kStopped);
    EXPECT_EQ(clock.now() - begun, 2s);
  });
}

}  // namespace
}  // namespace tocsin::simulate
