// The sink against servers that answer what the three versions of InfluxDB are documented to
// answer.
#include "notify/influx/influx.h"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "net/loop.h"
#include "notify/messages.h"
#include "wire/gzip.h"

namespace tocsin::notify {
namespace {

using config::InfluxVersion;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr Time kAt{std::chrono::milliseconds(1'764'000'000'123)};
constexpr const char* kSecret = "s3cret-p4ss";

/// Answers from a script, then 204; keeps what was asked, with bodies as they were before gzip.
class InfluxServer final : public net::HttpTransport {
 public:
  net::awaitable<Result<net::HttpResponse>> fetch(net::HttpRequest request,
                                                  net::Deadline /*deadline*/) override {
    for (const auto& [name, value] : request.headers) {
      if (name == "Content-Encoding") {
        EXPECT_EQ(value, "gzip");
        request.body = gunzip(request.body, std::size_t{1} << 26).value();
      }
    }
    requests.push_back(std::move(request));
    if (rule) co_return rule(requests.back());
    if (script.empty()) co_return net::HttpResponse{.status = 204};
    auto response = std::move(script.front());
    script.pop_front();
    co_return response;
  }
  /// "POST http://..." of each.
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> lines;
    lines.reserve(requests.size());
    for (const auto& request : requests) lines.push_back(request.method + " " + request.url);
    return lines;
  }
  [[nodiscard]] std::string header(const std::string& name) const {
    for (const auto& [key, value] : requests.back().headers) {
      if (key == name) return value;
    }
    return "";
  }

  std::deque<Result<net::HttpResponse>> script;
  std::function<net::HttpResponse(const net::HttpRequest&)> rule;
  std::vector<net::HttpRequest> requests;
};

std::shared_ptr<const ServiceDetails> details(std::string display, StartMode mode) {
  ServiceDetails out;
  out.display_name = std::move(display);
  out.start_mode = mode;
  return std::make_shared<const ServiceDetails>(std::move(out));
}

StatusReport two_services() {
  StatusReport report{.host = HostName("qs node"), .at = kAt};
  report.services.push_back(
      {.name = ServiceName("Engine"),
       .friendly_name = "The engine",
       .state = ServiceState::running,
       .details = details("Qlik Sense Engine", StartMode::automatic_delayed)});
  report.services.push_back(
      {.name = ServiceName("MSSQL$A"), .friendly_name = "", .state = ServiceState::unknown});
  return report;
}

std::vector<StatusReport> many(std::size_t services) {
  StatusReport report{.host = HostName("node"), .at = kAt};
  for (std::size_t i = 0; i < services; i++)
    report.services.push_back({.name = ServiceName("Service" + std::to_string(i)),
                               .friendly_name = "",
                               .state = ServiceState::running});
  return {std::move(report)};
}

std::size_t lines_in(const std::string& body) {
  return static_cast<std::size_t>(std::ranges::count(body, '\n'));
}

config::InfluxDb influx_settings(InfluxVersion version) {
  config::InfluxDb influx{.enabled = true, .version = version, .url = "http://influx:8086"};
  influx.database = "my db";
  switch (version) {
    case InfluxVersion::v1:
      influx.username = "writer";
      influx.password = Secret(kSecret);
      influx.retention_policy = "10d";
      influx.retention = std::chrono::hours(240);
      break;
    case InfluxVersion::v2:
      influx.organization = "my org";
      influx.token = Secret(kSecret);
      influx.retention = std::chrono::hours(240);
      influx.bucket_description = "services";
      break;
    case InfluxVersion::v3:
      influx.token = Secret(kSecret);
      break;
  }
  return influx;
}

class InfluxTest : public testing::Test {
 protected:
  StatusSink::Written write(Influx& sink, std::vector<StatusReport> reports) {
    return loop_.run_until_done(sink.write(reports, net::within(std::chrono::seconds(20))));
  }
  StatusSink::Written write(InfluxVersion version) {
    return write(influx_settings(version), {two_services()});
  }
  StatusSink::Written write(const config::InfluxDb& influx, std::vector<StatusReport> reports) {
    Influx sink(influx, channel_deps_);
    return write(sink, std::move(reports));
  }

