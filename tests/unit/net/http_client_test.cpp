#include "net/http_client.h"

#include <array>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/gate.h"
#include "kit/platform.h"
#include "kit/turns.h"
#include "net/task_scope.h"
#include "unit/net/http_client_test.h"

namespace tocsin::net {
namespace {

using namespace std::chrono_literals;
using kit::HttpReply;

TEST_F(HttpClientTest, SendsWhatItIsGiven) {
  kit::HttpImposter server;
  server.otherwise({{.status = 200, .body = "heard"}});
  for (const std::string method : {"POST", "PUT"}) {
    const auto answer = fetch({.method = method,
                               .url = server.url() + "/a/../b?sig=x%2Fy&z=\xC3\xA9",
                               .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                               .body = "{\"a\":1}"});
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "heard");
    const auto request = server.journal().back();
    EXPECT_EQ(request.method, method);
    EXPECT_EQ(request.target, "/a/../b?sig=x%2Fy&z=%C3%A9");
    EXPECT_EQ(request.header("Content-Type"), "application/json");
    EXPECT_EQ(request.header("Expect"), "");
    EXPECT_THAT(request.headers, ::testing::Contains(std::pair("X-Empty", "")));
    EXPECT_EQ(request.body, "{\"a\":1}");
  }
}

TEST_F(HttpClientTest, GetsWithoutABody) {
  kit::HttpImposter server;
  server.otherwise({{.status = 200}});
  ASSERT_TRUE(get(server.url() + "/?event=x"));
  const auto request = server.journal().back();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/?event=x");
  EXPECT_EQ(request.header("Content-Type"), "");
  EXPECT_EQ(request.body, "");
}

TEST_F(HttpClientTest, AddsNoContentTypeOfItsOwn) {
  if (kit::kIsWindows) GTEST_SKIP() << "Wine does not say when there is room to send on";
  kit::HttpImposter server;
  ASSERT_TRUE(fetch({.url = server.url(), .body = std::string(2'000'000, 'x')}));
  EXPECT_EQ(server.journal().back().header("Content-Type"), "");
  EXPECT_EQ(server.journal().back().body.size(), 2'000'000);
}

TEST_F(HttpClientTest, EveryStatusIsAnAnswer) {
  kit::HttpImposter server;
  for (const int status : {204, 302, 400, 404, 500, 503}) {
    server.otherwise({{.status = status, .headers = {{"Location", "/elsewhere"}}}});
    const auto before = server.journal().size();
    const auto answer = fetch({.url = server.url() + "/hook"});
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->retry_after, std::nullopt);
    EXPECT_EQ(server.journal().size(), before + 1) << "a redirect was followed";
  }
}

TEST_F(HttpClientTest, ReadsRetryAfter) {
  kit::HttpImposter server;
  server.otherwise({{.status = 429, .headers = {{"retry-after", "120"}}},
                    {.status = 503, .headers = {{"Retry-After", "Wed, 21 Oct 2099 07:28:00 GMT"}}},
                    {.status = 503, .headers = {{"Retry-After", "whenever"}}}});
  EXPECT_EQ(fetch({.url = server.url()})->retry_after, 120s);
  EXPECT_EQ(fetch({.url = server.url()})->retry_after, 24h);
  EXPECT_EQ(fetch({.url = server.url()})->retry_after, std::nullopt);
}

TEST_F(HttpClientTest, KeepsTheConnection) {
  kit::HttpImposter server;
  for (int i = 0; i < 5; i++) ASSERT_TRUE(fetch({.url = server.url(), .body = "{}"}));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, NothingOfOneRequestIsInTheNext) {
  kit::HttpImposter server;
  server.otherwise({{.status = 429, .headers = {{"Retry-After", "7"}}, .body = "busy"}, {}});
  const auto url = server.url() + "/hook";
  const auto busy = fetch({.url = url, .headers = {{"X-First", "1"}}, .body = "the first"});
  EXPECT_EQ(busy->retry_after, std::chrono::seconds(7));
  const auto taken = fetch({.url = url, .headers = {{"X-Second", "2"}}});
  EXPECT_EQ(taken->status, 200);
  EXPECT_EQ(taken->body, "");
  EXPECT_EQ(taken->retry_after, std::nullopt);
  ASSERT_TRUE(fetch({.method = "PUT", .url = url, .body = "the third"}));
  ASSERT_TRUE(get(url));
  ASSERT_TRUE(fetch({.url = url, .body = "a longer last one"}));
  const auto journal = server.journal();
  ASSERT_EQ(journal.size(), 5);
  EXPECT_EQ(journal[0].header("X-First"), "1");
  EXPECT_EQ(journal[1].header("X-First"), "");
  EXPECT_EQ(journal[1].header("X-Second"), "2");
  std::vector<std::string> sent;
  sent.reserve(journal.size());
  for (const auto& entry : journal) sent.push_back(entry.method + " " + entry.body);
  EXPECT_THAT(sent, testing::ElementsAre("POST the first", "POST ", "PUT the third", "GET ",
                                         "POST a longer last one"));
}

