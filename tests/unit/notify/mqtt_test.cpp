#include "notify/mqtt/mqtt.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/loop.h"
#include "notify/mqtt/topics.h"

namespace tocsin::notify {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

ServiceDetails spooler() {
  return {.display_name = "Print Spooler",
          .start_mode = StartMode::automatic,
          .executable_path = R"(C:\Windows\System32\spoolsv.exe)",
          .dependencies = {"RPCSS", "http"}};
}

Alert change(TransitionKind kind, ServiceState from, ServiceState to) {
  Alert alert;
  alert.kind = kind;
  alert.host = HostName("qs-node1");
  alert.service = ServiceName("Spooler");
  alert.friendly_name = "The spooler";
  alert.details = spooler();
  alert.from = from;
  alert.to = to;
  return alert;
}

Alert spooler_stopped() {
  return change(TransitionKind::stopped, ServiceState::running, ServiceState::stopped);
}

config::Mqtt mqtt_settings() {
  return {.enabled = true,
          .broker_host = "broker",
          .client_id = "tocsin-1",
          .running_topic = "qliksense/service_running",
          .stopped_topic = "qliksense/service_stopped",
          .paused_topic = "qliksense/service_stopped",
          .service_status_topic = "qliksense/service_status"};
}

TEST(MqttMessages, AreWhatButlerSendsToTheByteAndTheKind) {
  EXPECT_EQ(mqtt_change(spooler_stopped()),
            R"({"serviceHost":"qs-node1","serviceName":"Spooler","serviceFriendlyName":)"
            R"("The spooler","serviceDisplayName":"Print Spooler","serviceDependencies":)"
            R"(["RPCSS","http"],"serviceStartType":"Automatic","serviceExePath":)"
            R"("C:\\Windows\\System32\\spoolsv.exe","serviceStatus":"STOPPED",)"
            R"("servicePrevStatus":"RUNNING","serviceStatusChanged":true,"kind":"stopped"})");
  const auto started =
      change(TransitionKind::started, ServiceState::stopped, ServiceState::running);
  EXPECT_EQ(mqtt_change(started),
            R"({"serviceHost":"qs-node1","serviceName":"Spooler","serviceDisplayName":)"
            R"("Print Spooler","serviceFriendlyName":"The spooler","serviceDependencies":)"
            R"(["RPCSS","http"],"serviceStartType":"Automatic","serviceExePath":)"
            R"("C:\\Windows\\System32\\spoolsv.exe","serviceStatus":"RUNNING",)"
            R"("servicePrevStatus":"STOPPED","serviceStatusChanged":true,"kind":"started"})");
  const ServiceReport report{.name = ServiceName("Spooler"),
                             .friendly_name = "The spooler",
                             .state = ServiceState::running,
                             .details = std::make_shared<ServiceDetails>(spooler())};
  EXPECT_EQ(mqtt_status(HostName("qs-node1"), report),
            R"({"serviceHost":"qs-node1","serviceName":"Spooler","serviceDisplayName":)"
            R"("Print Spooler","serviceFriendlyName":"The spooler","serviceDependencies":)"
            R"(["RPCSS","http"],"serviceStartType":"Automatic","serviceExePath":)"
            R"("C:\\Windows\\System32\\spoolsv.exe","serviceStatus":"RUNNING"})");
}

TEST(MqttMessages, ServicesThatWereNeverSeen) {
  const ServiceReport report{
      .name = ServiceName("\xC3\x9C \"b\xFF"), .friendly_name = "", .state = ServiceState::unknown};
  EXPECT_EQ(mqtt_status(HostName("h"), report),
            "{\"serviceHost\":\"h\",\"serviceName\":\"\xC3\x9C \\\"b\uFFFD\","
            "\"serviceDisplayName\":\"\xC3\x9C \\\"b\uFFFD\",\"serviceFriendlyName\":"
            "\"\xC3\x9C \\\"b\uFFFD\",\"serviceDependencies\":[],\"serviceStartType\":\"Unknown\","
            "\"serviceExePath\":\"\",\"serviceStatus\":\"UNKNOWN\"}");
}

TEST(MqttMessages, KindsThatButlerDoesNotHaveSayMore) {
  auto alert = change(TransitionKind::vanished, ServiceState::running, ServiceState::missing);
  alert.reason = "there is no such service";
  EXPECT_THAT(mqtt_change(alert),
              EndsWith(R"("serviceStatus":"MISSING","servicePrevStatus":)"
                       R"("RUNNING","serviceStatusChanged":true,"kind":"vanished","reason":)"
                       R"("there is no such service"})"));
  EXPECT_THAT(mqtt_change(spooler_stopped()), Not(HasSubstr("reason")));
}

TEST(MqttTopics, NormalNamesStayAsTheyAre) {
  for (const std::string name :
       {"Spooler", "MSSQL$INSTANCE", "Qlik Sense (Engine) & Co.", "\xC3\x9C\xF0\x9F\x94\x94 監視"})
    EXPECT_EQ(topic_level(name), name);
}

TEST(MqttTopics, WhatWouldChangeTheMeaningIsEscaped) {
  EXPECT_EQ(topic_level("a/b+c#d%e"), "a%2Fb%2Bc%23d%25e");
  EXPECT_EQ(topic_level(std::string("\0\n\x7F", 3)), "%00%0A%7F");
  EXPECT_EQ(topic_level("\xC2\x85"), "%C2%85");  // a control character, NEL
  EXPECT_EQ(topic_level("\xEF\xBF\xBF\xEF\xB7\x90"), "%EF%BF%BF%EF%B7%90");  // noncharacters
  EXPECT_EQ(topic_level("\xFF\xC3"), "%FF%C3");                              // no UTF-8
  EXPECT_EQ(topic_level("\xC3("), "%C3(");
  EXPECT_EQ(topic_level(""), "");
}

TEST(MqttTopics, ByWhatHasHappened) {
  auto to = mqtt_settings();
  EXPECT_EQ(mqtt_topic(to, spooler_stopped()), "qliksense/service_stopped/qs-node1/Spooler");
  const auto started =
      change(TransitionKind::started, ServiceState::stopped, ServiceState::running);
  EXPECT_EQ(mqtt_topic(to, started), "qliksense/service_running/qs-node1/Spooler");
  const auto paused = change(TransitionKind::paused, ServiceState::running, ServiceState::paused);
  EXPECT_EQ(mqtt_topic(to, paused), "qliksense/service_stopped/qs-node1/Spooler");
  to.paused_topic = "paused";
  EXPECT_EQ(mqtt_topic(to, paused), "paused/qs-node1/Spooler");
  auto stopped = spooler_stopped();
  stopped.expected = Expected::stopped;
  EXPECT_EQ(mqtt_topic(to, stopped), "qliksense/service_stopped/qs-node1/Spooler");
  auto unwanted = started;
  unwanted.expected = Expected::stopped;
  EXPECT_EQ(mqtt_topic(to, unwanted), "qliksense/service_running/qs-node1/Spooler");
  const auto flapping =
      change(TransitionKind::flapping, ServiceState::stopped, ServiceState::running);
  EXPECT_EQ(mqtt_topic(to, flapping), "qliksense/service_stopped/qs-node1/Spooler");
  auto host = change(TransitionKind::unreachable, ServiceState::unknown, ServiceState::unknown);
  host.service = ServiceName();
  EXPECT_EQ(mqtt_topic(to, host), "qliksense/service_stopped/qs-node1/host");
  host.kind = TransitionKind::reachable;
  EXPECT_EQ(mqtt_topic(to, host), "qliksense/service_running/qs-node1/host");
  host.kind = TransitionKind::unmonitored;
  EXPECT_EQ(mqtt_topic(to, host), "qliksense/service_stopped/qs-node1/host");
  auto unmonitored = started;
  unmonitored.kind = TransitionKind::unmonitored;
  EXPECT_EQ(mqtt_topic(to, unmonitored), "qliksense/service_stopped/qs-node1/Spooler")
      << "one shape, whatever it is about and was";
  host.kind = TransitionKind::refused;
  host.host = HostName("credential:svc");
  EXPECT_EQ(mqtt_topic(to, host), "qliksense/service_stopped/credential:svc/credential");
  to.running_topic = "";
  EXPECT_EQ(mqtt_topic(to, started), "");
}

TEST(MqttSettings, Connection) {
  auto wanted = mqtt_settings();
  const auto run = mqtt_settings(wanted, "1.2", Use::run);
  EXPECT_EQ(run.client_id, "tocsin-1");
  EXPECT_EQ(run.presence.topic, "tocsin/status/tocsin-1");
  EXPECT_EQ(run.presence.online, R"({"status":"online","version":"1.2"})");
  EXPECT_EQ(run.presence.offline, R"({"status":"offline","reason":"stopped"})");
  EXPECT_EQ(run.presence.lost, R"({"status":"offline","reason":"connection lost"})");
  EXPECT_TRUE(run.presence.retain);
  const auto once = mqtt_settings(wanted, "1.2", Use::once);
  EXPECT_EQ(once.client_id, "tocsin-1-test");
  EXPECT_EQ(once.presence.topic, "");
  wanted.azure = true;
  EXPECT_EQ(mqtt_settings(wanted, "1.2", Use::once).client_id, "tocsin-1");
  EXPECT_FALSE(mqtt_settings(wanted, "1.2", Use::run).presence.retain);
  wanted.client_id = "";
  const auto by_default = mqtt_settings(wanted, "1.2", Use::run).client_id;
  EXPECT_THAT(by_default, testing::StartsWith("tocsin"));
  wanted.instance = "5f3a01c2";
  EXPECT_EQ(mqtt_settings(wanted, "1.2", Use::run).client_id, by_default + "-5f3a01c2");
}

/// Answers from a script, and remembers what it was given.
class PretendTransport final : public net::MqttTransport {
 public:
  net::awaitable<std::vector<Result<std::string>>> publish(std::vector<net::MqttMessage> messages,
                                                           net::Deadline) override {
    sent.insert(sent.end(), messages.begin(), messages.end());
    std::vector<Result<std::string>> results;
    results.reserve(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i)
      results.push_back(i < answers.size() ? answers[i] : Result<std::string>("ok"));
    co_return results;
  }
  net::awaitable<Result<std::string>> connect(net::Deadline) override { co_return connection; }

