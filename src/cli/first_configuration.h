// The configuration that `init` writes: what is proposed of a host's services, and the file. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/service.h"

namespace tocsin::cli {

/// A service that is to be watched.
struct ProposedService {
  std::string name;
  std::string display_name;
  std::string product;  ///< that it belongs to: "SQL Server"; empty: to none that is known
};

/// The services that should be watched: those that run and start automatically, known products
/// first, then by name. Not those that end by themselves: per-user services, what events start, and
/// what Windows stops when its work is done.
[[nodiscard]] std::vector<ProposedService> propose(std::span<const ObservedService> services);

/// "Qlik Sense (7 services), SQL Server (2), 58 others"; "nothing".
[[nodiscard]] std::string summary_of(std::span<const ProposedService> services);

struct FirstHost {
  std::string name;
  std::string port{};  ///< empty: the usual one
  std::vector<ProposedService> services{};
  std::string trouble{};  ///< why there are none; empty: there are
};

/// "server1" or "server1:1445". rejected: it is no name of a host.
[[nodiscard]] Result<FirstHost> parse_host(std::string_view text);

struct FirstDestination {
  enum class Kind : std::uint8_t { none, webhook, slack, teams, ntfy, email };
  Kind kind = Kind::none;
  std::string where{};        ///< URL, or address of mail
  std::string mail_server{};  ///< HOST or HOST:PORT

  /// As in alertDestination.
  [[nodiscard]] std::string_view name() const;
};

/// Rather than a URL.
[[nodiscard]] bool is_mail_address(std::string_view where);
/// Which kind it is: by the host of the URL, or an address of mail, which needs a server. rejected:
/// it is neither.
[[nodiscard]] Result<FirstDestination> parse_destination(const std::string& where,
                                                         const std::string& mail_server);

struct FirstConfiguration {
  std::string account{};     ///< empty: the one that tocsin runs as
  std::string password{};    ///< a reference: "${file:tocsin.password}"
  bool says_source = false;  ///< hosts are not asked by SMB unless they say so
  std::vector<FirstHost> hosts{};
  FirstDestination destination{};
};

/// YAML with comments. Services that all hosts have stand in a set; a host without services is a
/// comment.
[[nodiscard]] std::string write(const FirstConfiguration& first);

}  // namespace tocsin::cli
