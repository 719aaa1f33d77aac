#include "notify/sentence.h"

#include <cctype>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "wire/crypto.h"

namespace tocsin::notify {

std::string_view status_word(const Alert& alert) {
  const auto status = row_of(alert.kind).status;
  return status.empty() ? to_string(alert.to) : status;
}

std::string_view previous_status_word(const Alert& alert) {
  if (alert.kind == TransitionKind::unmonitored && is_about_host(alert)) {
    using enum TransitionKind;
    return row_of(is_about_credential(alert) ? refused : unreachable).status;
  }
  const auto status = row_of(alert.kind).previous_status;
  return status.empty() ? to_string(alert.from) : status;
}

namespace {

/// Names are cut to so much of a text, so that there is room for what has happened.
constexpr std::size_t kNameShare = 3;

std::string name_in(const Alert& alert, std::size_t most) {
  return ended(valid_utf8(name_for_people(alert)), most / kNameShare);
}
std::string host_in(const Alert& alert, std::size_t most) {
  return ended(valid_utf8(alert.host.text()), most / kNameShare);
}

}  // namespace

std::string ended(std::string text, std::size_t most) {
  constexpr std::string_view kEllipsis = "\u2026";
  if (text.size() <= most) return text;
  return std::string(cut_utf8(text, most - kEllipsis.size())) + std::string(kEllipsis);
}

std::string sentence_about(const Alert& alert, std::size_t most) {
  const auto name = name_in(alert, most);
  const auto where = is_about_host(alert) ? name : name + " on " + host_in(alert, most);
  const bool same = status_word(alert) == previous_status_word(alert);
  const bool by_kind = same || alert.kind == TransitionKind::flapping;
  std::string text = alert.reminder > 0 ? "reminder: " : "";
  text += by_kind ? fmt::format("{}: {}", where, kind_word(alert))
                  : fmt::format("{} is {} (was {})", where, status_word(alert),
                                previous_status_word(alert));
  if (const auto reason = reason_of(alert); !reason.empty()) text += ": " + reason;
  return ended(valid_utf8(text), most);
}

std::string reason_of(const Alert& alert) {
  const auto& row = row_of(alert.kind);
  if (row.in_butler && alert.expected == Expected::stopped)
    return join_reasons(is_resolved(alert) ? "as expected" : "it should be stopped", alert.reason);
  if (!alert.reason.empty() || row.in_butler) return alert.reason;
  // A sentence, which becomes the end of one.
  std::string reason(row.meaning.substr(0, row.meaning.find_last_not_of('.') + 1));
  reason.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(reason.front())));
  return reason;
}

std::string with_notice(const Alert& alert, std::string text) {
  if (alert.notice.empty()) return text;
  return valid_utf8(alert.notice) + "\n" + text;
}

std::string title_of(const Alert& alert, std::size_t most) {
  return ended(fmt::format("{}{} {}{}", alert.reminder > 0 ? "Reminder: " : "",
                           name_in(alert, most), row_of(alert.kind).event,
                           is_about_host(alert) ? "" : " on " + host_in(alert, most)),
               most);
}

std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  constexpr std::size_t kDigestBytes = 8;
  const auto digest = crypto::hmac_sha256(as_bytes("tocsin"), {as_bytes(text)});
  const std::string tail = "..." + to_hex(BytesView(digest).first(kDigestBytes));
  return std::string(cut_utf8(text, most - tail.size())) + tail;
}

}  // namespace tocsin::notify
