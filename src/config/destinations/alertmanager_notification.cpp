#include "config/destinations/alertmanager_notification.h"

#include <algorithm>
#include <optional>
#include <string>

#include "config/destinations/common_keys.h"
#include "config/section/url.h"

namespace tocsin::config {
namespace {

/// The data model of Prometheus: [a-zA-Z_][a-zA-Z0-9_]*.
std::optional<std::string> check_label_name(const std::string& text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const bool valid =
      !text.empty() && is_letter(text.front()) &&
      std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
  if (!valid) return "must have only letters, digits and _, and must not begin with a digit";
  if (text == "alertname" || text == "host" || text == "service")
    return "must not be alertname, host or service: tocsin sets these itself";
  return std::nullopt;
}

void read_server(Section& entry, AlertmanagerServer& server) {
  entry.text({.name = "url",
              .description = "URL of the server, with its path prefix if it has one.",
              .need = Need::required,
              .example = "https://alertmanager.example.com"},
             server.url, check_http_url);
  entry.text({.name = "username",
              .description = "User name, if the server requires a login.",
              .example = "tocsin"},
             server.username);
  entry.secret({.name = "password",
                .description = "Password of `username`.",
                .example = "${env:ALERTMANAGER_PASSWORD}"},
               server.password);
  entry.section({.name = "cert", .description = "Verification of an https server."},
                [&server](Section& inner) {
                  read_certificate(inner, server.ca_file, server.reject_unauthorized);
                });
}

}  // namespace

void read_settings(Section& section, bool wanted, Alertmanager& alertmanager) {
  alertmanager.enabled = read_enable(section, wanted);
  section.list({.name = "servers",
                .description = "Alertmanager servers; every member of a cluster gets every alert."},
               alertmanager.servers, read_server);
  const auto* servers = section.raw("servers");
  if (alertmanager.enabled && (servers == nullptr || servers->children.empty()))
    section.warning(section.place(), "Alertmanager gets no alerts: `servers` is empty");
  section.list({.name = "labels", .description = "Labels added to every alert."},
               alertmanager.labels, [](Section& entry, auto& label) {
                 entry.text({.name = "name",
                             .description = "Name of the label.",
                             .need = Need::required,
                             .example = "team"},
                            label.first, check_label_name);
                 entry.text({.name = "value",
                             .writing = Writing::prose,
                             .description = "Value of the label.",
                             .need = Need::required,
                             .example = "windows"},
                            label.second, must_not_be_empty);
               });
}

}  // namespace tocsin::config
