// bench_logons PORT USER PASSWORD REALM COUNT SERVER...: logs in to the SMB server on 127.0.0.1, as
// the probe does, COUNT times by NTLM and by Kerberos in turn. Says in three lines the microseconds
// of this process's CPU for each login: by NTLM; by Kerberos with a ticket for the first SERVER
// that is there already; by Kerberos where the KDC must be asked for one first, once for each
// SERVER. The ticket-granting ticket is there in any case. $KRB5_CONFIG knows the KDC.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "kerberos/tickets.h"
#include "net/loop.h"
#include "net/tcp.h"
#include "platform/process.h"
#include "probe/smb/smb_login.h"
#include "probe/smb/smb_session.h"

namespace tocsin::bench {
namespace {

using config::Authentication;

struct Account {
  std::uint16_t port;
  std::string user;
  std::string password;
  std::string realm;
};

/// Of all threads, in microseconds.
double used_cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

template <typename T>
T demand(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().what);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class Logons {
 public:
  explicit Logons(Account account) : account_(std::move(account)) {}

  void run(std::size_t count, std::span<const std::string> servers) {
    const auto& first = servers.front();
    once(Authentication::kerberos, first);
    once(Authentication::ntlm, first);
    std::vector<double> ntlm;
    std::vector<double> known;
    std::vector<double> unknown;
    for (std::size_t number = 0; number < count; ++number) {
      ntlm.push_back(once(Authentication::ntlm, first));
      known.push_back(once(Authentication::kerberos, first));
      if (number + 1 < servers.size())
        unknown.push_back(once(Authentication::kerberos, servers[number + 1]));
    }
    for (const auto& way : {ntlm, known, unknown}) fmt::print("{:.1f}\n", fmt::join(way, " "));
  }

 private:
  double once(Authentication how, const std::string& server) {
    return loop_.run_until_done(log_in(how, server));
  }

  net::awaitable<double> log_in(Authentication how, std::string server) {
    config::Host host;
    host.name = HostName(server);
    host.address = "127.0.0.1";
    host.server_name = server;
    host.port = account_.port;
    config::Credentials credentials{.name = "bench",
                                    .username = account_.user,
                                    .password = Secret(account_.password),
                                    .authentication = how};
    if (how == Authentication::kerberos) credentials.realm = account_.realm;
    host.credentials = std::make_shared<const config::Credentials>(std::move(credentials));
    probe::SmbLogin login({.host = host, .options = options_, .random = random_, .clock = clock_});
    const probe::SmbSession::Environment environment{host, options_, connector_, random_, login};
    const auto deadline = net::within(std::chrono::seconds(30));
    const auto session = demand(co_await probe::SmbSession::connect(environment, deadline));
    demand(co_await session->negotiate(deadline));
    const auto before = used_cpu();
    demand(co_await session->log_in(deadline));
    const auto used = used_cpu() - before;
    co_await session->log_off(deadline);
    co_return used;
  }

  const Account account_;
  const SystemClock clock_;
  const RandomFill random_ = platform::system_random();
  net::Loop loop_;
  net::Connector connector_{loop_.executor()};
  kerberos::Tickets tickets_{loop_.executor(), kerberos::this_library()};
  const probe::SmbProbeOptions options_{.tickets = &tickets_};
};

}  // namespace
}  // namespace tocsin::bench

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 6) return 2;
  const auto number = [](const std::string& word) {
    return std::strtoul(word.c_str(), nullptr, 10);
  };
  try {
    tocsin::bench::Logons({.port = static_cast<std::uint16_t>(number(words[0])),
                           .user = words[1],
                           .password = words[2],
                           .realm = words[3]})
        .run(number(words[4]), std::span(words).subspan(5));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
