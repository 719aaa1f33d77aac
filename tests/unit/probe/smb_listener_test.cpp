// What is told of services, message by message: in which order a check and what is told meet.
#include "probe/smb/smb_listener.h"

#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "kit/smb2_peers.h"
#include "probe/scm_terms.h"
#include "simulate/catalogue.h"
#include "simulate/windows_host.h"
#include "wire/dcerpc/client.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/client.h"
#include "wire/smb2/server.h"

namespace tocsin::probe {
namespace {

using simulate::Action;
using testing::IsEmpty;

class SmbListenerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(run(smb_.login(
        port_, ntlm::make_initiator({.user = "monitor", .password = Secret("tocsin")},
                                    kit::counting_random(), clock_.now(), "cifs/node"))));
    rpc_.emplace(smb_, run(smb_.open_pipe(port_, "svcctl")).value());
    ASSERT_TRUE(run(rpc_->bind_multiplexed(port_, svcctl::kInterface)));
    scm_.emplace(*rpc_);
    ASSERT_TRUE(run(scm_->open_manager(port_)));
    listener_.emplace(*scm_, port_);
    see();
    exchange_all();
    ASSERT_TRUE(listener_->hears_all());
    (void)listener_->take_pushed();
  }

  /// What is on its way to the host arrives, and the replies set out.
  void send() {
    for (const auto& request : port_.take_outgoing())
      std::ranges::move(server_.handle(request).value(), std::back_inserter(replies_));
    std::ranges::move(server_.late_replies(), std::back_inserter(replies_));
  }
  /// The replies arrive.
  void receive() {
    for (auto& reply : std::exchange(replies_, {})) port_.deliver(std::move(reply));
  }
  void exchange_all() {
    for (send(); !replies_.empty(); send()) receive();
  }
  template <typename T>
  Result<T> run(Conversation<Result<T>> conversation) {
    auto result = kit::run_in_rounds(std::move(conversation), [this] {
      send();
      receive();
      return true;
    });
    EXPECT_TRUE(result);
    return result;
  }
  void happen(Action action) { ASSERT_TRUE(host_.apply(action, kService)); }
  /// A check, whose questions are answered between two messages.
  void see() {
    listener_->note_check();
    const std::vector<ObservedService> seen{
        {.name = kService, .status = to_status(host_.find(kService)->status), .details = {}}};
    listener_->listen_to(seen);
  }
  std::vector<ServiceState> told() {
    std::vector<ServiceState> states;
    for (const auto& one : listener_->take_pushed().services) states.push_back(one.status.state);
    return states;
  }

  const ServiceName kService{"QlikSenseEngineService"};
  ManualClock clock_;
  simulate::HostModel host_{{.name = "node"}, simulate::make_catalogue(20), clock_};
  simulate::Account account_{.user = "monitor", .password = Secret("tocsin")};
  smb2::Server server_{std::make_shared<smb2::ServerOptions>(simulate::make_server_options(
                           host_, account_, clock_, kit::counting_random())),
                       kit::counting_random()};
  std::vector<Bytes> replies_;
  Port port_;
  smb2::Client smb_{{.server_name = "node"}, kit::counting_random()};
  std::optional<dcerpc::Client> rpc_;
  std::optional<svcctl::Client> scm_;
  std::optional<SmbListener> listener_;
};

TEST_F(SmbListenerTest, TellsNothingThatIsOlderThanWhatACheckHasSeen) {
  happen(Action::crash);
  send();
  receive();
  EXPECT_THAT(told(), testing::ElementsAre(ServiceState::stopped));
  send();  // it is registered for the next change, and does not know it yet
  happen(Action::start);
  happen(Action::crash);
  see();
  exchange_all();
  EXPECT_THAT(told(), IsEmpty()) << "it ran before the check, which has seen it stopped";
  happen(Action::start);
  exchange_all();
  EXPECT_EQ(told().back(), ServiceState::running) << "and what follows is told";
}

TEST_F(SmbListenerTest, TellsWhatWasFetchedBeforeACheckInOrder) {
  happen(Action::crash);
  send();
  receive();
  send();
  happen(Action::start);
  exchange_all();
  see();
  const auto states = told();
  EXPECT_EQ(states.front(), ServiceState::stopped);
  EXPECT_EQ(states.back(), ServiceState::running);
}

}  // namespace
}  // namespace tocsin::probe
