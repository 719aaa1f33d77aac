#include "config/web.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "config/section/addresses.h"
#include "config/section/duplicates.h"
#include "config/section/spelling.h"

namespace tocsin::config {
namespace {

constexpr std::string_view kListenForm =
    "must be an address and a port, such as `127.0.0.1:8484` or `[::1]:8484`";

/// The address and the port of "127.0.0.1:8484" or "[::1]:8484".
std::optional<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  auto address = text.substr(0, colon);
  const bool has_brackets = address.starts_with('[') && address.ends_with(']');
  if (address.contains(':') != has_brackets) return std::nullopt;
  if (has_brackets) address = address.substr(1, address.size() - 2);
  const auto is_of_address = [](char c) {
    return std::string_view("0123456789abcdefABCDEF.:%").contains(c);
  };
  if (!std::ranges::all_of(address, is_of_address) || find_mistake_in_numbers(address))
    return std::nullopt;
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return std::pair(std::move(address), port);
}

std::optional<std::string> check_listen(const std::string& text) {
  if (parse_listen(text)) return std::nullopt;
  return std::string(kListenForm);
}

std::optional<std::string> check_base_path(const std::string& text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/-_.").contains(c);
  };
  if (text.starts_with('/') && !text.ends_with('/') && !text.contains("//") &&
      !text.contains("/.") && std::ranges::all_of(text, is_plain))
    return std::nullopt;
  return "must be a path such as `/tocsin`, without a slash at its end";
}

std::optional<std::string> check_hash(const std::string& text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() == 64 && std::ranges::all_of(text, is_digit)) return std::nullopt;
  return "must be a SHA-256 of 64 digits in lower case, as `tocsin web-token --new NAME` prints it";
}

/// RFC 7617, 2: a colon ends the name.
std::optional<std::string> check_user(const std::string& name) {
  if (name.empty()) return "must not be empty";
  if (name.contains(':')) return "must have no colon, which ends the name where it is sent";
  if (name.size() > kLongestUser) return "must have at most 128 bytes";
  return std::nullopt;
}

std::optional<std::string> check_password_hash(const std::string& text) {
  const auto parsed = ScryptHash::parse(text);
  return parsed ? std::nullopt : std::optional(parsed.error());
}

std::optional<std::string> check_header_name(const std::string& text) {
  const auto is_of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (!text.empty() && std::ranges::all_of(text, is_of_name)) return std::nullopt;
  return "must be the name of an HTTP header, such as `Remote-User`";
}

void read_role(Section& section, WebRole& role) {
  section.choice({.name = "role",
                  .description = "`read`: may look. `act`: may also silence, acknowledge, send "
                                 "again, test, diagnose, reload, and start and stop services of "
                                 "hosts with `control`.",
                  .example = "act"},
                 role);
}

/// What is wrong with the files is said when they are read: it must not keep alerts from anybody.
void read_tls(Section& section, Web& web) {
  const auto certificate = section.placed_text(
      {.name = "certificateFile",
       .description = "PEM file with the server's certificate and the intermediate ones: HTTPS "
                      "only. Read again at a reload.",
       .example = "/etc/tocsin/web.pem",
       .otherwise = "none: plain HTTP"});
  const auto key = section.placed_text(
      {.name = "keyFile",
       .description = "PEM file with the unencrypted private key of the certificate.",
       .example = "/etc/tocsin/web.key",
       .otherwise = "in the certificate's file"});
  if (certificate) web.certificate_file = section.path_at(certificate->place, certificate->text);
  if (key) web.key_file = section.path_at(key->place, key->text);
  for (const auto* file : {&web.certificate_file, &web.key_file})
    if (!file->empty()) section.reading().files_read.add(*file);
  if (key && !certificate)
    section.error(key->place, "`keyFile` belongs to a `certificateFile`, which is missing");
}

