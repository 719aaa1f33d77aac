#include "kit/channel_conformance.h"

#include <chrono>
#include <optional>
#include <variant>

#include <fmt/chrono.h>
#include <gmock/gmock.h>

#include "kit/turns.h"
#include "kit/virtual_time.h"
#include "net/task_scope.h"
#include "notify/http_policy.h"

namespace tocsin::kit {
namespace {

using notify::Answer;
using notify::Delivered;
using notify::LoginRefused;
using notify::Rejected;
using notify::RetryAfter;
using std::chrono::seconds;
using testing::HasSubstr;

const DeliveryId kDeliveryId{"0190a0b0-0000-7000-8000-000000000001"};

Alert an_alert() {
  Alert alert;
  alert.id = {"0190a0b0-0000-7000-8000-000000000000"};
  alert.kind = TransitionKind::stopped;
  alert.host = HostName("qs-node1");
  alert.service = ServiceName("MSSQL$INSTANCE");
  alert.details.display_name = "SQL Server (\"INSTANCE\")";
  alert.details.start_mode = StartMode::automatic;
  alert.status.state = ServiceState::stopped;
  alert.from = ServiceState::running;
  alert.to = ServiceState::stopped;
  return alert;
}

std::string words_of(const Answer& answer) {
  if (const auto* delivered = std::get_if<Delivered>(&answer)) return delivered->detail;
  if (const auto* later = std::get_if<RetryAfter>(&answer)) return later->reason;
  if (const auto* login = std::get_if<LoginRefused>(&answer)) return login->reason;
  return std::get<Rejected>(answer).reason;
}

std::string secret_url(const HttpImposter& imposter) {
  std::string url = imposter.url();
  url.insert(url.find("//") + 2, "s3cret-user:s3cret-password@");
  return url + "/hooks/s3cret-path?token=s3cret-query";
}

/// What a careless server says about the request that it got.
HttpReply echo(int status) {
  return {.status = status,
          .body =
              "Cannot handle /hooks/s3cret-path?token=s3cret-query\n"
              "(token s3cret-query of s3cret-user:s3cret-password)"};
}

/// IMF-fixdate (RFC 9110, 5.6.7).
std::string http_date(std::chrono::system_clock::time_point at) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

}  // namespace

ChannelConformance::ChannelConformance() = default;
ChannelConformance::~ChannelConformance() = default;

std::string ChannelConformance::name_of(const testing::TestParamInfo<ConformingChannel>& channel) {
  return channel.param.name;
}

std::unique_ptr<notify::Channel> ChannelConformance::make(const ChannelSite& site) {
  return GetParam().make(site, {.executor = loop_.executor(),
                                .http = client_,
                                .version = "1.0",
                                .messages = messages_,
                                .logins = logins_,
                                .clock = clock_,
                                .tls = {.ca_file = site.ca_file, .verify = site.verify}});
}

Answer ChannelConformance::deliver(const ChannelSite& site) {
  const auto channel = make(site);
  const Answer answer =
      loop_.run_until_done(channel->deliver(an_alert(), kDeliveryId, net::within(seconds(20))));
  EXPECT_THAT(words_of(answer), testing::Not(HasSubstr(kSecret)));
  EXPECT_THAT(words_of(answer), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(channel->key(), testing::Not(HasSubstr(kSecret)));
  EXPECT_THAT(channel->name(), testing::Not(HasSubstr(kSecret)));
  return answer;
}

Answer ChannelConformance::deliver(const HttpImposter& imposter, const std::string& ca_file,
                                   bool verify) {
  return deliver(ChannelSite{.url = secret_url(imposter), .ca_file = ca_file, .verify = verify});
}

Answer ChannelConformance::deliver(const HttpImposter& imposter) {
  return deliver(ChannelSite{.url = secret_url(imposter), .ca_file = {}});
}

Answer ChannelConformance::answer_to(HttpReply reply) {
  HttpImposter imposter;
  imposter.otherwise({std::move(reply)});
  Answer answer = deliver(imposter);
  EXPECT_EQ(imposter.journal().size(), 1U) << "one message is sent once";
  return answer;
}

// The table is linked into the tests of rooms that have no channel, too.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ChannelConformance);

TEST_P(ChannelConformance, SuccessIsDelivered) {
  for (const int status : {200, 201, 202, 204}) {
    const Answer answer = answer_to({.status = status});
    ASSERT_TRUE(std::holds_alternative<Delivered>(answer)) << status << words_of(answer);
    EXPECT_EQ(std::get<Delivered>(answer).detail, notify::describe_status(status));
  }
  for (const std::string& body : {GetParam().success_text.value_or("any text"),
                                  std::string(R"( {"status":"success","errors":null})")}) {
    const Answer answer = answer_to({.status = 200, .body = body});
    EXPECT_TRUE(std::holds_alternative<Delivered>(answer)) << body << words_of(answer);
  }
}

TEST_P(ChannelConformance, ASuccessThatIsNoneIsTriedAgain) {
  for (const char* body :
       {"<!DOCTYPE html><title>Sign in</title>", "\r\n <html>", R"({"ok":false,"error":"no"})",
        R"({"success":false})", R"({"status":"error"})", "welcome to this network"}) {
    const Answer answer = answer_to({.status = 200, .body = body});
    const auto* later = std::get_if<RetryAfter>(&answer);
    EXPECT_EQ(later != nullptr, GetParam().success_text.has_value()) << body << words_of(answer);
    EXPECT_EQ(std::holds_alternative<Delivered>(answer), later == nullptr) << body;
    EXPECT_FALSE(later != nullptr && later->may_be_final) << body;
  }
}

TEST_P(ChannelConformance, ARefusalIsFinal) {
  for (const int status : {400, 410, 413, 422, GetParam().final_status}) {
    if (status == 0) continue;
    const Answer answer = answer_to(echo(status));
    ASSERT_TRUE(std::holds_alternative<Rejected>(answer)) << status << words_of(answer);
    EXPECT_THAT(words_of(answer), HasSubstr(notify::describe_status(status)));
  }
}

TEST_P(ChannelConformance, WhatMayComeFromInBetweenIsTriedForAnHour) {
  const auto expect_doubt = [](const Answer& answer, int status) {
    const auto* later = std::get_if<RetryAfter>(&answer);
    ASSERT_NE(later, nullptr) << status << words_of(answer);
    EXPECT_TRUE(later->may_be_final) << status;
    EXPECT_THAT(words_of(answer), HasSubstr(notify::describe_status(status)));
  };
  for (const int status : {301, 302, 307, 308, 402, 403, 404, 405, 409, 418, 451, 600, 999}) {
    if (status != GetParam().final_status) expect_doubt(answer_to(echo(status)), status);
  }
  if (!GetParam().success_text) return;
  const Answer page = answer_to({.status = 400, .body = "<html><b>Bad</b> gateway</html>"});
  expect_doubt(page, 400);
  EXPECT_THAT(words_of(page), testing::EndsWith(": Bad gateway"));
}

TEST_P(ChannelConformance, ALoginThatIsRefusedWaitsAndWithoutOneItMayComeFromInBetween) {
  const Answer answer = answer_to(echo(401));
  EXPECT_THAT(words_of(answer), HasSubstr("401 Unauthorized"));
  EXPECT_EQ(std::holds_alternative<LoginRefused>(answer), GetParam().logs_in) << words_of(answer);
  const auto* later = std::get_if<RetryAfter>(&answer);
  EXPECT_EQ(later != nullptr && later->may_be_final, !GetParam().logs_in) << words_of(answer);
}

TEST_P(ChannelConformance, AFailureIsTriedAgain) {
  for (const int status : {408, 425, 429, 500, 501, 502, 503, 504, 507}) {
    const Answer answer = answer_to(echo(status));
    ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer)) << status << words_of(answer);
    EXPECT_EQ(std::get<RetryAfter>(answer).after,
              status == 429 ? GetParam().patience : std::nullopt);
    EXPECT_THAT(words_of(answer), HasSubstr(notify::describe_status(status)));
  }
}

