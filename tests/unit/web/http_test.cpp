#include "web/http.h"

#include <gmock/gmock.h>

namespace tocsin::web {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kPost =
    "POST /api/v1/silences?a=b HTTP/1.1\r\nHost: localhost:8484\r\n"
    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

TEST(RequestReader, ReadsARequestThatComesByteByByte) {
  RequestReader reader;
  for (std::size_t i = 0; i + 1 < kPost.size(); i++) {
    reader.add(kPost.substr(i, 1));
    const auto request = reader.next();
    ASSERT_TRUE(request);
    ASSERT_FALSE(*request);
    ASSERT_FALSE(reader.is_idle());
  }
  reader.add(kPost.substr(kPost.size() - 1));
  const auto request = reader.next();
  ASSERT_TRUE(request && *request);
  EXPECT_EQ((*request)->method, Method::post);
  EXPECT_EQ((*request)->body, "{}");
  EXPECT_EQ((*request)->header("content-type"), "application/json");
  EXPECT_EQ((*request)->header("host"), "localhost:8484");
  EXPECT_TRUE((*request)->keep_alive);
  EXPECT_TRUE(reader.is_idle());
}

TEST(RequestReader, ReadsRequestsThatComeTogether) {
  RequestReader reader;
  reader.add(std::string(kPost) + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto first = reader.next();
  ASSERT_TRUE(first && *first);
  const auto second = reader.next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->method, Method::get);
  EXPECT_FALSE((*second)->keep_alive);
  EXPECT_TRUE(reader.is_idle());
}

int status_of(std::string_view bytes) {
  RequestReader reader;
  reader.add(bytes);
  const auto request = reader.next();
  return request ? 0 : request.error().status;
}

TEST(RequestReader, RefusesWhatIsNoRequestOfOurs) {
  EXPECT_EQ(status_of("\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("PUT / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
  EXPECT_EQ(status_of("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
  EXPECT_EQ(status_of("GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST(RequestReader, TakesABodyOfKnownLengthOnly) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n"),
            400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
                      "2\r\n\r\n"),
            417);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n"), 413);
}

TEST(RequestReader, BoundsTheHeader) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x')), 431);
  EXPECT_EQ(status_of(std::string(20'000, 'G')), 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 4000; i++) many += "X: y\r\n";
  EXPECT_EQ(status_of(many), 431);
}

TEST(Problem, IsJsonThatSaysWhatIsWrong) {
  const auto answer = problem(404, "there is no such \"host\"");
  EXPECT_EQ(answer.type, "application/problem+json");
  EXPECT_EQ(answer.body,
            R"({"title":"Not Found","status":404,"detail":"there is no such \"host\""})");
}

TEST(HeadOf, SaysHowLongTheBodyIs) {
  const auto head = head_of({.headers = {{"Vary", "Accept-Encoding"}}}, 7, false);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(head, HasSubstr("Vary: Accept-Encoding\r\nConnection: close\r\n\r\n"));
}

}  // namespace
}  // namespace tocsin::web