  net::Loop loop_;
  InfluxServer server_;
  Messages messages_;
  SystemClock clock_;
  logins::Logins logins_{{.executor = loop_.executor(), .clock = clock_, .random = {}}};
  ChannelDeps channel_deps_{.executor = loop_.executor(),
                            .http = server_,
                            .version = "1.2",
                            .messages = messages_,
                            .logins = logins_,
                            .clock = clock_};
};

std::string detail_of(const StatusSink::Written& written) {
  return std::get<Delivered>(written.answer).detail;
}
std::string later_of(const StatusSink::Written& written) {
  return std::get<RetryAfter>(written.answer).reason;
}
net::HttpResponse answer(int status, std::string body) {
  return {.status = status, .body = std::move(body), .retry_after = std::nullopt};
}

TEST(InfluxPoints, AreThoseOfButler) {
  const std::vector<config::InfluxTag> tags = {{"site", "Berlin"}, {"butler_instance", "PROD 1"}};
  influx::Lines lines;
  InfluxPoints(tags).append(two_services(), lines);
  EXPECT_EQ(lines.text(),
            "win_service_state,butler_instance=PROD\\ 1,display_name=Qlik\\ Sense\\ Engine,"
            "friendly_name=The\\ engine,host=qs\\ node,service_name=Engine,site=Berlin "
            "state_num=4,state_text=\"RUNNING\",startup_mode_num=1,"
            "startup_mode_text=\"Automatic (delayed start)\" 1764000000123\n"
            "win_service_state,butler_instance=PROD\\ 1,display_name=MSSQL$A,"
            "friendly_name=MSSQL$A,host=qs\\ node,service_name=MSSQL$A,site=Berlin "
            "state_num=18,state_text=\"UNKNOWN\" 1764000000123\n");
}

TEST_F(InfluxTest, Version1WritesWithAPolicyAndAnAccount) {
  EXPECT_EQ(detail_of(write(InfluxVersion::v1)), "204 No Content");
  EXPECT_THAT(server_.asked(),
              ElementsAre("POST http://influx:8086/write?db=my%20db&rp=10d&precision=ms"));
  EXPECT_EQ(server_.header("Authorization"), "Basic d3JpdGVyOnMzY3JldC1wNHNz");
  EXPECT_EQ(server_.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(server_.header("User-Agent"), "tocsin/1.2");
  EXPECT_EQ(server_.header("Content-Encoding"), "");  // it is short
  EXPECT_THAT(server_.requests.front().body, HasSubstr(" 1764000000123\n"));
}

TEST_F(InfluxTest, Version2WritesWithAToken) {
  EXPECT_EQ(detail_of(write(InfluxVersion::v2)), "204 No Content");
  EXPECT_THAT(
      server_.asked(),
      ElementsAre("POST http://influx:8086/api/v2/write?org=my%20org&bucket=my%20db&precision=ms"));
  EXPECT_EQ(server_.header("Authorization"), std::string("Token ") + kSecret);
}

TEST_F(InfluxTest, Version3WritesWithABearer) {
  EXPECT_EQ(detail_of(write(InfluxVersion::v3)), "204 No Content");
  EXPECT_THAT(
      server_.asked(),
      ElementsAre("POST http://influx:8086/api/v3/write_lp?db=my%20db&precision=millisecond"));
  EXPECT_EQ(server_.header("Authorization"), std::string("Bearer ") + kSecret);
}

TEST_F(InfluxTest, LongBodiesAreCompressed) {
  EXPECT_EQ(write(influx_settings(InfluxVersion::v1), many(10'000)).refused, 0U);
  ASSERT_THAT(server_.requests, SizeIs(1));
  EXPECT_EQ(server_.header("Content-Encoding"), "gzip");
  EXPECT_EQ(lines_in(server_.requests.front().body), 10'000U);
}

TEST_F(InfluxTest, VeryManyPointsGoInSeveralRequests) {
  EXPECT_EQ(write(influx_settings(InfluxVersion::v1), many(50'000)).refused, 0U);
  std::size_t lines = 0;
  for (const auto& request : server_.requests) {
    EXPECT_LE(request.body.size(), std::size_t{4} << 20);
    EXPECT_TRUE(request.body.ends_with('\n'));
    lines += lines_in(request.body);
  }
  EXPECT_EQ(lines, 50'000U);
  EXPECT_GT(server_.requests.size(), 1U);
}

TEST_F(InfluxTest, AMissingDatabaseIsCreatedWithItsPolicy) {
  server_.script = {answer(404, R"({"error":"database not found: \"my db\""})"),
                    answer(200, R"({"results":[{"statement_id":0}]})")};
  EXPECT_EQ(detail_of(write(InfluxVersion::v1)), "204 No Content");
  EXPECT_THAT(server_.asked(),
              ElementsAre(HasSubstr("/write?"), "POST http://influx:8086/query",
                          "POST http://influx:8086/write?db=my%20db&rp=10d&precision=ms"));
  EXPECT_EQ(server_.requests[1].body,
            "q=CREATE%20DATABASE%20%22my%20db%22%20WITH%20DURATION%2010d%20REPLICATION%201%20NAME"
            "%20%2210d%22");
}

TEST_F(InfluxTest, ADatabaseThatCannotBeCreatedIsAskedForAgain) {
  server_.script = {answer(404, R"({"error":"database not found: \"my db\""})"),
                    answer(403, R"({"error":"requires admin privilege"})")};
  EXPECT_THAT(later_of(write(InfluxVersion::v1)),
              AllOf(HasSubstr("404 Not Found: database not found: \"my db\""),
                    HasSubstr("cannot be created: 403 Forbidden: requires admin privilege")));
  server_.script = {answer(404, R"({"error":"database not found: \"my db\""})"),
                    answer(200, R"({"results":[{"statement_id":0,"error":"invalid name"}]})")};
  EXPECT_THAT(later_of(write(InfluxVersion::v1)),
              HasSubstr("cannot be created: 200 OK: invalid name"));
}

TEST_F(InfluxTest, ADatabaseThatStaysMissingIsNotCreatedForEver) {
  server_.rule = [](const net::HttpRequest& request) {
    return request.url.ends_with("/query") ? answer(200, R"({"results":[{}]})")
                                           : answer(404, R"({"error":"database not found"})");
  };
  EXPECT_THAT(later_of(write(InfluxVersion::v1)), StartsWith("404 Not Found: database not found"));
  EXPECT_THAT(server_.requests, SizeIs(3));
}

TEST_F(InfluxTest, WithoutThePolicyPointsGoToTheDefaultOne) {
  Influx sink(influx_settings(InfluxVersion::v1), channel_deps_);
  server_.script = {answer(500, R"({"error":"retention policy not found: 10d"})")};
  EXPECT_EQ(detail_of(write(sink, {two_services()})), "204 No Content");
  EXPECT_THAT(
      server_.asked(),
      ElementsAre(HasSubstr("&rp=10d&"), "POST http://influx:8086/write?db=my%20db&precision=ms"));
  EXPECT_EQ(detail_of(write(sink, {two_services()})), "204 No Content");
  EXPECT_THAT(server_.requests, SizeIs(3));
  const auto tested = loop_.run_until_done(sink.test(net::within(std::chrono::seconds(1))));
  EXPECT_THAT(std::get<Delivered>(tested).detail, HasSubstr("no retention policy \"10d\""));
}

TEST_F(InfluxTest, AMissingBucketIsCreatedInItsOrganization) {
  server_.script = {answer(404, R"({"code":"not found","message":"bucket \"my db\" not found"})"),
                    answer(200, R"({"orgs":[{"id":"00a1","name":"my org"}]})"), answer(201, "{}")};
  EXPECT_EQ(detail_of(write(InfluxVersion::v2)), "204 No Content");
  EXPECT_THAT(
      server_.asked(),
      ElementsAre(HasSubstr("/api/v2/write?"), "GET http://influx:8086/api/v2/orgs?org=my%20org",
                  "POST http://influx:8086/api/v2/buckets", HasSubstr("/api/v2/write?")));
  EXPECT_EQ(server_.requests[2].body,
            R"({"orgID":"00a1","name":"my db","description":"services",)"
            R"("retentionRules":[{"type":"expire","everySeconds":864000}]})");
}

TEST_F(InfluxTest, AnUnknownOrganizationIsNamed) {
  server_.script = {answer(404, R"({"code":"not found","message":"bucket not found"})"),
                    answer(200, R"({"orgs":[]})")};
  EXPECT_THAT(later_of(write(InfluxVersion::v2)), HasSubstr("no organization \"my org\""));
}

TEST_F(InfluxTest, Version3MakesADatabaseWithARetentionBeforeTheFirstWrite) {
  auto influx = influx_settings(InfluxVersion::v3);
  influx.retention = std::chrono::hours(36);
  Influx sink(influx, channel_deps_);
  server_.script = {answer(409, R"({"error":"already exists"})")};
  EXPECT_EQ(detail_of(write(sink, {two_services()})), "204 No Content");
  EXPECT_EQ(detail_of(write(sink, {two_services()})), "204 No Content");
  EXPECT_THAT(server_.asked(),
              ElementsAre("POST http://influx:8086/api/v3/configure/database",
                          HasSubstr("/api/v3/write_lp?"), HasSubstr("/api/v3/write_lp?")));
  EXPECT_EQ(server_.requests[0].body, R"({"db":"my db","retention_period":"36h"})");
}

TEST_F(InfluxTest, Version3WritesAlsoWhereItMayNotCreate) {
  auto influx = influx_settings(InfluxVersion::v3);
  influx.retention = std::chrono::hours(36);
  server_.script = {answer(403, "")};
  EXPECT_EQ(detail_of(write(influx, {two_services()})), "204 No Content");
}

struct Partial {
  InfluxVersion version;
  int status;
  std::string body;
  std::size_t refused;
};

class InfluxPartial : public InfluxTest, public testing::WithParamInterface<Partial> {};

TEST_P(InfluxPartial, CountsWhatIsRefusedAndTakesTheRestAsStored) {
  server_.script = {answer(GetParam().status, GetParam().body)};
  const auto written = write(influx_settings(GetParam().version), many(10));
  EXPECT_EQ(written.refused, GetParam().refused);
  EXPECT_THAT(detail_of(written), AllOf(HasSubstr("conflict"), Not(HasSubstr("{"))));
  EXPECT_THAT(server_.requests, SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(
    Influx, InfluxPartial,
    testing::Values(
        Partial{InfluxVersion::v1, 400,
                R"({"error":"partial write: field type conflict: input field \"x\" dropped=3"})",
                3},
        Partial{
            InfluxVersion::v1, 400,
            R"({"error":"partial write: conflict; unable to parse 'a': x\nunable to parse 'b': )"
            R"(y dropped=0"})",
            2},
        Partial{InfluxVersion::v1, 400, R"({"error":"partial write: conflict dropped=soon"})", 1},
        Partial{InfluxVersion::v2, 422,
                R"({"code":"unprocessable entity","message":"failure writing points to database: )"
                R"(partial write: field type conflict: dropped=4"})",
                4},
        Partial{InfluxVersion::v3, 400,
                R"({"error":"partial write of line protocol occurred","data":)"
                R"([{"error_message":"conflict","line_number":1,"original_line":"a"},)"
                R"({"error_message":"x","line_number":2,"original_line":"b"}]})",
                2}));

