#include "notify/fields.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/text.h"
#include "notify/sentence.h"
#include "wire/crypto.h"

namespace tocsin::notify {
namespace {

/// More than any destination shows of one value.
constexpr std::size_t kMostTextBytes = 8192;
constexpr std::size_t kMostDependencies = 100;
/// ERROR_SERVICE_SPECIFIC_ERROR: the service's own code says why it ended.
constexpr std::uint32_t kServiceSpecificError = 1066;

/// Valid UTF-8 of a bounded length.
std::string text_of(std::string_view text) {
  const bool cut = text.size() > kMostTextBytes;
  const std::string out = valid_utf8(cut_utf8(text, kMostTextBytes));
  return cut ? out + "\u2026" : out;
}

std::string first_of(std::initializer_list<std::string_view> texts) {
  const auto* found = std::ranges::find_if(texts, [](auto text) { return !text.empty(); });
  return found == texts.end() ? std::string() : text_of(*found);
}

std::chrono::seconds unix_time(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch();
}

/// Empty for a time that nobody knows.
std::string known_time(Time time) { return time == Time{} ? "" : iso_seconds(time); }

}  // namespace

std::string dedup_key(const Alert& alert) {
  constexpr std::string_view kSalt = "tocsin alert";
  constexpr std::size_t kDigestBytes = 16;
  const auto about = is_about_credential(alert) ? alert.host.text()
                                                : alert.host.key() + '\n' + alert.service.key();
  const auto digest = crypto::hmac_sha256(as_bytes(kSalt), {as_bytes(about)});
  return to_hex(BytesView(digest).first(kDigestBytes));
}

std::string template_values(const Alert& alert, std::span<const config::GenericUrl> urls) {
  auto links = nlohmann::ordered_json::array();
  for (const auto& url : urls) {
    links.push_back({{"id", text_of(url.id)},
                     {"linkText", text_of(url.link_text)},
                     {"comment", text_of(url.comment)},
                     {"url", text_of(url.url)}});
  }
  auto dependencies = nlohmann::ordered_json::array();
  for (const auto& dependency : alert.details.dependencies) {
    if (dependencies.size() == kMostDependencies) break;
    dependencies.push_back(text_of(dependency));
  }
  const auto& status = alert.status;
  const std::string_view name = alert.service.text();
  const std::string_view display_name = tocsin::display_name(alert);
  const bool was_down = alert.kind == TransitionKind::started && is_resolved(alert) &&
                        alert.from != ServiceState::running && alert.previous_since != Time{};
  const nlohmann::ordered_json values = {
      {"host", text_of(alert.host.text())},
      {"serviceStatus", status_word(alert)},
      {"servicePrevStatus", previous_status_word(alert)},
      {"serviceName", text_of(name)},
      {"serviceDisplayName", first_of({display_name, name})},
      {"serviceFriendlyName", first_of({alert.friendly_name, display_name, name})},
      {"title", text_of(title_of(alert))},
      {"aboutHost", is_about_host(alert)},
      {"aboutCredential", is_about_credential(alert)},
      {"severity", to_string(alert.severity)},
      {"serviceSet", text_of(alert.set)},
      {"rootCause", text_of(alert.root_cause.text())},
      {"recovery", text_of(alert.recovery)},
      {"reminder", alert.reminder},
      {"serviceStartType", to_string(alert.details.start_mode)},
      {"serviceExePath", text_of(alert.details.executable_path)},
      {"genericUrls", std::move(links)},
      {"alertId", text_of(alert.id.value)},
      {"dedupKey", dedup_key(alert)},
      {"kind", kind_word(alert)},
      {"event", row_of(alert.kind).event},
      {"up", is_resolved(alert)},
      {"time", known_time(alert.at)},
      {"unixTime", unix_time(alert.at).count()},
      {"since", known_time(alert.previous_since)},
      {"downFor", was_down ? duration_text(alert.at - alert.previous_since) : ""},
      {"reason", text_of(reason_of(alert))},
      {"exitCode",
       status.exit_code == kServiceSpecificError ? status.service_exit_code : status.exit_code},
      {"processId", status.process_id},
      {"dependencies", std::move(dependencies)},
  };
  return values.dump();
}

}  // namespace tocsin::notify