  std::vector<net::MqttMessage> sent;
  std::vector<Result<std::string>> answers;
  Result<std::string> connection{"broker:1883"};
};

class MqttDelivery : public testing::Test {
 protected:
  Answer deliver(const Alert& alert) {
    MqttChannel channel(settings_, transport_);
    return loop_.run_until_done(
        channel.deliver(alert, DeliveryId{"id"}, net::within(std::chrono::seconds(5))));
  }
  StatusSink::Written write(const std::vector<StatusReport>& reports) {
    MqttStatusSink sink(settings_, transport_);
    return loop_.run_until_done(sink.write(reports, net::within(std::chrono::seconds(5))));
  }
  static StatusReport report() {
    return {.host = HostName("qs-node1"),
            .at = {},
            .services = {
                {.name = ServiceName("a/b"), .friendly_name = "", .state = ServiceState::running},
                {.name = ServiceName("B"), .friendly_name = "", .state = ServiceState::stopped}}};
  }

  net::Loop loop_;
  config::Mqtt settings_ = mqtt_settings();
  std::shared_ptr<PretendTransport> transport_ = std::make_shared<PretendTransport>();
};

TEST_F(MqttDelivery, Delivered) {
  const auto answer = deliver(spooler_stopped());
  ASSERT_TRUE(std::holds_alternative<Delivered>(answer));
  EXPECT_EQ(std::get<Delivered>(answer).detail, "ok");
  ASSERT_EQ(transport_->sent.size(), 1U);
  EXPECT_EQ(transport_->sent[0].topic, "qliksense/service_stopped/qs-node1/Spooler");
  EXPECT_EQ(transport_->sent[0].payload, mqtt_change(spooler_stopped()));
  EXPECT_EQ(transport_->sent[0].qos, net::MqttQos::at_least_once);
  EXPECT_FALSE(transport_->sent[0].retain);
}

TEST_F(MqttDelivery, EachFailure) {
  for (const auto kind :
       {ErrorKind::unreachable, ErrorKind::timed_out, ErrorKind::denied, ErrorKind::not_found,
        ErrorKind::malformed, ErrorKind::unsupported, ErrorKind::invalid_config}) {
    transport_->answers = {fail(kind, "why")};
    const auto answer = deliver(spooler_stopped());
    ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer)) << to_string(kind);
    EXPECT_EQ(std::get<RetryAfter>(answer).reason, "why");
  }
  transport_->answers = {fail(ErrorKind::login_refused, "bad password")};
  EXPECT_EQ(std::get<LoginRefused>(deliver(spooler_stopped())).reason, "bad password");
  EXPECT_EQ(std::get<LoginRefused>(write({report()}).answer).reason, "bad password");
  transport_->answers = {fail(ErrorKind::rejected, "not authorized")};
  const auto answer = deliver(spooler_stopped());
  ASSERT_TRUE(std::holds_alternative<Rejected>(answer));
  EXPECT_EQ(std::get<Rejected>(answer).reason,
            "not authorized (topic `qliksense/service_stopped/qs-node1/Spooler`)");
  transport_->answers = {fail(ErrorKind::rate_limited, "it closes the connection")};
  EXPECT_EQ(std::get<RetryAfter>(deliver(spooler_stopped())).reason,
            "it closes the connection (topic `qliksense/service_stopped/qs-node1/Spooler`)");
}