TEST_P(ChannelConformance, TheServersWordsArePassedOn) {
  const Answer answer = answer_to({.status = 400, .body = "invalid\x1b[31m payload\n"});
  EXPECT_THAT(words_of(answer), HasSubstr("invalid?[31m payload"));
}

TEST_P(ChannelConformance, RetryAfterInSecondsIsHonoured) {
  for (const int status : {429, 503}) {
    const Answer answer = answer_to({.status = status, .headers = {{"Retry-After", "7"}}});
    ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer)) << status;
    EXPECT_EQ(std::get<RetryAfter>(answer).after, seconds(7)) << status;
  }
}

TEST_P(ChannelConformance, RetryAfterAsADateIsHonoured) {
  const std::string date = http_date(std::chrono::system_clock::now() + seconds(120));
  const Answer answer = answer_to({.status = 429, .headers = {{"Retry-After", date}}});
  ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer));
  EXPECT_THAT(
      std::get<RetryAfter>(answer).after,
      testing::Optional(testing::AllOf(testing::Ge(seconds(90)), testing::Le(seconds(120)))));
}

TEST_P(ChannelConformance, AMadRetryAfterIsNotBelieved) {
  for (const char* value : {"soon", "-5", "", "Tue, 99 Foo 2025"}) {
    const Answer answer = answer_to({.status = 429, .headers = {{"Retry-After", value}}});
    ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer)) << value;
    EXPECT_EQ(std::get<RetryAfter>(answer).after, GetParam().patience) << value;
  }
  const Answer answer =
      answer_to({.status = 429, .headers = {{"Retry-After", "99999999999999999999"}}});
  ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer));
  EXPECT_LE(std::get<RetryAfter>(answer).after.value_or(seconds(0)), std::chrono::hours(24));
}