void read_tokens(Section& section, Web& web) {
  Duplicates names("web.tokens", "appear twice");
  section.list(
      {.name = "tokens",
       .description = "Bearer tokens of people and programs, besides the one in the data "
                      "directory. `tocsin web-token --new NAME` makes one."},
      web.tokens, [&](Section& entry, WebToken& token) {
        const auto place = entry.text({.name = "name",
                                       .description = "Who acts with the token, for the history.",
                                       .need = Need::required,
                                       .example = "alice"},
                                      token.name, must_not_be_empty);
        if (place) names.add(entry, token.name, *place);
        entry.text({.name = "hash",
                    .description = "SHA-256 of the token: it opens nothing by itself.",
                    .need = Need::required,
                    .example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
                   token.hash, check_hash);
        read_role(entry, token.role);
      });
}

void read_users(Section& section, Web& web) {
  Duplicates names("web.users", "appear twice");
  section.list({.name = "users",
                .description = "People who log in with a name and a password, which their browser "
                               "asks for. `tocsin web-password NAME` makes an entry."},
               web.users, [&](Section& entry, WebUser& user) {
                 const auto place = entry.text({.name = "name",
                                                .description = "Who logs in, for the history.",
                                                .need = Need::required,
                                                .example = "alice"},
                                               user.name, check_user);
                 if (place) names.add(entry, user.name, *place);
                 std::string hash;
                 const bool is_right =
                     entry
                         .text({.name = "passwordHash",
                                .description = "scrypt hash of the password (PHC format) that "
                                               "takes 16 to 64 MB.",
                                .need = Need::required,
                                .example = "$scrypt$ln=15,r=8,p=1$SALT$HASH"},
                               hash, check_password_hash)
                         .has_value();
                 if (is_right) user.password_hash = *ScryptHash::parse(hash);
                 read_role(entry, user.role);
               });
}

void read_proxy(Section& section, WebProxy& proxy) {
  section.section(
      {.name = "proxy",
       .description = "A reverse proxy that has let users in and names them in a header."},
      [&](Section& entry) {
        std::vector<PlacedText> addresses;
        entry.placed_texts(
            {.name = "addresses",
             .description = "Addresses of the proxy. The header of anybody else is ignored.",
             .example = "[127.0.0.1]",
             .otherwise = "none: the header is ignored"},
            addresses);
        for (const auto& [text, place, offset] : addresses) {
          if (parse_listen(text.contains(':') ? "[" + text + "]:1" : text + ":1"))
            proxy.addresses.push_back(text);
          else
            entry.error(place, "`addresses` must hold IP addresses");
        }
        entry.text({.name = "userHeader",
                    .description = "Header with the user's name.",
                    .example = "X-Forwarded-User"},
                   proxy.user_header, check_header_name);
        read_role(entry, proxy.role);
      });
}

}  // namespace

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

std::optional<std::string> find_mistake_in_user(const std::string& name) {
  if (auto mistake = find_stray_character({.text = name}, Writing::name)) return mistake;
  return check_user(name);
}

void read_web(Section& root, Web& web) {
  std::string listen = "127.0.0.1:8484";
  std::optional<Place> place;
  const auto section = root.section(
      {.name = "web", .description = "Dashboard, API and metrics over HTTP."}, [&](Section& entry) {
        entry.boolean({.name = "enable", .description = "Serves them.", .example = "true"},
                      web.enabled);
        place = entry.text(
            {.name = "listen",
             .description = "Address and port. Any address but a loopback one needs `tokens`, "
                            "`users` or a `proxy`, because its readers must log in. Port 0: the "
                            "system chooses.",
             .example = "127.0.0.1:8484"},
            listen, check_listen);
        entry.texts({.name = "allowedHosts",
                     .description = "Names by which browsers may address it, besides `localhost` "
                                    "and IP addresses: any other is refused (DNS rebinding).",
                     .example = "[tocsin.example.com]"},
                    web.allowed_hosts);
        entry.text({.name = "basePath",
                    .description = "Path under which a reverse proxy serves it, where the proxy "
                                   "passes it on.",
                    .example = "/tocsin",
                    .otherwise = "none"},
                   web.base_path, check_base_path);
        read_tls(entry, web);
        read_tokens(entry, web);
        read_users(entry, web);
        read_proxy(entry, web.proxy);
      });
  if (const auto parsed = parse_listen(listen)) std::tie(web.address, web.port) = *parsed;
  if (!web.enabled || is_loopback(web.address)) return;
  const auto where = place.value_or(section.value_or(root.place()));
  if (web.tokens.empty() && web.users.empty() && web.proxy.addresses.empty())
    root.error(where,
               "`listen` is open to other machines: add `tokens`, `users` or a `proxy`, or listen "
               "on 127.0.0.1");
  // Each request carries the password, which people use elsewhere too, unlike a token.
  if (!web.users.empty() && web.certificate_file.empty())
    root.warning(
        where,
        "passwords of `users` cross the network readable: set `certificateFile`, or listen "
        "on 127.0.0.1 behind a proxy that speaks HTTPS");
}

}  // namespace tocsin::config
