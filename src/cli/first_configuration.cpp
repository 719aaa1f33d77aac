#include "cli/first_configuration.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "base/try.h"
#include "base/wildcard.h"
#include "config/migration/write_yaml.h"

namespace tocsin::cli {
namespace {

struct Product {
  std::string_view name;
  std::array<std::string_view, 8> patterns;  ///< folded; empty behind the last
};

/// In the order in which they are proposed.
constexpr std::array kProducts{
    Product{"Qlik Sense", {"QLIKSENSE*", "QLIKLOGGINGSERVICE"}},
    Product{"SQL Server",
            {"MSSQLSERVER", "MSSQL$*", "SQLSERVERAGENT", "SQLAGENT$*", "MSSQLSERVEROLAPSERVICE",
             "MSOLAP$*", "*REPORTSERVER*", "SQLSERVERREPORTINGSERVICES"}},
    Product{"IIS", {"W3SVC", "WAS", "IISADMIN"}},
    Product{"Exchange", {"MSEXCHANGE*"}},
    Product{"Active Directory", {"NTDS", "KDC", "DNS", "DFSR"}},
    Product{"Failover Clustering", {"CLUSSVC"}},
    Product{"Hyper-V", {"VMMS"}},
    Product{"PostgreSQL", {"POSTGRESQL*"}},
    Product{"MySQL", {"MYSQL*"}},
    Product{"Tomcat", {"TOMCAT*"}},
    Product{"Veeam", {"VEEAM*"}},
};

/// Services that start automatically and stop when their work is done.
constexpr std::array kEndByThemselves{
    std::string_view("SPPSVC"),     std::string_view("EDGEUPDATE*"),
    std::string_view("GUPDATE*"),   std::string_view("GOOGLEUPDATER*"),
    std::string_view("MAPSBROKER"), std::string_view("REMOTEREGISTRY"),
    std::string_view("BITS"),       std::string_view("TRUSTEDINSTALLER"),
    std::string_view("WUAUSERV"),   std::string_view("CLR_OPTIMIZATION_*"),
    std::string_view("CDPSVC"),     std::string_view("TILEDATAMODELSVC"),
    std::string_view("WBIOSRVC"),   std::string_view("SHELLHWDETECTION"),
    std::string_view("USOSVC"),     std::string_view("WAASMEDICSVC"),
    std::string_view("STORSVC"),    std::string_view("STISVC"),
    std::string_view("DOSVC"),      std::string_view("TABLETINPUTSERVICE"),
};

bool matches_any(std::span<const std::string_view> patterns, const ServiceName& name) {
  return std::ranges::any_of(
      patterns, [&](std::string_view pattern) { return matches_wildcard(pattern, name.key()); });
}

/// Its product; behind the last: it belongs to none.
const Product* product_of(const ServiceName& name) {
  return std::ranges::find_if(
      kProducts, [&](const Product& product) { return matches_any(product.patterns, name); });
}

/// Whether a configuration may name it as it is: a host may call its services anything.
bool is_plain(const std::string& name) {
  return !name.empty() && printable(name) == name && !has_wildcard(name) &&
         name.find("${") == std::string::npos;
}

bool should_be_watched(const ObservedService& service) {
  const auto* details = service.details.get();
  if (details == nullptr || service.status.state != ServiceState::running) return false;
  const bool is_automatic = details->start_mode == StartMode::automatic ||
                            details->start_mode == StartMode::automatic_delayed;
  if (!is_automatic || details->trigger_start || is_per_user(*details)) return false;
  return is_plain(service.name.text()) && !matches_any(kEndByThemselves, service.name);
}

/// "HOST" or "HOST:PORT", IPv6 in brackets.
std::pair<std::string, std::string> split_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos &&
                        (text.find(':') == colon || (colon > 0 && text[colon - 1] == ']'));
  auto host = text.substr(0, has_port ? colon : text.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), has_port ? std::string(text.substr(colon + 1)) : std::string()};
}

/// "hooks.slack.com"
std::string host_of(std::string_view url) {
  auto rest = url.substr(std::min(url.size(), url.find("://") + 3));
  rest = rest.substr(0, rest.find_first_of("/?#"));
  return fold_case(split_port(rest.substr(rest.find('@') + 1)).first);
}

