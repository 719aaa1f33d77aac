// What is told of services, message by message: in which order a check and what is told meet.
#include "probe/smb/smb_listener.h"

#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "kit/smb2_peers.h"
#include "probe/scm_terms.h"
#include "probe/smb/smb_pipe.h"
#include "simulate/catalogue.h"
#include "simulate/windows_host.h"
#include "wire/ntlm/ntlm.h"
#include "wire/smb2/client.h"
#include "wire/smb2/message.h"
#include "wire/smb2/server.h"

namespace tocsin::probe {
namespace {

using simulate::Action;
using testing::IsEmpty;

/// A pipe that breaks when the test says so.
class FragilePipe final : public smb2::PipeEnd {
 public:
  FragilePipe(std::unique_ptr<smb2::PipeEnd> whole, std::shared_ptr<const bool> broken)
      : whole_(std::move(whole)), broken_(std::move(broken)) {}
  void write(BytesView message) override { whole_->write(message); }
  [[nodiscard]] State state() const override { return *broken_ ? State::closed : whole_->state(); }
  Chunk read(std::size_t most) override { return whole_->read(most); }

 private:
  std::unique_ptr<smb2::PipeEnd> whole_;
  std::shared_ptr<const bool> broken_;
};

/// One service, over one pipe for all or over a pipe of its own.
class SmbListenerTest : public testing::TestWithParam<dcerpc::Calls> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(run(smb_.login(
        port_, ntlm::make_initiator({.user = "monitor", .password = Secret("tocsin")},
                                    kit::counting_random(), clock_.now(), "cifs/node"))));
    if (GetParam() == dcerpc::Calls::any_number) {
      shared_.emplace(smb_, svcctl::HostTraits{}, GetParam());
      ASSERT_TRUE(run(shared_->open(port_)));
      ASSERT_TRUE(run(shared_->open_manager(port_)));
      listener_.emplace(shared_->scm(), port_);
    } else {
      listener_.emplace(smb_, svcctl::HostTraits{}, port_);
    }
    see_and_register();
    ASSERT_TRUE(listener_->hears_all());
    (void)listener_->take_pushed();
  }
  /// Not from now on.
  void refuse_pipes() { refuses_ = true; }
  /// Those that are open now.
  std::size_t pipes() {
    std::erase_if(pipes_, [](const auto& pipe) { return pipe.expired(); });
    return pipes_.size();
  }
  void break_pipes() {
    for (const auto& pipe : pipes_)
      if (const auto broken = pipe.lock()) *broken = true;
  }
  smb2::ServerOptions make_host() {
    auto options = simulate::make_server_options(host_, account_, clock_, kit::counting_random());
    options.open_pipe = [this, open = options.open_pipe](
                            const std::string& name) -> std::unique_ptr<smb2::PipeEnd> {
      tries_++;
      if (refuses_) return nullptr;
      const auto broken = std::make_shared<bool>(false);
      pipes_.push_back(broken);
      return std::make_unique<FragilePipe>(open(name), broken);
    };
    return options;
  }

  /// What is on its way to the host arrives, and the replies set out.
  void send() {
    for (auto& request : port_.take_outgoing())
      if (!closes_no_pipe_ || smb2::Header::decode(request)->command != smb2::Command::close)
        std::ranges::move(server_.handle(request).value(), std::back_inserter(replies_));
    std::ranges::move(server_.late_replies(), std::back_inserter(replies_));
  }
  /// The replies arrive.
  void receive() {
    for (auto& reply : std::exchange(replies_, {})) {
      port_.deliver(std::move(reply));
      if (listener_) listener_->begin_more();
    }
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
    std::vector<ObservedService> seen;
    seen.reserve(watched_.size());
    for (const auto& name : watched_)
      seen.push_back({.name = name, .status = to_status(host_.find(name)->status), .details = {}});
    listener_->listen_to(seen);
  }
  void watch(std::size_t services) {
    const auto all = simulate::make_catalogue(services);
    watched_.clear();
    watched_.reserve(all.size());
    for (const auto& one : all) watched_.push_back(one->name);
  }
  /// The services that are open.
  std::size_t opened() {
    return static_cast<std::size_t>(std::ranges::count_if(
        watched_, [this](const auto& name) { return host_.find(name)->handles > 0; }));
  }
  void see_and_register() {
    see();
    exchange_all();
  }
  std::vector<ServiceState> told() {
    std::vector<ServiceState> states;
    for (const auto& one : listener_->take_pushed().services) states.push_back(one.status.state);
    return states;
  }

