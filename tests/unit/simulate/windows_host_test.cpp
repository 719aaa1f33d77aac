// Our clients against a pretend host, without a network.
#include "simulate/windows_host.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <gtest/gtest.h>

#include "base/text.h"
#include "base/try.h"
#include "kit/smb2_peers.h"
#include "simulate/catalogue.h"
#include "simulate/mischief.h"
#include "wire/dcerpc/client.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/frame.h"
#include "wire/svcctl/client.h"
#include "wire/svcctl/details.h"

namespace tocsin::simulate {
namespace {

constexpr std::uint32_t kAllAccess = 0xf01ff;

/// A client that has come as far as the first error lets it.
class Visitor {
 public:
  explicit Visitor(HostModel& host, const Clock& clock, Behaviour behaviour = {})
      : wire_(options(host, account, clock, behaviour)), spoiler_(behaviour) {
    wire_.tamper([this](Bytes& reply, std::deque<Bytes>&) { spoil(reply); });
  }

  Result<> log_in(const std::string& password = "tocsin") {
    const ManualClock clock;
    return run(
        smb_.login(port, ntlm::make_initiator({.user = "monitor", .password = Secret(password)},
                                              kit::counting_random(), clock.now(), "cifs/node")));
  }
  Result<> visit() {
    if (auto in = log_in(); !in) return in;
    const auto pipe = run(smb_.open_pipe(port, "svcctl"));
    if (!pipe) return std::unexpected(pipe.error());
    rpc_.emplace(smb_, *pipe);
    if (auto bound = run(rpc_->bind(port, svcctl::kInterface)); !bound) return bound;
    client_.emplace(*rpc_);
    return run(client_->open_manager(port));
  }
  template <typename T>
  Result<T> run(Conversation<Result<T>> conversation) {
    return wire_.run(port, std::move(conversation));
  }
  /// The response to a call that our client does not make.
  template <typename Request>
  typename Request::Response call(const Request& request) {
    const auto stub = run(rpc_->call(port, Request::kOpnum, svcctl::encode(request)));
    return svcctl::parse<typename Request::Response>(stub.value()).value();
  }
  svcctl::Client& client() { return *client_; }
  smb2::Server& server() { return wire_.server(); }
  smb2::Client& smb() { return smb_; }

  Account account{.user = "Monitor",
                  .password = Secret("tocsin"),
                  .on_logon = [this](const ntlm::Logon& logon) { logons.push_back(logon); }};
  std::vector<ntlm::Logon> logons;
  Port port;

 private:
  static smb2::ServerOptions options(HostModel& host, const Account& account, const Clock& clock,
                                     Behaviour behaviour) {
    auto options = make_server_options(host, account, clock, kit::counting_random());
    if (behaviour.mischief == Mischief::unsigned_replies) options.ciphers.clear();
    return options;
  }
  /// Takes off the frame again; what is not sent at all becomes an empty message.
  void spoil(Bytes& reply) {
    auto frame = spoiler_.transmit(std::move(reply)).frame;
    frame.erase(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(
                                                   std::min(frame.size(), smb2::kFrameHeaderSize)));
    reply = std::move(frame);
  }

  kit::Wire wire_;
  Spoiler spoiler_;
  smb2::Client smb_{{.server_name = "node"}, kit::counting_random()};
  std::optional<dcerpc::Client> rpc_;
  std::optional<svcctl::Client> client_;
};

class WindowsHost : public testing::Test {
 protected:
  svcctl::Handle open(const char* name, std::uint32_t access) {
    const auto manager = visitor.call(svcctl::OpenScManagerRequest{.desired_access = access});
    const auto service = visitor.call(svcctl::OpenServiceRequest{
        .manager = manager.handle, .service_name = name, .desired_access = access});
    EXPECT_EQ(service.return_value, svcctl::kSuccess);
    return service.handle;
  }
  template <typename T>
  Result<T> run(Conversation<Result<T>> conversation) {
    return visitor.run(std::move(conversation));
  }