std::string lines_of(std::span<const ProposedService> services, std::string_view indent) {
  std::string text;
  std::string product;
  for (const auto& service : services) {
    if (service.product != product && !service.product.empty())
      text += fmt::format("{}# {}\n", indent, service.product);
    if (service.product.empty() && !product.empty()) text += fmt::format("{}# others\n", indent);
    product = service.product;
    const auto line = fmt::format("{}- name: {}", indent, config::quoted_yaml(service.name));
    text += service.display_name.empty() || service.display_name == service.name
                ? line + "\n"
                : fmt::format("{:<44}  # {}\n", line, printable(service.display_name, 80));
  }
  return text;
}

/// Those that belong to no product and that all hosts have, where there are several.
std::vector<ProposedService> take_common(std::vector<FirstHost>& hosts) {
  std::map<std::string, std::size_t> counts;
  std::size_t known = 0;
  for (const auto& host : hosts) {
    if (!host.services.empty()) known++;
    for (const auto& service : host.services)
      if (service.product.empty()) counts[fold_case(service.name)]++;
  }
  std::vector<ProposedService> common;
  if (known < 2) return common;
  const auto is_common = [&](const ProposedService& service) {
    return service.product.empty() && counts[fold_case(service.name)] == known;
  };
  for (auto& host : hosts) {
    if (common.empty()) std::ranges::copy_if(host.services, std::back_inserter(common), is_common);
    std::erase_if(host.services, is_common);
  }
  return common;
}

std::string section_of(const FirstDestination& destination) {
  const auto url = config::quoted_yaml(destination.where);
  switch (destination.kind) {
    case FirstDestination::Kind::none:
      return "";
    case FirstDestination::Kind::webhook:
      return fmt::format(
          "  webhookNotification:\n    serviceMonitor:\n      webhooks:\n"
          "        - description: webhook\n          webhookURL: {}\n          httpMethod: POST\n",
          url);
    case FirstDestination::Kind::slack:
    case FirstDestination::Kind::teams:
      return fmt::format(
          "  {0}Notification:\n    serviceStopped: {{webhookURL: {1}}}\n"
          "    serviceStarted: {{webhookURL: {1}}}\n",
          destination.name(), url);
    case FirstDestination::Kind::ntfy:
      return fmt::format(
          "  ntfyNotification:\n    url: {}\n    topic: {}\n",
          config::quoted_yaml(destination.where.substr(0, destination.where.rfind('/'))),
          config::quoted_yaml(destination.where.substr(destination.where.rfind('/') + 1)));
    case FirstDestination::Kind::email: {
      const auto [server, port] = split_port(destination.mail_server);
      return fmt::format(
          "  emailNotification:\n    serviceStopped: &mail {{fromAddress: {0}, recipients: "
          "[{0}]}}\n"
          "    serviceStarted: *mail\n    smtp:\n      host: {1}\n      port: {2}\n",
          url, config::quoted_yaml(server), port.empty() ? "25" : port);
    }
  }
  return "";
}

}  // namespace

std::vector<ProposedService> propose(std::span<const ObservedService> services) {
  std::vector<std::pair<const Product*, const ObservedService*>> chosen;
  for (const auto& service : services)
    if (should_be_watched(service)) chosen.emplace_back(product_of(service.name), &service);
  std::ranges::sort(chosen, {},
                    [](const auto& one) { return std::pair(one.first, one.second->name); });
  std::vector<ProposedService> proposed;
  proposed.reserve(chosen.size());
  for (const auto& [product, service] : chosen)
    proposed.push_back({.name = service->name.text(),
                        .display_name = service->details->display_name,
                        .product = std::string(product != kProducts.end() ? product->name : "")});
  return proposed;
}

std::string summary_of(std::span<const ProposedService> services) {
  std::vector<std::string> parts;
  std::size_t others = 0;
  for (auto next = services.begin(); next != services.end();) {
    const auto end = std::find_if(next, services.end(), [&](const ProposedService& one) {
      return one.product != next->product;
    });
    const auto count = static_cast<std::size_t>(end - next);
    if (next->product.empty())
      others += count;
    else
      parts.push_back(fmt::format("{} ({})", next->product, count));
    next = end;
  }
  if (others > 0)
    parts.push_back(parts.empty() ? fmt::format("{} services", others)
                                  : fmt::format("{} others", others));
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", "));
}