TEST_F(HttpClientTest, NoHeaderBeginsAnother) {
  kit::HttpImposter server;
  ASSERT_TRUE(fetch({.url = server.url(),
                     .headers = {{"X-Service", "a\r\nX-Evil: 1"},
                                 {"X-Other\r\nX-Evil", "2"},
                                 {"X-Last", "b\n\nX-Evil: 3"}}}));
  const auto request = server.journal().back();
  EXPECT_EQ(request.header("X-Evil"), "");
  EXPECT_EQ(request.header("X-Service"), "aX-Evil: 1");
  EXPECT_EQ(request.header("X-Last"), "bX-Evil: 3");
}

TEST_F(HttpClientTest, KeepsOnlySoMuchOfTheBody) {
  kit::HttpImposter server;
  server.otherwise({{.status = 500, .body = std::string(3'000'000, 'x')}, {.status = 200}});
  const auto answer = fetch({.url = server.url()});
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->body.size(), HttpResponse::kMostBody);
  ASSERT_TRUE(fetch({.url = server.url()}));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, ManyAtOnce) {
  kit::HttpImposter server;
  server.otherwise({{.status = 200, .held = true}});
  constexpr std::size_t kMany = 100;
  std::size_t answered = 0;
  TaskScope scope(loop_.executor());
  for (std::size_t i = 0; i < kMany; i++) {
    scope.spawn([](HttpClient& client, std::string url, std::size_t& count) -> awaitable<void> {
      const auto answer = co_await client.fetch({.url = url}, within(kHttpTooLong));
      if (answer && answer->status == 200) count++;
    }(client_, server.url(), answered));
  }
  loop_.run_until_done([](TaskScope& all, kit::HttpImposter& from) -> awaitable<void> {
    co_await kit::let_others_run();
    EXPECT_TRUE(from.wait_for(kMany));
    from.release();
    co_await all.join();
  }(scope, server));
  EXPECT_EQ(answered, kMany);
}

struct FailureRow {
  HttpReply::Form form;
  ErrorKind kind;
  std::string_view what;
};

TEST_F(HttpClientTest, BrokenAnswersAreErrors) {
  using Form = HttpReply::Form;
  for (const auto& [form, kind, what] : std::initializer_list<FailureRow>{
           {Form::closed, ErrorKind::unreachable,
            "the connection was closed before an answer came; if the port speaks TLS, the URL must "
            "begin with https://"},
           {Form::cut, ErrorKind::unreachable,
            "the connection was closed in the middle of the answer"},
           {Form::garbage, ErrorKind::malformed,
            "the answer is not HTTP; if the port speaks TLS, the URL must begin with https://"}}) {
    kit::HttpImposter server;
    server.otherwise({{.status = 200, .body = "half", .form = form}});
    const auto answer = fetch({.url = server.url() + "/secret?sig=secret"});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, kind);
    EXPECT_EQ(answer.error().what,
              "127.0.0.1:" + std::to_string(server.port()) + ": " + std::string(what));
  }
}

TEST_F(HttpClientTest, NobodyListens) {
  std::string origin = "127.0.0.1:";
  {
    kit::HttpImposter gone;
    origin += std::to_string(gone.port());
  }
  const auto answer = get("http://user:hidden@" + origin + "/secret?token=hidden");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(answer.error().what, origin + ": Connection refused");
}

TEST_F(HttpClientTest, NoSuchHost) {
  const std::string host(64, 'x');  // longer than a label may be, so that no name server is asked
  const auto answer = get("http://" + host + "/secret");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  EXPECT_EQ(answer.error().what, host + ":80: no such host name");
}

TEST_F(HttpClientTest, OnlyHttpAndHttps) {
  for (const auto* url :
       {"ftp://127.0.0.1/", "file:///etc/hostname", "127.0.0.1 x", "http://", ""}) {
    const auto answer = get(url);
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid_config) << url;
    EXPECT_EQ(answer.error().what, "the URL is not one of http or https");
  }
}

