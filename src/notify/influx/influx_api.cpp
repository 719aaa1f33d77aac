#include "notify/influx/influx_api.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tocsin::notify {
namespace {

using nlohmann::json;

/// "10d": the largest unit that all three versions read and that leaves nothing over.
std::string in_words(std::chrono::seconds retention) {
  const auto count = retention.count();
  if (count % 86'400 == 0) return std::to_string(count / 86'400) + "d";
  if (count % 3600 == 0) return std::to_string(count / 3600) + "h";
  return std::to_string(count) + "s";
}

/// An identifier of InfluxQL.
std::string identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + '"';
}

json parsed(const std::string& body) { return json::parse(body, nullptr, false); }

std::optional<std::string> text_at(const json& object, const char* key) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

/// The number after the last `word` of a text.
std::optional<std::size_t> number_after(std::string_view text, std::string_view word) {
  const auto at = text.rfind(word);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + word.size());
  std::size_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc{}) return std::nullopt;
  return number;
}

std::size_t occurrences(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
    count++;
  return count;
}

/// v3: one entry for each line that was refused.
std::optional<Refusal> refusal_by_line(const json& body) {
  const auto data = body.is_object() ? body.find("data") : body.end();
  if (!body.is_object() || data == body.end() || !data->is_array() || data->empty())
    return std::nullopt;
  return Refusal{.points = data->size(),
                 .reason = text_at(body, "error").value_or("partial write") + ": " +
                           text_at(data->front(), "error_message").value_or("")};
}

}  // namespace

std::string influx_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out;
}

std::string influx_write_url(const config::InfluxDb& influx, Policy policy) {
  const auto database = influx_encoded(influx.database);
  switch (influx.version) {
    case config::InfluxVersion::v1: {
      const bool named = policy == Policy::named && !influx.retention_policy.empty();
      return influx.url + "/write?db=" + database +
             (named ? "&rp=" + influx_encoded(influx.retention_policy) : "") + "&precision=ms";
    }
    case config::InfluxVersion::v2:
      return influx.url + "/api/v2/write?org=" + influx_encoded(influx.organization) +
             "&bucket=" + database + "&precision=ms";
    case config::InfluxVersion::v3:
      return influx.url + "/api/v3/write_lp?db=" + database + "&precision=millisecond";
  }
  return {};
}

HttpLogin influx_login(const config::InfluxDb& influx) {
  // A token has no user: it is one login for each generation of the API.
  constexpr std::string_view kKind = "influx";
  switch (influx.version) {
    case config::InfluxVersion::v1:
      if (influx.username.empty()) return {};
      return {.user = influx.username, .secret = influx.password};
    case config::InfluxVersion::v2:
      return {.secret = influx.token, .scheme = "Token", .token_kind = kKind};
    case config::InfluxVersion::v3:
      return {.secret = influx.token, .token_kind = kKind};
  }
  return {};
}

std::string influx_create_statement(const config::InfluxDb& influx) {
  std::string statement = "CREATE DATABASE " + identifier(influx.database);
  const bool limited = influx.retention.count() > 0;
  if (!limited && influx.retention_policy.empty()) return statement;
  statement +=
      " WITH DURATION " + (limited ? in_words(influx.retention) : "INF") + " REPLICATION 1";
  if (!influx.retention_policy.empty()) statement += " NAME " + identifier(influx.retention_policy);
  return statement;
}

std::string influx_bucket_body(const config::InfluxDb& influx, const std::string& organization_id) {
  nlohmann::ordered_json body{{"orgID", organization_id}, {"name", influx.database}};
  if (!influx.bucket_description.empty()) body["description"] = influx.bucket_description;
  body["retentionRules"] = json::array();
  if (influx.retention.count() > 0)
    body["retentionRules"].push_back(
        {{"type", "expire"}, {"everySeconds", influx.retention.count()}});
  return body.dump();
}

std::string influx_database_body(const config::InfluxDb& influx) {
  nlohmann::ordered_json body{{"db", influx.database}};
  if (influx.retention.count() > 0) body["retention_period"] = in_words(influx.retention);
  return body.dump();
}

std::optional<std::string> influx_organization_id(const std::string& body) {
  const auto answer = parsed(body);
  const auto organizations = answer.is_object() ? answer.find("orgs") : answer.end();
  if (!answer.is_object() || organizations == answer.end() || !organizations->is_array() ||
      organizations->empty())
    return std::nullopt;
  return text_at(organizations->front(), "id");
}

std::optional<std::string> influx_error(const net::HttpResponse& response) {
  const auto body = parsed(response.body);
  for (const auto* key : {"error", "message"}) {
    if (auto text = text_at(body, key); text && !text->empty()) return text;
  }
  // v1 answers a query with 200 and says for each statement how it went.
  if (body.is_object() && body.contains("results") && body["results"].is_array() &&
      !body["results"].empty())
    return text_at(body["results"].front(), "error");
  return std::nullopt;
}

std::optional<Refusal> influx_refusal(const net::HttpResponse& response) {
  if (response.status != 400 && response.status != 422) return std::nullopt;
  if (auto refusal = refusal_by_line(parsed(response.body))) return refusal;
  auto error = influx_error(response);
  // A long list of lines may have been cut in the middle, where it is JSON no more.
  if (!error && response.body.starts_with("{\"error\":\"")) error = response.body;
  if (!error) return std::nullopt;
  Refusal refusal{.points = std::nullopt, .reason = *error};
  if (error->contains("partial write")) {
    const auto counted = number_after(*error, "dropped=").value_or(0) +
                         occurrences(*error, "unable to parse") +
                         occurrences(*error, "\"line_number\"");
    refusal.points = std::max<std::size_t>(1, counted);
  }
  return refusal;
}

}  // namespace tocsin::notify
