// `health`: asks the running tocsin over HTTP, for supervisors that can only start a program.
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/load.h"
#include "net/http_client.h"
#include "net/loop.h"

namespace tocsin::cli {
namespace {

constexpr auto kAnswerLimit = std::chrono::seconds(5);
constexpr int kStatusOk = 200;

/// Of the page on this machine; what listens on all addresses is asked on loopback.
std::string health_url(const config::Web& web) {
  auto address = web.address;
  if (address == "0.0.0.0") address = "127.0.0.1";
  if (address == "::") address = "::1";
  if (address.contains(':')) address = "[" + address + "]";
  return fmt::format("{}://{}:{}{}/healthz", web.certificate_file.empty() ? "http" : "https",
                     address, web.port, web.base_path);
}

net::HttpRequest health_request(const config::Web& web) {
  net::HttpRequest request{.method = "GET", .url = health_url(web)};
  request.tls.verify = false;  // the certificate is for the name that browsers use
  request.proxy.url = "";
  return request;
}

/// Supervisors keep what a health check says: the file's warnings are not for them, each time.
void print_error(config::Severity severity, const std::string& line) {
  if (severity == config::Severity::error) print_finding(severity, line);
}

}  // namespace

int health(const HealthOptions& options) {
  const auto config = load(options.configuration, print_error);
  if (!config) return kExitBadConfiguration;
  const auto& web = config->web;
  if (!web.enabled || web.port == 0)
    return failed("only a tocsin with a dashboard on a fixed port can be asked: see `web`");
  net::Loop loop;
  return loop.run_until_done([&]() -> net::awaitable<int> {
    net::HttpClient client(loop.executor());
    const auto answer = co_await client.fetch(health_request(web), net::within(kAnswerLimit));
    if (!answer) co_return failed(answer.error().what);
    if (answer->status != kStatusOk)
      co_return failed(fmt::format("what listens there answers {}: is it tocsin?", answer->status));
    fmt::print("ok\n");
    co_return kExitOk;
  }());
}

}  // namespace tocsin::cli