TEST_F(HttpClientTest, TheDeadlineEndsTheWait) {
  kit::HttpImposter server;
  server.otherwise({{.status = 200, .held = true}, {.status = 200}});
  const auto answer = fetch_in_vain(loop_, client_, server, {.url = server.url() + "/secret"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out);
  EXPECT_EQ(answer.error().what,
            "127.0.0.1:" + std::to_string(server.port()) + ": no answer in time");
  ASSERT_TRUE(fetch({.url = server.url()}));
  EXPECT_EQ(server.connections(), 2) << "the connection that owes an answer was used again";
}

TEST_F(HttpClientTest, TheConnectLimitEndsTheHandshake) {
  // The system accepts the connection; nobody answers the TLS hello.
  boost::asio::io_context context;
  const boost::asio::ip::tcp::acceptor silent(context,
                                              {boost::asio::ip::address_v4::loopback(), 0});
  const auto origin = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  const auto answer = fetch({.url = "https://" + origin, .connect_limit = 50ms});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timed_out);
  EXPECT_EQ(answer.error().what, origin + ": no connection within the connect limit");
}

TEST_F(HttpClientTest, CancellingThrowsAndAbortsTheTransfer) {
  kit::HttpImposter server;
  server.otherwise({{.status = 200, .held = true}, {.status = 200}});
  bool thrown = false;
  TaskScope scope(loop_.executor());
  scope.spawn([](HttpClient& client, std::string url, bool& aborted) -> awaitable<void> {
    try {
      co_await client.fetch({.url = url}, within(kHttpTooLong));
    } catch (const boost::system::system_error& error) {
      aborted = error.code() == boost::asio::error::operation_aborted;
      throw;
    }
  }(client_, server.url(), thrown));
  loop_.run_until_done([](TaskScope& all, kit::HttpImposter& from) -> awaitable<void> {
    co_await kit::let_others_run();
    EXPECT_TRUE(from.wait_for(1));
    all.cancel();
    co_await all.join();
  }(scope, server));
  EXPECT_TRUE(thrown);
  ASSERT_TRUE(fetch({.url = server.url()}));
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpClientTest, EndsWithTransfersUnderWay) {
  kit::HttpImposter server;
  server.otherwise({{.status = 200, .held = true}});
  const auto begun = std::chrono::steady_clock::now();
  {
    Loop loop;
    HttpClient client(loop.executor());
    EXPECT_FALSE(fetch_in_vain(loop, client, server, {.url = server.url()}));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kHttpTooLong);
}

TEST_F(HttpClientTest, ReadsWhatIsCompressedThoughItAsksForNothing) {
  kit::HttpImposter server;
  // gzip: "denied"
  constexpr std::string_view kDenied(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x49\xcd\xcb\x4c\x4d\x01\x00\xee\x5e\xdf\xbd"
      "\x06\x00\x00\x00",
      26);
  server.otherwise(
      {{.status = 500, .headers = {{"Content-Encoding", "gzip"}}, .body = std::string(kDenied)}});
  const auto answer = fetch({.url = server.url()});
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->body, "denied");
  EXPECT_EQ(server.journal().back().header("Accept-Encoding"), "identity");
}

TEST_F(HttpClientTest, AStatusOfSuccessMaySuffice) {
  kit::HttpImposter server;
  for (const int status : {200, 500}) {
    server.otherwise({{.status = status, .body = "half", .form = HttpReply::Form::cut}});
    const auto answer = fetch({.url = server.url(), .needs = HttpRequest::Needs::status_line});
    ASSERT_EQ(answer.has_value(), status == 200);
    if (answer) EXPECT_EQ(answer->status, 200);
  }
}

/// A server that answers the first request, and then once more when it is asked to.
struct TalkativeServer {
  void run() {
    const auto serve = [this](std::string_view reply) {
      auto socket = acceptor.accept();
      std::array<char, 4096> request{};
      boost::system::error_code ended;
      socket.receive(boost::asio::buffer(request), 0, ended);
      boost::asio::write(socket, boost::asio::buffer(reply), ended);
      return socket;
    };
    auto first = serve("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    speak.wait();
    constexpr std::string_view kUnasked = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked";
    boost::asio::write(first, boost::asio::buffer(kUnasked));
    spoken.open();
    auto second = serve("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    done.wait();
  }
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor{context, {boost::asio::ip::address_v4::loopback(), 0}};
  kit::Gate speak;
  kit::Gate spoken;
  kit::Gate done;
};

TEST_F(HttpClientTest, AReplyThatNobodyAskedForEndsTheKeptConnection) {
  TalkativeServer server;
  const std::jthread thread([&] { server.run(); });
  const auto url = "http://127.0.0.1:" + std::to_string(server.acceptor.local_endpoint().port());
  EXPECT_EQ(fetch({.url = url})->status, 503);
  server.speak.open();
  server.spoken.wait();
  const auto answer = fetch({.url = url});
  boost::asio::io_context context;  // whatever became of it, the server ends
  boost::asio::ip::tcp::socket(context).connect(server.acceptor.local_endpoint());
  server.done.open();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 503) << "the answer to nothing was taken for this one's";
}

}  // namespace
}  // namespace tocsin::net