TEST_P(ChannelConformance, AServerThatHangsCostsNoMoreThanTheDeadline) {
  HttpImposter imposter;
  imposter.otherwise({{.held = true}});
  VirtualTime time;
  const auto begin = time.now();
  const auto channel = make({.url = secret_url(imposter), .ca_file = {}});
  net::TaskScope scope(loop_.executor());
  Answer answer = Delivered{};
  scope.spawn([](notify::Channel& to, Answer& out) -> net::awaitable<void> {
    out = co_await to.deliver(an_alert(), kDeliveryId, net::within(seconds(7)));
  }(*channel, answer));
  loop_.run_until_done(let_others_run());
  EXPECT_TRUE(imposter.wait_for(1));
  loop_.run_until_done(scope.join());
  EXPECT_EQ(time.now() - begin, seconds(7));
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(answer)) << words_of(answer);
}

TEST_P(ChannelConformance, AnAnswerThatDoesNotArriveWholeIsTriedAgain) {
  for (const auto form :
       {HttpReply::Form::cut, HttpReply::Form::garbage, HttpReply::Form::closed}) {
    HttpImposter imposter;
    imposter.otherwise({{.body = "half of it", .form = form}});
    const Answer answer = deliver(imposter);
    const bool status_suffices = form == HttpReply::Form::cut && !GetParam().success_text;
    EXPECT_EQ(std::holds_alternative<Delivered>(answer), status_suffices) << words_of(answer);
    EXPECT_EQ(std::holds_alternative<RetryAfter>(answer), !status_suffices) << words_of(answer);
  }
  const Answer refusal = answer_to({.status = 400, .body = "half", .form = HttpReply::Form::cut});
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(refusal)) << words_of(refusal);
}

