#include "web/pages.h"

#include "web/embedded.h"

namespace tocsin::web {
namespace {

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

Response page(const EmbeddedFile& file, const Request& request) {
  Response response{
      .type = file.type,
      .headers = {
          {"ETag", std::string(file.etag)},
          {"Cache-Control", file.is_versioned ? "public, max-age=31536000, immutable" : "no-cache"},
          {"Vary", "Accept-Encoding"}}};
  if (request.header("if-none-match").value_or("") == file.etag) {
    response.status = 304;
    return response;
  }
  response.body = file.gzip;
  response.is_gzip = true;
  return response;
}

Handler plain(std::string_view text) {
  return [text](const Call& /*call*/) -> net::awaitable<Answer> {
    co_return Response{.type = "text/plain; charset=utf-8", .body = std::string(text)};
  };
}

}  // namespace

void add_pages(Router& router) {
  for (const auto& file : embedded_files()) {
    router.add(
        {Method::get, file.path, Role::none, [&file](const Call& call) -> net::awaitable<Answer> {
           co_return page(file, call.request);
         }});
  }
}

void add_login(Router& router) {
  router.add({Method::get, kLoginPath, Role::none, [](const Call& call) -> net::awaitable<Answer> {
                if (call.visitor.name.empty())
                  co_return call.access->ask_to_log_in(call.request, "log in");
                Response answer{.status = 303, .type = {}};
                answer.headers.emplace_back("Location", "./");
                co_return answer;
              }});
}

void add_own_state(Router& router, Monitor& monitor) {
  router.add({Method::get, "/healthz", Role::none, plain("ok\n")});
  router.add({Method::get, "/readyz", Role::none,
              [&monitor](const Call& /*call*/) -> net::awaitable<Answer> {
                if (monitor.is_ready())
                  co_return Response{.type = "text/plain; charset=utf-8", .body = "ready\n"};
                co_return problem(503, "tocsin is starting, or changes its configuration");
              }});
  router.add({Method::get, "/metrics", Role::read,
              [&monitor](const Call& /*call*/) -> net::awaitable<Answer> {
                co_return Response{.type = kMetricsType, .body = co_await monitor.metrics()};
              }});
}

}  // namespace tocsin::web