  ManualClock clock;
  HostModel host{{.name = "node"}, make_catalogue(250), clock};
  Visitor visitor{host, clock};
};

TEST_F(WindowsHost, ListsItsServicesWithProcesses) {
  ASSERT_TRUE(visitor.visit());
  const auto list = run(visitor.client().enumerate(visitor.port));
  ASSERT_TRUE(list) << list.error().what;
  ASSERT_EQ(list->services().size(), 250U);
  for (const auto& service : list->services()) {
    const auto* model = host.find(ServiceName(from_utf16(service.service_name)));
    ASSERT_NE(model, nullptr);
    EXPECT_EQ(service.status, model->status);
    EXPECT_EQ(from_utf16(service.display_name), model->definition->config.display_name);
  }
}

TEST_F(WindowsHost, AnswersAllAboutAService) {
  ASSERT_TRUE(visitor.visit());
  auto& client = visitor.client();
  const auto handle = run(client.open_service(visitor.port, "msdtc"));
  ASSERT_TRUE(handle);
  const auto* model = host.find(ServiceName("MSDTC"));
  EXPECT_EQ(run(client.query_status(visitor.port, *handle)), model->status);
  EXPECT_EQ(run(client.query_config(visitor.port, *handle)), model->definition->config);
  EXPECT_EQ(run(client.query_delayed_start(visitor.port, *handle)), true);
  EXPECT_EQ(model->handles, 1U);
  EXPECT_TRUE(run(client.close(visitor.port, *handle)));
  EXPECT_EQ(model->handles, 0U);
  const auto closed = run(client.query_status(visitor.port, *handle));
  EXPECT_EQ(closed.error().native, dcerpc::kContextMismatch);
}

TEST_F(WindowsHost, AnswersAsAnOldOne) {
  HostModel old({.name = "node", .old = true}, make_catalogue(20), clock);
  Visitor guest(old, clock);
  ASSERT_TRUE(guest.visit());
  auto& client = guest.client();
  const auto list = guest.run(client.enumerate(guest.port));
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_EQ(list->services().size(), 20U);
  EXPECT_EQ(list->services()[0].status.process_id, 0U);
  const auto handle = guest.run(client.open_service(guest.port, "QlikSenseEngineService"));
  EXPECT_EQ(guest.run(client.query_status(guest.port, *handle))->process_id, 0U);
  EXPECT_EQ(guest.run(client.query_delayed_start(guest.port, *handle)).error().kind,
            ErrorKind::unsupported);
}

TEST_F(WindowsHost, DistinguishesMissingFromDenied) {
  ASSERT_TRUE(visitor.visit());
  auto& client = visitor.client();
  ASSERT_TRUE(host.apply(Action::deny, ServiceName("Spooler")));
  EXPECT_EQ(run(client.open_service(visitor.port, "nothing")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(run(client.open_service(visitor.port, "Spooler")).error().kind, ErrorKind::denied);
  EXPECT_EQ(run(client.enumerate(visitor.port))->services().size(), 249U)
      << "what may not be queried is not listed";
  host.deny_manager(true);
  EXPECT_EQ(run(client.open_manager(visitor.port)).error().kind, ErrorKind::denied);
}

TEST_F(WindowsHost, IsControlledOverTheWire) {
  ASSERT_TRUE(visitor.visit());
  const auto handle = open("Spooler", kAllAccess);
  const auto stopped =
      visitor.call(svcctl::ControlServiceRequest{.service = handle, .control = svcctl::kStop});
  EXPECT_EQ(stopped.return_value, svcctl::kSuccess);
  EXPECT_EQ(stopped.status.current_state, svcctl::kStopped);
  EXPECT_EQ(visitor.call(svcctl::StartServiceRequest{.service = handle}).return_value,
            svcctl::kSuccess);
  EXPECT_EQ(visitor.call(svcctl::StartServiceRequest{.service = handle}).return_value,
            svcctl::kServiceAlreadyRunning);
}

TEST_F(WindowsHost, OurClientStartsAndStops) {
  ASSERT_TRUE(visitor.visit());
  auto& client = visitor.client();
  const auto handle = run(client.open_service(
      visitor.port, "LanmanServer",
      svcctl::kServiceStart | svcctl::kServiceStop | svcctl::kServicePauseContinue));
  ASSERT_TRUE(handle) << handle.error().what;
  auto& status = host.find(ServiceName("LanmanServer"))->status;
  const auto control = [&](svcctl::Control how) {
    return run(client.control_service(visitor.port, *handle, how));
  };
  EXPECT_TRUE(control(svcctl::kPause));
  EXPECT_EQ(status.current_state, svcctl::kPaused);
  EXPECT_TRUE(control(svcctl::kContinue));
  EXPECT_EQ(status.current_state, svcctl::kRunning);
  const auto again = run(client.start_service(visitor.port, *handle));
  EXPECT_EQ(again.error().native, svcctl::kServiceAlreadyRunning);
  EXPECT_TRUE(control(svcctl::kStop));
  EXPECT_EQ(control(svcctl::kStop).error().native, svcctl::kServiceNotActive);
  EXPECT_TRUE(run(client.start_service(visitor.port, *handle)));
  EXPECT_EQ(status.current_state, svcctl::kRunning);
}

TEST_F(WindowsHost, NamesWhatMustBeStoppedFirst) {
  ASSERT_TRUE(visitor.visit());
  auto& client = visitor.client();
  const auto dependents = [&](const char* name) {
    const auto handle =
        run(client.open_service(visitor.port, name, svcctl::kServiceEnumerateDependents));
    return run(client.dependents(visitor.port, *handle)).value();
  };
  const std::string dispatcher = "QlikSenseServiceDispatcher";
  const auto qlik = dependents(dispatcher.c_str());
  EXPECT_FALSE(qlik.empty());
  for (const auto& name : qlik) EXPECT_TRUE(name.starts_with("QlikSense")) << name;
  EXPECT_EQ(dependents("Spooler"), std::vector<std::string>{});

  const auto all = dependents("RpcSs");
  EXPECT_GT(all.size(), 40U) << "more than the first question has room for";
  for (auto i = all.begin(); i != all.end(); i++)
    for (const auto& needed : host.find(ServiceName(*i))->definition->config.dependency_names())
      EXPECT_EQ(std::find(all.begin(), i, needed), i) << *i << " is stopped before " << needed;

  const auto handle = run(client.open_service(visitor.port, dispatcher, svcctl::kServiceStop));
  const auto stopped = run(client.control_service(visitor.port, *handle, svcctl::kStop));
  EXPECT_EQ(stopped.error().native, svcctl::kDependentServicesRunning);
}

TEST_F(WindowsHost, StartsWhatAServiceNeedsAndSaysWhyItDoesNot) {
  ASSERT_TRUE(visitor.visit());
  auto& client = visitor.client();
  const ServiceName engine("QlikSenseEngineService");
  const ServiceName dispatcher("QlikSenseServiceDispatcher");
  for (const auto& name : {engine, dispatcher}) ASSERT_TRUE(host.apply(Action::stop, name));
  ASSERT_TRUE(host.apply(Action::unplug, dispatcher));
  const auto handle = run(client.open_service(visitor.port, engine.text(), svcctl::kServiceStart));
  const auto start = [&] { return run(client.start_service(visitor.port, *handle)); };
  EXPECT_EQ(start().error().native, svcctl::kServiceDependencyFailed);
  EXPECT_EQ(host.find(dispatcher)->status.win32_exit_code, svcctl::kServiceLogonFailed);
  ASSERT_TRUE(host.apply(Action::repair, dispatcher));
  EXPECT_TRUE(start());
  EXPECT_EQ(host.find(dispatcher)->status.current_state, svcctl::kRunning);
  EXPECT_EQ(host.find(engine)->status.current_state, svcctl::kRunning);
  ASSERT_TRUE(host.apply(Action::stop, engine));
  ASSERT_TRUE(host.apply(Action::jam, engine));
  EXPECT_TRUE(start());
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(host.find(engine)->status.current_state, svcctl::kStartPending);
}

TEST_F(WindowsHost, LetsOnlyThoseControlWhoMay) {
  const auto rights = [](Visitor& by, const char* service, std::uint32_t right) {
    return by.run(by.client().open_service(by.port, service, right)).has_value();
  };
  ASSERT_TRUE(visitor.visit());
  ASSERT_TRUE(host.apply(Action::protect, ServiceName("Spooler")));
  EXPECT_FALSE(rights(visitor, "Spooler", svcctl::kServiceStop));
  EXPECT_TRUE(rights(visitor, "Spooler", svcctl::kServiceQueryStatus));
  EXPECT_TRUE(rights(visitor, "MSDTC", svcctl::kServiceStop));

  HostModel watched({.name = "node", .controllable = false}, make_catalogue(20), clock);
  Visitor guest(watched, clock);
  ASSERT_TRUE(guest.visit());
  EXPECT_FALSE(rights(guest, "QlikSenseEngineService", svcctl::kServiceStart));
  EXPECT_TRUE(rights(guest, "QlikSenseEngineService", svcctl::kServiceQueryStatus));
}

TEST_F(WindowsHost, AllowsNoMoreThanWasAskedFor) {
  ASSERT_TRUE(visitor.visit());
  const auto handle = open("Spooler", svcctl::kServiceQueryConfig);
  EXPECT_EQ(visitor.call(svcctl::StartServiceRequest{.service = handle}).return_value,
            svcctl::kAccessDenied);
  EXPECT_EQ(visitor.call(svcctl::QueryServiceStatusRequest{.service = handle}).return_value,
            svcctl::kAccessDenied);
  EXPECT_EQ(visitor.call(svcctl::QueryServiceConfigRequest{.service = handle}).return_value,
            svcctl::kInsufficientBuffer);
}

TEST_F(WindowsHost, ListsByState) {
  ASSERT_TRUE(visitor.visit());
  const auto manager = visitor.call(
      svcctl::OpenScManagerRequest{.desired_access = svcctl::kManagerEnumerateService});
  const auto count = [&](std::uint32_t states) {
    return visitor
        .call(svcctl::EnumServicesStatusRequest{.manager = manager.handle,
                                                .service_state = states,
                                                .buffer_size = svcctl::kMostEnumeration})
        .services_returned;
  };
  EXPECT_GT(count(svcctl::kActive), 0U);
  EXPECT_GT(count(svcctl::kInactive), 0U);
  EXPECT_EQ(count(svcctl::kActive) + count(svcctl::kInactive), 250U);
}

TEST_F(WindowsHost, ForgetsTheHandlesOfAClientThatLeft) {
  {
    Visitor guest(host, clock);
    ASSERT_TRUE(guest.visit());
    ASSERT_TRUE(guest.run(guest.client().open_service(guest.port, "Spooler")));
    EXPECT_EQ(host.find(ServiceName("Spooler"))->handles, 1U);
  }
  EXPECT_EQ(host.find(ServiceName("Spooler"))->handles, 0U);
}

TEST_F(WindowsHost, KnowsWhoMayLogIn) {
  EXPECT_EQ(visitor.log_in("wrong").error().kind, ErrorKind::login_refused);
}

TEST_F(WindowsHost, ReportsEveryLogon) {
  ASSERT_FALSE(visitor.log_in("wrong"));
  ASSERT_EQ(visitor.logons.size(), 1U);
  EXPECT_EQ(visitor.logons[0].user, "monitor");
  EXPECT_EQ(visitor.logons[0].status, 0xC000006D);
  Visitor other(host, clock);
  ASSERT_TRUE(other.log_in());
  ASSERT_EQ(other.logons.size(), 1U);
  EXPECT_EQ(other.logons[0].status, 0U);
}

TEST_F(WindowsHost, RefusesTheRightPasswordOfALockedAccount) {
  visitor.account.refusal = 0xC0000234;
  EXPECT_EQ(visitor.log_in().error().native, 0xC0000234);
  ASSERT_EQ(visitor.logons.size(), 1U);
  EXPECT_EQ(visitor.logons[0].status, 0xC0000234);
}

class Spoiled : public WindowsHost, public testing::WithParamInterface<const char*> {};

TEST_P(Spoiled, IsNoticedAndNamed) {
  const auto behaviour = parse_behaviour(GetParam());
  ASSERT_TRUE(behaviour);
  Visitor victim(host, clock, *behaviour);
  const auto visited = victim.visit();
  ASSERT_FALSE(visited);
  EXPECT_EQ(visited.error().kind, ErrorKind::malformed) << visited.error().what;
}

INSTANTIATE_TEST_SUITE_P(Mischief, Spoiled,
                         testing::Values("unsigned:3", "flipped:0", "flipped:2", "flipped:4",
                                         "truncated:0", "truncated:4", "garbage:0", "garbage:4",
                                         "replayed:4", "plain:4", "silent:4"));

TEST_F(WindowsHost, ASpoilerSparesTheRepliesBeforeItsNumber) {
  Visitor victim(host, clock, {.mischief = Mischief::flipped, .number = 100});
  EXPECT_TRUE(victim.visit());
}

TEST(Spoiler, FramesDelaysAndDribbles) {
  Spoiler honest({});
  EXPECT_EQ(honest.transmit({1, 2}).frame, (Bytes{0, 0, 0, 2, 1, 2}));
  Spoiler slow({.mischief = Mischief::slow, .number = 300});
  EXPECT_EQ(slow.transmit({1}).pause, Duration(300));
  Spoiler dribbling({.mischief = Mischief::dribbling});
  EXPECT_TRUE(dribbling.transmit({1}).byte_by_byte);
  Spoiler silent({.mischief = Mischief::silent});
  EXPECT_TRUE(silent.transmit({1}).frame.empty());
  Spoiler oversized({.mischief = Mischief::oversized});
  const auto frame = oversized.transmit({1}).frame;
  EXPECT_FALSE(smb2::parse_frame_header(BytesView(frame).first(4)));
  Spoiler expiring({.mischief = Mischief::expiring, .number = 2});
  EXPECT_FALSE(expiring.expires());
  EXPECT_TRUE(expiring.expires());
  EXPECT_FALSE(expiring.expires());
}

TEST(Mischief, HasAWordForEach) {
  for (const auto mischief : all_values<Mischief>())
    EXPECT_EQ(parse_behaviour(to_string(mischief))->mischief, mischief);
}

/// As the probe does.
Conversation<Result<svcctl::Client>> open_another(Visitor& visitor) {
  CO_TRY(const auto pipe, co_await visitor.smb().open_pipe(visitor.port, "svcctl"));
  dcerpc::Client rpc(visitor.smb(), pipe);
  CO_TRY(co_await rpc.bind_multiplexed(visitor.port, svcctl::kInterface));
  svcctl::Client scm(rpc);
  CO_TRY(co_await scm.open_manager(visitor.port));
  co_return scm;
}

/// All that a first check asks once the manager is open, the pipe for details included, which is
/// opened while the list comes.
TEST(WindowsHostDetails, ListAndDetailsOf250ServicesTakeTenRoundTrips) {
  const ManualClock clock;
  const auto catalogue = make_catalogue(250);
  HostModel host({.name = "node"}, catalogue, clock);
  Visitor visitor(host, clock);
  ASSERT_TRUE(visitor.visit());
  int round_trips = 0;
  const auto finish = [&](const auto& conversation) {
    while (!conversation.done()) {
      std::vector<Bytes> replies;
      for (const auto& request : visitor.port.take_outgoing())
        std::ranges::move(visitor.server().handle(request).value(), std::back_inserter(replies));
      ASSERT_FALSE(replies.empty());
      round_trips++;
      for (auto& reply : replies) visitor.port.deliver(std::move(reply));
    }
  };
  visitor.smb().expect_requests(512);
  auto opening = open_another(visitor);
  auto listing = visitor.client().enumerate(visitor.port);
  opening.start();
  listing.start();
  finish(listing);
  const auto list = listing.take();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->services().size(), 250);
  finish(opening);
  auto scm = opening.take();
  ASSERT_TRUE(scm);
  std::vector<std::string> names;
  for (const auto& service : list->services()) names.push_back(from_utf16(service.service_name));
  svcctl::DetailsBatch batch(*scm, names);
  auto reading = batch.read(visitor.port);
  reading.start();
  finish(reading);
  ASSERT_TRUE(reading.take());
  EXPECT_LE(round_trips, 10);
  for (const auto& service : batch.services()) {
    EXPECT_FALSE(service.error) << service.name << ": " << service.error->what;
    EXPECT_TRUE(service.configuration) << service.name;
    EXPECT_FALSE(service.asking) << service.name;
  }
}

}  // namespace
}  // namespace tocsin::simulate
