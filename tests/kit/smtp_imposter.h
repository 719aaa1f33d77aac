// A real local mail server for tests: scripted answers, STARTTLS or TLS from the first byte,
// logins, and a journal of what it received.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kit/certificates.h"

namespace tocsin::kit {

enum class SmtpTls : std::uint8_t { none, starttls, implicit };

struct SmtpJournalEntry {
  std::string sender;     ///< with <>
  std::string recipient;  ///< with <>
  std::string data;       ///< as it came: without the last dot, dots not unstuffed
  std::string client;     ///< what it called itself
  std::string login;      ///< mechanism and answers, in base64: "PLAIN AHVzZXIAcGFzcw=="
  std::string sni;        ///< the name that the client asked for
  bool encrypted = false;
  std::size_t connection = 0;  ///< counted from 1, in the order of their opening
};

/// Listens on 127.0.0.1, on a port that the system chooses and a thread of its own, from
/// construction to destruction. Every function may be called from any thread.
class SmtpImposter {
 public:
  SmtpImposter();
  SmtpImposter(SmtpTls tls, const Identity& identity);
  ~SmtpImposter();
  SmtpImposter(const SmtpImposter&) = delete;
  SmtpImposter& operator=(const SmtpImposter&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// The answers at a step ("greeting", "EHLO", "STARTTLS", "AUTH": the verdict, "MAIL", "RCPT",
  /// "DATA", "." for the mail itself), one after the other, with \n between the lines of one; the
  /// last one is given for ever after. "close" closes the connection, "hang" says nothing. Without
  /// this everything is accepted.
  void when(std::string step, std::vector<std::string> replies);
  /// What EHLO offers beside STARTTLS, such as "AUTH PLAIN LOGIN".
  void offer(std::vector<std::string> extensions);

  /// The mails so far that came to their end, in the order in which they were received, whatever
  /// the answer.
  [[nodiscard]] std::vector<SmtpJournalEntry> journal() const;
  /// Every line that was received so far, but for those of mails.
  [[nodiscard]] std::vector<std::string> heard() const;
  /// How many connections were accepted so far.
  [[nodiscard]] std::size_t connections() const;
  /// How many of them are open.
  [[nodiscard]] std::size_t open() const;
  /// Waits until so many lines were heard, and until none is open; false when that has not come
  /// after 20 seconds.
  [[nodiscard]] bool wait_for_heard(std::size_t count) const;
  [[nodiscard]] bool wait_until_all_closed() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace tocsin::kit
