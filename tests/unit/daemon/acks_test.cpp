#include "daemon/acks.h"

#include <chrono>
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "daemon/requests.h"
#include "daemon/withheld.h"
#include "unit/daemon/deps.h"

namespace tocsin::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Time kAckedAt{Duration{1'700'000'000'000}};

Ack acknowledge(std::int64_t id, const char* service, Time at = kAckedAt) {
  return {.id = id,
          .host = HostName("db1"),
          .service = ServiceName(service),
          .at = at,
          .reason = "new disk",
          .author = "alice"};
}

class AcksTest : public testing::Test {
 protected:
  [[nodiscard]] std::string reason(const char* host, const char* service, Time since) const {
    const auto suppression = acks_.find(HostName(host), ServiceName(service), since);
    return suppression ? suppression->reason : "";
  }

  Log log_{{.level = config::LogLevel::error}};
  Acks acks_{log_};
};

TEST_F(AcksTest, AnAckCoversTheAlertThatFiredThenAndNoLaterOne) {
  acks_.set_acks({acknowledge(1, "Spooler")});
  EXPECT_EQ(reason("DB1", "spooler", kAckedAt - 1h), "acknowledged by alice: new disk");
  EXPECT_EQ(reason("db1", "Spooler", kAckedAt), "acknowledged by alice: new disk");
  EXPECT_EQ(reason("db1", "Spooler", kAckedAt + Duration(1)), "");
  EXPECT_EQ(reason("db1", "", kAckedAt), "") << "its host is another matter";
  EXPECT_EQ(reason("db2", "Spooler", kAckedAt), "");
  acks_.set_acks({});
  EXPECT_EQ(reason("db1", "Spooler", kAckedAt), "");
}

TEST_F(AcksTest, AnAckEndsWithItsAlert) {
  acks_.set_acks({acknowledge(1, "A"), acknowledge(2, "B"), acknowledge(3, "C")});
  const auto firing_since = [](const HostName&, const ServiceName& service) -> std::optional<Time> {
    if (service.text() == "A") return kAckedAt - 1min;
    if (service.text() == "B") return kAckedAt + 1min;  // another alert by now
    return std::nullopt;
  };
  EXPECT_THAT(acks_.end_with_alerts(firing_since), ElementsAre(2, 3));
  EXPECT_EQ(reason("db1", "B", kAckedAt), "");
  EXPECT_NE(reason("db1", "A", kAckedAt), "");
  acks_.set_acks({acknowledge(1, "A"), acknowledge(2, "B"), acknowledge(3, "C")});
  EXPECT_EQ(reason("db1", "C", kAckedAt), "") << "the store has not been told yet";
  EXPECT_THAT(acks_.end_with_alerts(firing_since), ElementsAre(2, 3)) << "so it is tried again";
  acks_.set_acks({acknowledge(1, "A")});
  EXPECT_THAT(acks_.end_with_alerts(firing_since), IsEmpty());
}

TEST_F(DaemonTest, AcksAreReadAndEndedInTheStore) {
  Deps deps(folder_);
  auto stored = store::Requests::open(folder_).value();
  net::Worker worker("requests", 1);
  Silences silences({}, deps.log_);
  Acks acks(deps.log_);
  std::optional<Time> fires = deps.clock_.now();
  auto read = store::Requests::open(folder_).value();
  Requests requests(deps.loop_.executor(),
                    {.stored = read,
                     .worker = worker,
                     .silences = silences,
                     .acks = acks,
                     .firing_since = [&](const HostName&, const ServiceName&) { return fires; },
                     .clock = deps.clock_,
                     .log = deps.log_,
                     .reload = {}});
  ASSERT_TRUE(stored.add_ack(acknowledge(0, "A", deps.clock_.now())));
  ASSERT_TRUE(requests.read_suppressions());
  EXPECT_TRUE(acks.find(HostName("db1"), ServiceName("A"), *fires)) << "before anything runs";
  net::TaskScope tasks(deps.loop_.executor());
  tasks.spawn(requests.run());
  deps.pass(3s);
  EXPECT_THAT(stored.load_acks().value(), testing::SizeIs(1));
  fires.reset();
  deps.pass(3s);
  EXPECT_THAT(stored.load_acks().value(), IsEmpty());
  EXPECT_FALSE(acks.find(HostName("db1"), ServiceName("A"), kAckedAt));
  tasks.cancel();
  deps.loop_.run_until_done(tasks.join());
}

