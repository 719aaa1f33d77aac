// One connection to a mail server, and what is said on it. Blocks: for threads of its own.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/smtp_client.h"

namespace tocsin::net {

/// When to give up.
struct SmtpLimits {
  Deadline deadline;
  std::shared_ptr<const std::atomic<bool>> given_up;  ///< set by any thread

  [[nodiscard]] bool passed() const {
    return given_up->load() || MonotonicClock::now() >= deadline;
  }
};

/// Takes a server's replies apart, line by line (RFC 5321, 4.2.1).
class SmtpReplyReader {
 public:
  /// One line, with or without its end. malformed: it belongs to no reply.
  [[nodiscard]] Result<> take(std::string_view line);
  /// Whether the last line taken was the last one of its reply.
  [[nodiscard]] bool complete() const { return complete_; }
  /// The code of the last reply taken; 0: none yet.
  [[nodiscard]] int code() const { return code_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t kMostText = 500;
  int code_ = 0;
  std::string text_;
  bool complete_ = true;
};

/// Curl's own way to send a mail is not used: it waits for the last reply in a loop that blocks all
/// other transfers of a multi handle (smtp_done), gives no reply's text, sends what a transfer that
/// is removed has uploaded as if it were whole, and uses a connection again after it timed out
/// waiting there, so that replies belong to the mail before. (Read in 7.88.1; 8.14.1 still blocks.)
class SmtpSession {
 public:
  explicit SmtpSession(const SmtpServer& server);
  ~SmtpSession();
  SmtpSession(const SmtpSession&) = delete;
  SmtpSession& operator=(const SmtpSession&) = delete;

  /// Connects, secures, logs in; the reply with which the server refuses that, if it does.
  [[nodiscard]] Result<std::optional<SmtpReply>> open(const SmtpLimits& limits);
  /// One mail. Unless it is accepted the session is over.
  [[nodiscard]] Result<SmtpReply> send(const SmtpMessage& message, const SmtpLimits& limits);
  /// The server had not said a word about the mail before the session ended, as when it closes one
  /// that was idle.
  [[nodiscard]] bool ended_before_the_mail() const { return phase_ == SmtpPhase::sender; }
  /// Says goodbye without waiting for the answer.
  void quit();

 private:
  struct Curl;
  [[nodiscard]] Result<> read_secret();
  [[nodiscard]] Error failure(int code, const SmtpLimits& limits) const;
  [[nodiscard]] Error out_of_time() const;
  [[nodiscard]] SmtpReply reply() const;
  [[nodiscard]] std::string without_secrets(std::string text) const;
  [[nodiscard]] Result<> write(std::string_view all, const SmtpLimits& limits);
  [[nodiscard]] Result<> read_reply(const SmtpLimits& limits);
  [[nodiscard]] Result<> ask(SmtpPhase phase, const std::string& command, const SmtpLimits& limits);

  SmtpServer server_;
  std::string peer_;  ///< "host:port", for errors
  std::string secret_;
  std::unique_ptr<Curl> curl_;
  SmtpPhase phase_ = SmtpPhase::greeting;
  bool lacks_login_ = false;
  std::string foreign_;  ///< the first line, where it is none of SMTP
  SmtpReplyReader replies_;
  std::string received_;  ///< read so far, without a whole line
};

/// The mail as it stands after DATA: lines that begin with a dot get another one, and a dot alone
/// ends it (RFC 5321, 4.5.2).
[[nodiscard]] std::string with_dots_stuffed(std::string_view data);

}  // namespace tocsin::net
