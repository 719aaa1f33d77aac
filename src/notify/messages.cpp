#include "notify/messages.h"

#include <set>
#include <utility>

#include "base/text.h"
#include "notify/fields.h"

namespace tocsin::notify {
namespace {

/// What names a configured template: its file, or what the user calls its text.
const std::string& name_of(const MessageTemplate& source) {
  return source.configured.file.empty() ? source.name : source.configured.file;
}

/// What the administrator should know.
std::string note_of(const MessageTemplate& source, const Error& error) {
  return (source.configured.file.empty() ? source.name + ": " : "") + error.what +
         "; the built-in message was sent in its place";
}

/// The message, or why there is none.
Result<std::string> attempt(render::Templates& templates, const render::Template& source,
                            const std::string& values, const Fit& fit) {
  auto text = templates.render(source, values);
  if (!text || !fit) return text;
  if (const auto unfit = fit(*text))
    return fail(ErrorKind::malformed, (source.file.empty() ? "" : printable(source.file) + ": ") +
                                          "the result " + *unfit);
  return text;
}

}  // namespace

Messages::Messages(std::vector<config::GenericUrl> urls, Complain complain,
                   render::TemplatesOptions options)
    : urls_(std::move(urls)), complain_(std::move(complain)), templates_(options) {}

std::string Messages::values(const Alert& alert) const { return template_values(alert, urls_); }

Message Messages::write(const MessageTemplate& source, const std::string& values, const Fit& fit) {
  Message message;
  if (source.is_configured()) {
    auto text = attempt(templates_, source.configured, values, fit);
    auto& complaint = complaints_[name_of(source)];
    if (text) {
      complaint.clear();
      return {.text = *std::move(text), .note = {}};
    }
    message.note = note_of(source, text.error());
    if (complain_ && complaint != message.note) complain_(message.note);
    complaint = message.note;
  }
  // Where it cannot be rendered, the channel has a text without a template.
  message.text = attempt(templates_, source.built_in, values, fit).value_or("");
  return message;
}

std::string Messages::say_unrendered(const std::string& channel) {
  auto note = channel + ": no template could be rendered; a plain text was sent in its place";
  auto& complaint = complaints_[channel];
  if (complain_ && complaint != note) complain_(note);
  complaint = note;
  return note;
}

void Messages::expect(const MessageTemplate& source) {
  if (source.is_configured()) expected_.push_back(source);
}

std::vector<Messages::Problem> Messages::check(const std::set<std::string>& said) {
  std::vector<Problem> problems;
  std::set<std::string> places;  // a template may serve several messages
  for (const auto& source : expected_) {
    const auto mistake = templates_.check(source.configured);
    if (!mistake) continue;
    if (const auto text = templates_.render(source.configured, "{}"); !text)
      complaints_[name_of(source)] = note_of(source, text.error());
    if (said.contains(source.configured.file)) continue;
    auto where = printable(name_of(source));
    if (mistake->line > 0)
      where += ":" + std::to_string(mistake->line) + ":" + std::to_string(mistake->column);
    if (!places.insert(where).second) continue;
    const auto* meanwhile = mistake->is_rendered ? "; its non-ASCII letters are lost"
                                                 : "; the built-in message is sent";
    problems.push_back({std::move(where), mistake->text + meanwhile});
  }
  return problems;
}

Answer noted(Answer answer, const std::string& note) {
  if (note.empty()) return answer;
  if (auto* delivered = std::get_if<Delivered>(&answer)) delivered->detail += "; " + note;
  if (auto* later = std::get_if<RetryAfter>(&answer)) later->reason += "; " + note;
  if (auto* rejected = std::get_if<Rejected>(&answer)) rejected->reason += "; " + note;
  if (auto* refused = std::get_if<LoginRefused>(&answer)) refused->reason += "; " + note;
  return answer;
}

}  // namespace tocsin::notify