Result<FirstHost> parse_host(std::string_view text) {
  auto [name, port] = split_port(text);
  const bool is_name = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
  });
  const bool is_port =
      port.empty() ||
      (port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }));
  if (!is_name || !is_port)
    return fail(ErrorKind::rejected,
                "\"" + printable(text) + "\" is no host: give its name or address");
  return FirstHost{.name = std::move(name), .port = std::move(port)};
}

std::string_view FirstDestination::name() const {
  constexpr std::array<std::string_view, 6> kNames{"",      "webhook", "slack",
                                                   "teams", "ntfy",    "email"};
  return kNames.at(static_cast<std::size_t>(kind));
}

bool is_mail_address(std::string_view where) {
  return where.contains('@') && !where.contains("://");
}

Result<FirstDestination> parse_destination(const std::string& where,
                                           const std::string& mail_server) {
  using enum FirstDestination::Kind;
  if (where.empty()) return FirstDestination{};
  if (where.starts_with("http://") || where.starts_with("https://")) {
    const auto host = host_of(where);
    auto kind = webhook;
    if (host == "HOOKS.SLACK.COM") kind = slack;
    if (host.ends_with("LOGIC.AZURE.COM") || host.ends_with("POWERPLATFORM.COM")) kind = teams;
    if (host.starts_with("NTFY.")) kind = ntfy;
    return FirstDestination{.kind = kind, .where = where};
  }
  if (!is_mail_address(where))
    return fail(ErrorKind::rejected,
                "give the URL (https://...) of a Slack, Teams or other webhook, or an email "
                "address");
  if (mail_server.empty())
    return fail(ErrorKind::rejected, "mails need a server: --mail-server HOST");
  TRY(parse_host(mail_server));
  return FirstDestination{.kind = email, .where = where, .mail_server = mail_server};
}

std::string write(const FirstConfiguration& first) {
  auto hosts = first.hosts;
  const auto common = take_common(hosts);
  std::string text =
      "# Written by `tocsin init`. Look at it with `tocsin check`, start with `tocsin run`; after "
      "a "
      "change\n# `tocsin validate` lists mistakes. All keys: docs/configuration.md\n"
      "tocsin:\n  serviceMonitor:\n    frequency: every 30 seconds   # how long a change may go "
      "unnoticed where the host does not tell of it at once\n";
  if (!first.account.empty())
    text += fmt::format(
        "    credentials:\n      - name: monitoring\n        username: {}\n        password: {}\n",
        config::quoted_yaml(first.account), first.password);
  if (!common.empty())
    text += fmt::format(
        "    serviceSets:\n      - name: all   # what runs on all of the hosts\n"
        "        services:\n{}",
        lines_of(common, "          "));
  text += "    monitor:\n";
  for (const auto& host : hosts) {
    const bool had_services = !host.services.empty() || !common.empty();
    if (!host.trouble.empty() || !had_services) {
      const auto why = host.trouble.empty() ? "nothing was found to watch" : host.trouble;
      text += fmt::format("      # - host: {}   # {}\n", config::quoted_yaml(host.name),
                          printable(why, 200));
      continue;
    }
    text += fmt::format("      - host: {}\n", config::quoted_yaml(host.name));
    if (!host.port.empty()) text += fmt::format("        port: {}\n", host.port);
    if (!first.account.empty()) text += "        credentials: monitoring\n";
    if (!first.account.empty() && first.says_source) text += "        source: smb\n";
    if (!common.empty()) text += "        sets: [all]\n";
    if (!host.services.empty())
      text += "        services:\n" + lines_of(host.services, "          ");
  }
  if (first.destination.kind == FirstDestination::Kind::none) {
    text +=
        "    # Nobody is notified yet. Slack, Teams, email and others: docs/destinations.md\n"
        "    # alertDestination:\n    #   webhook: {enable: true}\n"
        "  # webhookNotification:\n  #   serviceMonitor:\n  #     webhooks:\n"
        "  #       - {description: Operations, webhookURL: 'https://...', httpMethod: POST}\n";
  } else {
    text += fmt::format("    alertDestination:\n      {}: {{enable: true}}\n",
                        first.destination.name());
  }
  return text + section_of(first.destination);
}

}  // namespace tocsin::cli