TEST_P(ChannelConformance, NobodyThereIsTriedAgain) {
  std::string url = HttpImposter().url() + "/hooks/s3cret-path";  // gone again at once
  const auto channel = make({.url = std::move(url), .ca_file = {}});
  const Answer answer =
      loop_.run_until_done(channel->deliver(an_alert(), kDeliveryId, net::within(seconds(20))));
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(answer)) << words_of(answer);
  EXPECT_THAT(words_of(answer), testing::Not(HasSubstr(kSecret)));
}

TEST_P(ChannelConformance, ACertificateFromElsewhereIsNotAccepted) {
  const CertificateAuthority authority;
  HttpImposter imposter(authority.issue(ServerCertificate::valid));
  imposter.otherwise({{.status = 200}});
  const Answer answer = deliver(imposter);
  ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer)) << words_of(answer);
  EXPECT_THAT(words_of(answer), HasSubstr("certificate"));
  EXPECT_TRUE(imposter.journal().empty()) << "nothing is said to a server that is not trusted";
}

TEST_P(ChannelConformance, ACertificateFromTheAuthorityInTheFileIsAccepted) {
  const CertificateAuthority authority;
  HttpImposter imposter(authority.issue(ServerCertificate::valid));
  imposter.otherwise({{.status = 204}});
  const Answer answer = deliver(imposter, authority.file(), true);
  EXPECT_TRUE(std::holds_alternative<Delivered>(answer)) << words_of(answer);
}

TEST_P(ChannelConformance, AnExpiredCertificateOrOneForAnotherNameIsNotAccepted) {
  const CertificateAuthority authority;
  for (const auto kind : {ServerCertificate::expired, ServerCertificate::wrong_name}) {
    HttpImposter imposter(authority.issue(kind));
    imposter.otherwise({{.status = 200}});
    const Answer answer = deliver(imposter, authority.file(), true);
    ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer)) << words_of(answer);
    EXPECT_THAT(words_of(answer), HasSubstr("certificate"));
    EXPECT_TRUE(imposter.journal().empty());
  }
}

TEST_P(ChannelConformance, AnyCertificateIsAcceptedWhereTheUserSaysSo) {
  const CertificateAuthority authority;
  for (const auto kind :
       {ServerCertificate::valid, ServerCertificate::expired, ServerCertificate::wrong_name}) {
    HttpImposter imposter(authority.issue(kind));
    imposter.otherwise({{.status = 200}});
    const Answer answer = deliver(imposter, "", false);
    EXPECT_TRUE(std::holds_alternative<Delivered>(answer)) << words_of(answer);
  }
}

TEST_P(ChannelConformance, AHugeBodyIsNotKept) {
  const std::string huge(std::size_t{4} * 1024 * 1024, 'x');
  EXPECT_TRUE(std::holds_alternative<Delivered>(
      answer_to({.status = 200, .body = R"({"id":")" + huge + R"("})"})));
  const Answer answer = answer_to({.status = 400, .body = huge});
  EXPECT_TRUE(std::holds_alternative<Rejected>(answer)) << words_of(answer);
  EXPECT_LT(words_of(answer).size(), 300U);
}

TEST_P(ChannelConformance, TheDeliveryCanBeToldApartFromItsRepetition) {
  HttpImposter imposter;
  imposter.otherwise({{.status = 500}, {.status = 200}});
  EXPECT_TRUE(std::holds_alternative<RetryAfter>(deliver(imposter)));
  EXPECT_TRUE(std::holds_alternative<Delivered>(deliver(imposter)));
  const auto journal = imposter.journal();
  ASSERT_EQ(journal.size(), 2U);
  EXPECT_EQ(journal[0].header("Idempotency-Key"), kDeliveryId.value);
  EXPECT_EQ(journal[1].header("Idempotency-Key"), kDeliveryId.value);
  EXPECT_EQ(imposter.connections(), 1U) << "the connection is kept";
}

}  // namespace tocsin::kit