TEST_F(MqttDelivery, WithoutATopicNothingIsWanted) {
  settings_.running_topic = "";
  const MqttChannel channel(settings_, transport_);
  EXPECT_TRUE(channel.wants(spooler_stopped()));
  const auto started =
      change(TransitionKind::started, ServiceState::stopped, ServiceState::running);
  EXPECT_FALSE(channel.wants(started));
  EXPECT_TRUE(std::holds_alternative<Rejected>(deliver(started)));
  EXPECT_TRUE(transport_->sent.empty());
}

TEST_F(MqttDelivery, TheKeyNeverChanges) {
  const MqttChannel channel(settings_, transport_);
  settings_.broker_host = "another";
  EXPECT_EQ(channel.key(), MqttChannel(settings_, transport_).key());
  EXPECT_EQ(channel.key(), "mqtt:1d636fe35ed27434");
  EXPECT_EQ(channel.name(), "MQTT broker \"broker\"");
}

TEST_F(MqttDelivery, States) {
  settings_.retain_status = true;
  const auto written = write({report()});
  EXPECT_TRUE(std::holds_alternative<Delivered>(written.answer));
  EXPECT_EQ(written.refused, 0U);
  ASSERT_EQ(transport_->sent.size(), 2U);
  EXPECT_EQ(transport_->sent[0].topic, "qliksense/service_status/qs-node1/a%2Fb");
  EXPECT_EQ(transport_->sent[1].topic, "qliksense/service_status/qs-node1/B");
  EXPECT_TRUE(transport_->sent[0].retain);
}

