#include "notify/messages.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "alerts.h"
#include "base/path.h"
#include "kit/scratch.h"
#include "notify/built_in.h"

namespace tocsin::notify {
namespace {

using render::Format;
using render::Template;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

MessageTemplate text_template(const std::string& text) {
  return {.configured = Template::from_text(Format::text, text),
          .name = "slackNotification.serviceStopped.basicMsgTemplate",
          .built_in = Template::from_text(Format::text, "built in: {{host}}")};
}

TEST(Messages, AreWhatTheConfiguredTemplateMakes) {
  Messages messages;
  const auto message = messages.write(text_template("{{serviceName}} on {{host}}"),
                                      messages.values(stopped_alert()));
  EXPECT_EQ(message.text, "MSSQL$INSTANCE on db1");
  EXPECT_THAT(message.note, IsEmpty());
}

TEST(Messages, AreBuiltInWhereNothingIsConfigured) {
  Messages messages;
  const auto message = messages.write(text_template(""), messages.values(stopped_alert()));
  EXPECT_EQ(message.text, "built in: db1");
  EXPECT_THAT(message.note, IsEmpty());
}

TEST(Messages, AreBuiltInWhereTheTemplateFailsAndSaySo) {
  std::vector<std::string> complaints;
  Messages messages({}, [&](const std::string& complaint) { complaints.push_back(complaint); });
  for (int i = 0; i < 3; ++i) {
    const auto message = messages.write(text_template("{{#if}"), messages.values(stopped_alert()));
    EXPECT_EQ(message.text, "built in: db1");
    EXPECT_EQ(message.note,
              "slackNotification.serviceStopped.basicMsgTemplate: line 1, column 6: the template "
              "ends here, but a tag is not closed; the built-in message was sent in its place");
  }
  EXPECT_EQ(complaints.size(), 1U) << "the log says it once";
}

TEST(Messages, AreBuiltInWhereTheResultDoesNotFit) {
  Messages messages;
  const auto message = messages.write(text_template("x"), messages.values(stopped_alert()),
                                      [](std::string& text) -> std::optional<std::string> {
                                        if (text == "x") return "is x";
                                        text += "!";
                                        return std::nullopt;
                                      });
  EXPECT_EQ(message.text, "built in: db1!");
  EXPECT_THAT(message.note, HasSubstr("the result is x"));
}

TEST(Messages, AreCheckedWithoutBeingSent) {
  const kit::ScratchDirectory scratch;
  const auto file = to_utf8(scratch.path() / "slack.handlebars");
  std::ofstream(to_path(file)) << "{\n  {{nope 1}}";
  Messages messages;
  messages.expect(text_template("{{host}}"));
  messages.expect(text_template("{{"));
  messages.expect(text_template(""));
  for (const auto& name : {file, file + ".not", file, file + ".not"})  // of several sections
    messages.expect({.configured = Template::from_file(Format::json, name)});
  std::vector<std::string> problems;
  for (const auto& problem : messages.check())
    problems.push_back(problem.where + ": " + problem.text);
  EXPECT_THAT(
      problems,
      ElementsAre(HasSubstr("basicMsgTemplate:1:"),
                  file + ":2:3: there is no helper `nope`; the built-in message is sent",
                  file + ".not: the template does not exist; the built-in message is sent"));
  problems.clear();
  for (const auto& problem : messages.check({file + ".not"})) problems.push_back(problem.where);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("basicMsgTemplate:1:"), file + ":2:3"));
}

TEST(Messages, HaveTheirNoteInTheAnswer) {
  EXPECT_EQ(std::get<Delivered>(noted(Delivered{"200 OK"}, "")).detail, "200 OK");
  EXPECT_EQ(std::get<Delivered>(noted(Delivered{"200 OK"}, "a note")).detail, "200 OK; a note");
  EXPECT_EQ(std::get<RetryAfter>(noted(RetryAfter{{}, "503"}, "a note")).reason, "503; a note");
  EXPECT_EQ(std::get<Rejected>(noted(Rejected{"400"}, "a note")).reason, "400; a note");
}

class BuiltIn : public testing::Test {
 protected:
  std::string make(std::string_view text, Format format, const Alert& alert) {
    return messages_
        .write({.built_in = Template::from_text(format, std::string(text))},
               messages_.values(alert))
        .text;
  }
  static std::vector<Alert> alerts() {
    std::vector<Alert> all;
    for (int kind = 0; kind <= static_cast<int>(TransitionKind::reachable); ++kind) {
      for (Alert alert : {stopped_alert(kOddName), started_alert(kOddName), Alert{}}) {
        alert.kind = static_cast<TransitionKind>(kind);
        alert.friendly_name = kOddName;
        all.push_back(alert);
        alert.friendly_name.clear();
        alert.reason.clear();
        alert.details.executable_path.clear();
        all.push_back(alert);
      }
    }
    return all;
  }

  Messages messages_{
      {{.id = "a", .link_text = "A \"b\"", .comment = "c", .url = "https://x/?a=1&b=2"},
       {.id = "b", .link_text = "", .comment = "", .url = "https://y"}}};
};

TEST_F(BuiltIn, JsonIsJsonWhateverTheAlert) {
  for (const auto template_text : {built_in::kSlack, built_in::kTeams}) {
    for (const Alert& alert : alerts()) {
      const auto text = make(template_text, Format::json, alert);
      EXPECT_TRUE(nlohmann::json::accept(text)) << text;
      if (!alert.friendly_name.empty()) {
        EXPECT_THAT(nlohmann::json::parse(text).dump(), HasSubstr("日本 😀"));
      }
    }
  }
}

TEST_F(BuiltIn, MailSaysWhatHasHappened) {
  for (const Alert& alert : alerts()) {
    const auto html = make(built_in::kMailHtml, Format::html, alert);
    const auto text = make(built_in::kMailText, Format::text, alert);
    EXPECT_THAT(html, HasSubstr("</html>"));
    EXPECT_THAT(html, testing::Not(HasSubstr("<b>")));
    EXPECT_THAT(text, HasSubstr("Sent by tocsin"));
    if (!alert.friendly_name.empty()) EXPECT_THAT(text, HasSubstr(kOddName));
  }
}

/// With TOCSIN_WRITE_MAIL set, it writes the mail of the picture in docs/ (tools/mail_picture).
TEST_F(BuiltIn, MailIsWhatThePictureShows) {
  Alert alert = stopped_alert();
  alert.reason = "exit code 1067: the process terminated unexpectedly";
  Messages messages({{.id = "r",
                      .link_text = "Runbook",
                      .comment = "what to do when a database stops",
                      .url = "https://wiki.example.com/runbooks/sql"}});
  const auto html = messages.write(
      {.built_in = Template::from_text(Format::html, std::string(built_in::kMailHtml))},
      messages.values(alert));
  EXPECT_THAT(html.text, HasSubstr("The database has stopped"));
  if (const char* path = std::getenv("TOCSIN_WRITE_MAIL"); path != nullptr)
    std::ofstream(path, std::ios::binary) << html.text;
}

}  // namespace
}  // namespace tocsin::notify