TEST_F(InfluxTest, PointsThatAreAllRefusedAreRejected) {
  server_.script = {answer(400, R"({"error":"unable to parse 'x': invalid tag format"})")};
  const auto written = write(InfluxVersion::v1);
  EXPECT_THAT(std::get<Rejected>(written.answer).reason,
              HasSubstr("400 Bad Request: unable to parse"));
  server_.script = {answer(400, R"({"error":"partial write: conflict dropped=2"})")};
  EXPECT_TRUE(std::holds_alternative<Rejected>(write(InfluxVersion::v1).answer));
}

TEST_F(InfluxTest, ASuccessThatIsNoneIsTriedAgain) {
  for (const auto version : {InfluxVersion::v1, InfluxVersion::v2, InfluxVersion::v3}) {
    for (const auto* body : {"<html>Sign in</html>", "welcome", R"({"error":"not written"})"}) {
      server_.script = {answer(200, body)};
      EXPECT_THAT(later_of(write(version)), HasSubstr("200 OK")) << body;
    }
  }
}

TEST_F(InfluxTest, A400OfAnotherProgramIsNoVerdictAboutThePoints) {
  server_.script = {answer(400, "Client sent an HTTP request to an HTTPS server.\n")};
  EXPECT_THAT(later_of(write(InfluxVersion::v1)), HasSubstr("the URL must begin with https://"));
}