  const ServiceName kService{"QlikSenseEngineService"};
  ManualClock clock_;
  simulate::HostModel host_{
      {.name = "node",
       .push = GetParam() == dcerpc::Calls::any_number ? simulate::Push::multiplexed
                                                       : simulate::Push::single},
      simulate::make_catalogue(20),
      clock_};
  simulate::Account account_{.user = "monitor", .password = Secret("tocsin")};
  std::vector<ServiceName> watched_{kService};
  bool refuses_ = false;
  std::size_t tries_ = 0;  ///< to open a pipe
  bool closes_no_pipe_ = false;
  std::vector<std::weak_ptr<bool>> pipes_;  ///< whether each is broken
  smb2::Server server_{std::make_shared<smb2::ServerOptions>(make_host()), kit::counting_random()};
  std::vector<Bytes> replies_;
  Port port_;
  smb2::Client smb_{{.server_name = "node", .encrypt_when_offered = false}, kit::counting_random()};
  std::optional<SmbPipe> shared_;
  std::optional<SmbListener> listener_;
};

INSTANTIATE_TEST_SUITE_P(Ways, SmbListenerTest,
                         testing::Values(dcerpc::Calls::any_number, dcerpc::Calls::one_at_a_time),
                         [](const auto& way) {
                           return way.param == dcerpc::Calls::any_number ? "OnePipe" : "PipeEach";
                         });

TEST_P(SmbListenerTest, TellsNothingThatIsOlderThanWhatACheckHasSeen) {
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

TEST_P(SmbListenerTest, TellsWhatWasFetchedBeforeACheckInOrder) {
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

TEST_P(SmbListenerTest, LeavesNothingOpenOfWhatItListensToNoMore) {
  ASSERT_EQ(host_.find(kService)->handles, 1);
  listener_->listen_to({});
  exchange_all();
  EXPECT_EQ(host_.find(kService)->handles, 0);
  EXPECT_EQ(pipes(), 1) << "for the list";
}

TEST_P(SmbListenerTest, BeginsWithAFewAtATime) {
  watch(15);
  see();
  std::size_t most = 0;
  for (auto before = opened(); before < 15;) {
    send();
    receive();
    send();
    const auto now = opened();
    most = std::max(most, now - before);
    before = now;
  }
  EXPECT_LE(most, 8);
  exchange_all();
  EXPECT_TRUE(listener_->hears_all());
}

/// Where each has its own.
class SmbListenerPipes : public SmbListenerTest {};

INSTANTIATE_TEST_SUITE_P(Ways, SmbListenerPipes, testing::Values(dcerpc::Calls::one_at_a_time),
                         [](const auto& /*way*/) { return "PipeEach"; });

TEST_P(SmbListenerPipes, BeginsAnewWhereTheyBreakAndLosesNoChange) {
  break_pipes();
  happen(Action::crash);
  exchange_all();
  EXPECT_FALSE(listener_->lost());
  EXPECT_FALSE(listener_->hears_all());
  EXPECT_TRUE(listener_->take_pushed().check_again);
  see();
  happen(Action::start);  // nothing is registered for yet
  exchange_all();
  EXPECT_TRUE(listener_->hears_all());
  EXPECT_EQ(told().back(), ServiceState::running);
  happen(Action::crash);
  exchange_all();
  EXPECT_EQ(told().back(), ServiceState::stopped);
  EXPECT_EQ(pipes(), 2) << "of the service and the list";
}

TEST_P(SmbListenerPipes, LeavesAHostToTheChecksWhosePipesBreakAgainAndAgain) {
  int checks = 0;
  for (break_pipes(); checks < 20; checks++) {
    exchange_all();
    if (!listener_->take_pushed().check_again) break;
    see_and_register();
    break_pipes();
  }
  EXPECT_LT(checks, 20);
  EXPECT_FALSE(listener_->lost());
  see_and_register();
  EXPECT_FALSE(listener_->hears_all());
  EXPECT_EQ(pipes(), 0);
}

TEST_P(SmbListenerPipes, LeavesNoMorePipesBehindThanAFewWhereTheHostClosesNone) {
  closes_no_pipe_ = true;
  for (int times = 0; times < 100 && !listener_->lost(); times++) {
    listener_->listen_to({});
    see_and_register();
  }
  ASSERT_TRUE(listener_->lost());
  EXPECT_EQ(listener_->lost()->kind, ErrorKind::malformed);
  EXPECT_LT(pipes(), 40);
}

TEST_P(SmbListenerPipes, LeavesAHostToTheChecksThatRefusesThem) {
  refuse_pipes();
  break_pipes();
  exchange_all();
  see_and_register();
  EXPECT_THAT(listener_->refusal(), testing::HasSubstr("no pipe of this name"));
  EXPECT_FALSE(listener_->lost());
  EXPECT_FALSE(listener_->hears_all());
  (void)listener_->take_pushed();
  see_and_register();
  EXPECT_FALSE(listener_->has_news());
}

TEST_P(SmbListenerPipes, AreNotAskedForForEachServiceWhereTheHostRefusesTheFirst) {
  refuse_pipes();
  listener_.emplace(smb_, svcctl::HostTraits{}, port_);
  watch(15);
  tries_ = 0;
  see_and_register();
  EXPECT_LE(tries_, 3) << "for two services and the list";
  EXPECT_FALSE(listener_->hears_all());
  EXPECT_THAT(listener_->refusal(), testing::HasSubstr("no pipe of this name"));
}

}  // namespace
}  // namespace tocsin::probe