class WithheldTest : public AcksTest {
 protected:
  void check(ServiceState state) { note(std::vector{service("A", state, 1)}); }
  void no_answer() { note(fail(ErrorKind::timed_out, "no answer")); }
  /// Why an escalation about the service, or the host, is not sent.
  [[nodiscard]] std::string why(const char* service = "A") const {
    const auto suppression =
        withheld({silences_, acks_,
                  [this](const HostName& name) { return name == host_.name() ? &host_ : nullptr; }},
                 {.at = kAckedAt, .host = HostName("db1"), .service = ServiceName(service)}, now_);
    return suppression ? suppression->reason : "";
  }

  Time now_ = kAckedAt;
  Silences silences_{{}, log_};
  MonitoredHost host_{
      HostName("db1"), {.services = Watchlist({{.pattern = "A"}}), .policy = {}}, {}};

 private:
  void note(Seen seen) {
    now_ += 1min;
    (void)host_.apply({host_.name(), now_, std::move(seen)});
  }
};

TEST_F(WithheldTest, AnEscalationIsSentWhereNothingWithholdsIt) {
  check(ServiceState::running);
  check(ServiceState::stopped);
  EXPECT_EQ(why(), "");
}

TEST_F(WithheldTest, ASilenceWithholdsEscalationsUntilItEnds) {
  silences_.set_silences({{.id = 1,
                           .scope = SilenceScope::parse("db1"),
                           .begin = now_,
                           .end = now_ + 1h,
                           .reason = {},
                           .author = "alice"}});
  EXPECT_THAT(why(), HasSubstr("silenced by alice"));
  EXPECT_THAT(why(""), HasSubstr("silenced by alice"));
  now_ += 1h;
  EXPECT_EQ(why(), "");
}

TEST_F(WithheldTest, AHostThatIsNotReachedWithholdsThoseOfItsServices) {
  check(ServiceState::running);
  check(ServiceState::stopped);
  no_answer();
  EXPECT_EQ(why(), "its host is not reached");
  EXPECT_EQ(why(""), "") << "its own is what must be heard";
  check(ServiceState::stopped);
  EXPECT_EQ(why(), "");
}

TEST_F(WithheldTest, AnAckWithholdsUntilTheAlertEnds) {
  check(ServiceState::running);
  check(ServiceState::stopped);
  acks_.set_acks({acknowledge(1, "A", now_)});
  EXPECT_EQ(why(), "acknowledged by alice: new disk");
  check(ServiceState::paused);
  EXPECT_EQ(why(), "acknowledged by alice: new disk") << "it has not ended";
  check(ServiceState::running);
  check(ServiceState::stopped);
  EXPECT_EQ(why(), "") << "that is another alert";
}

TEST_F(WithheldTest, AnAckOfTheHostItselfWithholdsItsOwn) {
  check(ServiceState::running);
  for (int i = 0; i < 3; i++) no_answer();
  EXPECT_EQ(why(""), "");
  acks_.set_acks({acknowledge(1, "", now_)});
  EXPECT_EQ(why(""), "acknowledged by alice: new disk");
}

TEST_F(WithheldTest, WhatIsNotMonitoredGoesByTheTimeOfTheAlert) {
  acks_.set_acks({{.id = 1, .host = HostName("credential:x"), .at = kAckedAt}});
  const auto withheld_at = [&](Time at) {
    return withheld({silences_, acks_, [](const HostName&) { return nullptr; }},
                    {.at = at, .host = HostName("credential:x")}, kAckedAt)
        .has_value();
  };
  EXPECT_TRUE(withheld_at(kAckedAt));
  EXPECT_FALSE(withheld_at(kAckedAt + 1s));
}

}  // namespace
}  // namespace tocsin::daemon