TEST_F(InfluxTest, SplitsWhatIsTooLargeAndRemembersIt) {
  constexpr std::size_t kLimit = 100'000;
  server_.rule = [&](const net::HttpRequest& request) {
    return answer(request.body.size() > kLimit ? 413 : 204, "");
  };
  Influx sink(influx_settings(InfluxVersion::v1), channel_deps_);
  const auto reports = many(5000);
  const auto written = write(sink, reports);
  EXPECT_EQ(detail_of(written), "204 No Content");
  EXPECT_EQ(written.refused, 0U);
  std::size_t stored = 0;
  for (const auto& request : server_.requests) {
    if (request.body.size() <= kLimit) stored += lines_in(request.body);
  }
  EXPECT_EQ(stored, 5000U);
  server_.requests.clear();
  (void)write(sink, reports);
  for (const auto& request : server_.requests) EXPECT_LE(request.body.size(), kLimit);
}

TEST_F(InfluxTest, ASinglePointThatIsTooLargeIsRefused) {
  server_.rule = [](const net::HttpRequest& request) {
    return answer(request.body.contains("Service3,") ? 413 : 204, "");
  };
  const auto written = write(influx_settings(InfluxVersion::v1), many(8));
  EXPECT_EQ(written.refused, 1U);
  EXPECT_THAT(detail_of(written), HasSubstr("413"));
}

