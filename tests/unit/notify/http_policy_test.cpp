#include "notify/http_policy.h"

#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tocsin::notify {
namespace {

using std::chrono::seconds;

const UrlSecrets kNone("http://h/");

TEST(HttpPolicy, JudgesEveryStatus) {
  const auto expected = [](int status) -> std::size_t {
    if (status >= 200 && status <= 299) return 0;
    return status == 400 || status == 410 || status == 413 || status == 422 ? 2 : 1;
  };
  const auto is_temporary = [](int status) {
    return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
  };
  for (int status = 0; status <= 1000; ++status) {
    const auto answer = judge(net::HttpResponse{.status = status}, kNone);
    EXPECT_EQ(answer.index(), expected(status)) << status;
    const auto* later = std::get_if<RetryAfter>(&answer);
    if (later != nullptr) EXPECT_EQ(later->may_be_final, !is_temporary(status)) << status;
  }
}

TEST(HttpPolicy, Only401ToAnAccountIsAboutTheLogin) {
  for (int status = 0; status <= 1000; ++status) {
    const auto answer = judge(net::HttpResponse{.status = status}, kNone, {.logs_in = LogsIn::yes});
    EXPECT_EQ(std::holds_alternative<LoginRefused>(answer), status == 401) << status;
    const auto* later = std::get_if<RetryAfter>(&answer);
    EXPECT_FALSE(later != nullptr && later->logged_in) << "a proxy may have answered: " << status;
  }
}

TEST(HttpPolicy, WhatAProxySaysIsNeverTheDestinationsWord) {
  const auto answer =
      judge(net::HttpResponse{.status = 403, .body = "denied", .proxy = "squid:3128"}, kNone,
            {.success_text = "", .final_status = 403});
  const auto* later = std::get_if<RetryAfter>(&answer);
  ASSERT_NE(later, nullptr);
  EXPECT_FALSE(later->may_be_final);
  EXPECT_EQ(later->reason, "403 Forbidden, from the proxy squid:3128: denied");
  EXPECT_TRUE(std::holds_alternative<LoginRefused>(
      judge(fail(ErrorKind::login_refused, "the proxy refuses the user"), kNone)));
}

TEST(HttpPolicy, PlainHttpAtATlsPortIsTriedAgain) {
  for (const char* words : {"The plain HTTP request was sent to HTTPS port",
                            "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
                            "Client sent an HTTP request to an HTTPS server."}) {
    const auto answer =
        judge(net::HttpResponse{.status = 400, .body = std::string("<p>") + words}, kNone);
    const auto* later = std::get_if<RetryAfter>(&answer);
    ASSERT_NE(later, nullptr) << words;
    EXPECT_FALSE(later->may_be_final);
    EXPECT_EQ(later->reason,
              "400 Bad Request: the port speaks TLS, so the URL must begin with https://");
  }
}

TEST(HttpPolicy, FindsWhoLogsInAtAUrl) {
  const auto info = user_info_of("https://us%65r:p%40ss:word@host:1/x@y");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->user, "user");
  EXPECT_EQ(info->password, "p@ss:word");
  EXPECT_EQ(user_info_of("https://token@host")->user, "token");
  EXPECT_FALSE(user_info_of("https://host/user@elsewhere"));
  EXPECT_FALSE(user_info_of("host"));
}

TEST(HttpPolicy, BelievesRetryAfterOnlyWhereItBelongs) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504}) {
    const auto answer =
        judge(net::HttpResponse{.status = status, .retry_after = seconds(9)}, kNone);
    const bool timed = status == 429 || status == 503;
    EXPECT_EQ(std::get<RetryAfter>(answer).after.has_value(), timed) << status;
  }
}

TEST(HttpPolicy, TriesAgainWhateverKeptTheAnswerFromComing) {
  for (const ErrorKind kind :
       {ErrorKind::unreachable, ErrorKind::timed_out, ErrorKind::malformed, ErrorKind::denied,
        ErrorKind::unsupported, ErrorKind::invalid_config}) {
    const auto answer = judge(fail(kind, "it broke"), kNone);
    ASSERT_TRUE(std::holds_alternative<RetryAfter>(answer));
    EXPECT_EQ(std::get<RetryAfter>(answer).reason, "it broke");
  }
}

TEST(HttpPolicy, KnowsWhetherTheContentIsRefused) {
  using enum Rejected::Refuses;
  for (const int status : {400, 413, 422})
    EXPECT_EQ(std::get<Rejected>(judge(net::HttpResponse{.status = status}, kNone)).refuses,
              content);
  for (const int status : {410})
    EXPECT_EQ(std::get<Rejected>(judge(net::HttpResponse{.status = status}, kNone)).refuses,
              everything);
}

TEST(HttpPolicy, SaysWhatTheServerSaid) {
  const auto reason = [](std::string body) {
    return std::get<Rejected>(
               judge(net::HttpResponse{.status = 400, .body = std::move(body)}, kNone))
        .reason;
  };
  EXPECT_EQ(reason(""), "400 Bad Request");
  EXPECT_EQ(reason("no such\nroom\x01"), "400 Bad Request: no such room?");
  EXPECT_EQ(reason("<h1>No</h1>room"), "400 Bad Request: No room");
  EXPECT_THAT(reason(std::string(1000, 'x')), testing::SizeIs(testing::Le(220)));
  EXPECT_EQ(std::get<RetryAfter>(judge(net::HttpResponse{.status = 302}, kNone)).reason,
            "302 Found: redirects are not followed, configure the final URL");
  EXPECT_EQ(describe_status(599), "599");
}

TEST(UrlSecrets, AreHiddenWhereverTheyStand) {
  const UrlSecrets secrets(
      "https://bob:hunter2@example.com/services/T0000000/a%2Fb%20cdefgh?key=abcdefgh&v=1#top");
  for (const auto& [said, shown] : {
           std::pair("nothing", "nothing"),
           std::pair("example.com says no", "example.com says no"),
           std::pair("Cannot POST /services/T0000000/a%2Fb%20cdefgh", "Cannot POST ***"),
           std::pair("Cannot POST /services/T0000000/a/b cdefgh", "Cannot POST ***"),
           std::pair("token T0000000, T0000000", "token ***, ***"),
           std::pair("{\"path\":\"\\/services\\/T0000000\"}", "{\"path\":\"\\/***\\/***\"}"),
           std::pair("key=abcdefgh&amp;v=1", "key=***&amp;v=1"),
           std::pair("user bob, password hunter2", "user ***, password ***"),
           std::pair("bob:hunter2", "***"),
       }) {
    EXPECT_EQ(secrets.hide(said), shown);
  }
}

TEST(UrlSecrets, APlainUrlHidesNothing) {
  for (const char* url : {"http://h", "http://h/", "http://h/?", "h", "", "://", "http://@h/"}) {
    EXPECT_EQ(UrlSecrets(url).hide("a/b?c=d h @ http://h/"), "a/b?c=d h @ http://h/") << url;
  }
}

}  // namespace
}  // namespace tocsin::notify