TEST_F(MqttDelivery, StatesThatAreRefusedOrNotTakenNow) {
  for (const auto kind : {ErrorKind::rejected, ErrorKind::rate_limited}) {
    transport_->answers = {fail(kind, "not authorized")};
    const auto written = write({report()});
    EXPECT_EQ(std::get<Delivered>(written.answer).detail, "not authorized");
    EXPECT_EQ(written.refused, 1U);
  }
}

TEST_F(MqttDelivery, StatesThatMustBeSentAgain) {
  transport_->answers = {fail(ErrorKind::rejected, "not authorized"),
                         fail(ErrorKind::unreachable, "gone")};
  EXPECT_EQ(std::get<RetryAfter>(write({report()}).answer).reason, "gone");
}

TEST_F(MqttDelivery, TestOfTheStatesOnlyConnects) {
  MqttStatusSink sink(settings_, transport_);
  const auto test = [&] {
    return loop_.run_until_done(sink.test(net::within(std::chrono::seconds(5))));
  };
  EXPECT_EQ(std::get<Delivered>(test()).detail, "connected to broker:1883; no state was sent");
  transport_->connection = fail(ErrorKind::unreachable, "gone");
  EXPECT_EQ(std::get<RetryAfter>(test()).reason, "gone");
  EXPECT_TRUE(transport_->sent.empty());
}

}  // namespace
}  // namespace tocsin::notify