TEST_F(InfluxTest, AnAccountThatIsRefusedIsSaidClearlyAndTriedAgain) {
  for (const auto& [version, key] : {std::pair(InfluxVersion::v1, "`auth` of `influxDb`"),
                                     std::pair(InfluxVersion::v2, "`influxDb.v2Config.token`"),
                                     std::pair(InfluxVersion::v3, "`influxDb.v3Config.token`")}) {
    for (const int status : {401, 403}) {
      server_.script = {
          answer(status, std::string(R"({"error":"authorization failed for )") + kSecret + "\"}")};
      const auto written = write(version);
      const auto* refused = std::get_if<LoginRefused>(&written.answer);
      EXPECT_EQ(refused != nullptr, status == 401);
      EXPECT_THAT(refused != nullptr ? refused->reason : later_of(written),
                  AllOf(StartsWith(std::to_string(status)), HasSubstr(key),
                        HasSubstr("authorization failed for ***"), HasSubstr("\"my db\""),
                        Not(HasSubstr(kSecret))));
    }
  }
}

TEST_F(InfluxTest, WaitsAsLongAsItIsAskedTo) {
  for (const int status : {429, 503}) {
    server_.script = {net::HttpResponse{
        .status = status, .body = "busy", .retry_after = std::chrono::seconds(17)}};
    const auto written = write(InfluxVersion::v2);
    EXPECT_EQ(std::get<RetryAfter>(written.answer).after, std::chrono::seconds(17));
    EXPECT_THAT(later_of(written), HasSubstr("busy"));
  }
}

