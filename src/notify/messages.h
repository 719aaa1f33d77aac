// Messages from templates, written once for all channels: the configured template, or, where it
// fails, the built-in one and a complaint to the administrator. An alert is never lost to a
// template.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "config/destinations/generic_urls.h"
#include "domain/alert.h"
#include "notify/answer.h"
#include "render/templates.h"

namespace tocsin::notify {

struct MessageTemplate {
  /// What the user has written; without file and text: nothing.
  render::Template configured;
  /// The user's name for a template without a file: "slackNotification.serviceStopped.subject".
  std::string name;
  /// What is sent otherwise. It renders whatever the alert.
  render::Template built_in;

  [[nodiscard]] bool is_configured() const {
    return !configured.file.empty() || !configured.text.empty();
  }
};

struct Message {
  std::string text;
  /// Why it is the built-in one although another is configured; else empty.
  std::string note;
};

/// Makes a message fit for its destination. What continues "the result " and says why it cannot be
/// sent, such as "is no JSON"; nothing when it can.
using Fit = std::function<std::optional<std::string>(std::string& text)>;

/// On the loop's thread only.
class Messages {
 public:
  /// `complain` gets what the administrator should know although the alert has gone out: once, and
  /// again when it has changed.
  using Complain = std::function<void(const std::string&)>;
  explicit Messages(std::vector<config::GenericUrl> urls = {}, Complain complain = {},
                    render::TemplatesOptions options = {});

  /// The links that every message shows.
  [[nodiscard]] std::span<const config::GenericUrl> urls() const { return urls_; }
  /// What templates know of the alert: the `values` of write().
  [[nodiscard]] std::string values(const Alert& alert) const;
  [[nodiscard]] Message write(const MessageTemplate& source, const std::string& values,
                              const Fit& fit = {});

  /// Complains once that not even the built-in template of a channel could be rendered, as when
  /// there is too much to say for the bounds of the engine; answers the note.
  std::string say_unrendered(const std::string& channel);

  /// Channels name their templates when they are made, so that check() finds them.
  void expect(const MessageTemplate& source);
  struct Problem {
    std::string where;  ///< "FILE:LINE:COLUMN", FILE, or the name of a template without a file
    std::string text;   ///< one sentence without a final stop
  };
  /// What is wrong with the expected templates, each said once, without sending anything; what is
  /// wrong with the files `said` has been said before. write() does not complain of either again.
  [[nodiscard]] std::vector<Problem> check(const std::set<std::string>& said = {});

 private:
  std::vector<config::GenericUrl> urls_;
  Complain complain_;
  render::Templates templates_;
  std::vector<MessageTemplate> expected_;
  std::map<std::string, std::string> complaints_;  ///< by template: the last one
};

/// The answer, with the message's note added.
[[nodiscard]] Answer noted(Answer answer, const std::string& note);

}  // namespace tocsin::notify