TEST_F(InfluxTest, WhatIsNotAboutThePointsIsTriedAgain) {
  server_.script = {fail(ErrorKind::unreachable, "influx:8086: Connection refused")};
  EXPECT_EQ(later_of(write(InfluxVersion::v1)), "influx:8086: Connection refused");
  for (const int status : {301, 405, 500}) {
    server_.script = {answer(status, "")};
    EXPECT_THAT(later_of(write(InfluxVersion::v1)), StartsWith(std::to_string(status)));
  }
}

TEST_F(InfluxTest, NothingIsKnownToBeStoredWhenOneRequestOfSeveralFails) {
  std::size_t count = 0;
  server_.rule = [&](const net::HttpRequest&) { return answer(++count == 2 ? 500 : 204, ""); };
  EXPECT_THAT(later_of(write(influx_settings(InfluxVersion::v1), many(50'000))), StartsWith("500"));
  EXPECT_EQ(count, 2U);
}

TEST_F(InfluxTest, TheTestWritesAPointThatNoDashboardShows) {
  for (const auto version : {InfluxVersion::v1, InfluxVersion::v2, InfluxVersion::v3}) {
    auto influx = influx_settings(version);
    influx.tags = {{"site", "Berlin"}};
    Influx sink(influx, channel_deps_);
    const auto tested = loop_.run_until_done(sink.test(net::within(std::chrono::seconds(1))));
    EXPECT_EQ(std::get<Delivered>(tested).detail, "204 No Content");
    EXPECT_THAT(server_.requests.back().body,
                testing::StartsWith("tocsin_test,site=Berlin written=1 1"));
    server_.script = {answer(401, R"({"error":"no"})")};
    EXPECT_TRUE(std::holds_alternative<LoginRefused>(
        loop_.run_until_done(sink.test(net::within(std::chrono::seconds(1))))));
  }
}

TEST_F(InfluxTest, CertificatesAreVerifiedAsConfigured) {
  auto influx = influx_settings(InfluxVersion::v1);
  influx.ca_file = "/ca.pem";
  influx.reject_unauthorized = false;
  (void)write(influx, {two_services()});
  EXPECT_EQ(server_.requests.back().tls.ca_file, "/ca.pem");
  EXPECT_FALSE(server_.requests.back().tls.verify);
}

TEST(InfluxApi, EncodesAccounts) {
  config::InfluxDb influx{.version = InfluxVersion::v1, .username = "u"};
  for (const auto& [password, encoded] :
       {std::pair("", "dTo="), std::pair("a", "dTph"), std::pair("ab", "dTphYg=="),
        std::pair("\xC3\xBC\xFF", "dTrDvP8=")}) {
    influx.password = Secret(password);
    EXPECT_EQ(influx_login(influx).authorization(), std::string("Basic ") + encoded);
  }
  influx.username.clear();
  EXPECT_EQ(influx_login(influx).authorization(), "");
}

TEST(InfluxApi, QuotesNamesInStatements) {
  config::InfluxDb influx{.database = "a\"; DROP DATABASE \\x\nb"};
  EXPECT_EQ(influx_create_statement(influx), R"(CREATE DATABASE "a\"; DROP DATABASE \\x b")");
  influx.retention_policy = "p";
  EXPECT_THAT(influx_create_statement(influx),
              testing::EndsWith(R"( WITH DURATION INF REPLICATION 1 NAME "p")"));
  influx.retention_policy.clear();
  influx.retention = std::chrono::seconds(3601);
  EXPECT_THAT(influx_create_statement(influx),
              testing::EndsWith(" WITH DURATION 3601s REPLICATION 1"));
}

TEST(InfluxApi, CountsARefusalThatIsTooLongToBeWhole) {
  std::string body = R"({"error":"partial write of line protocol occurred","data":[)";
  for (int i = 0; i < 5; i++)
    body += R"({"error_message":"x","line_number":1,"original_line":"a"},)";
  const auto refusal = influx_refusal(answer(400, body));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->points, 5U);
}

}  // namespace
}  // namespace tocsin::notify
