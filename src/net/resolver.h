// Names to addresses on a few threads, because the system's resolver blocks.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/async.h"
#include "net/signal.h"

namespace tocsin::net {

/// An IPv4 or IPv6 address, with or without brackets and %zone, in its usual form; nothing when the
/// text is a name.
[[nodiscard]] std::optional<std::string> as_address(const std::string& text);

/// In the order in which the system wants them tried; at least one.
using Addresses = std::vector<std::string>;

/// The name's addresses, after the system's own time: for threads that may wait, or be given up.
/// not_found, unreachable (no name server answers), exhausted.
[[nodiscard]] Result<Addresses> resolve_now(const std::string& name);

/// What this machine calls itself; empty when it does not say.
[[nodiscard]] std::string own_host_name();

/// One question for the addresses of a name. Shared between the loop and who answers it.
class NameQuery {
 public:
  enum class Stage : std::uint8_t { queued, asked, ended };
  /// Whether the last question for this name found a name server that answers.
  enum class Before : std::uint8_t { unknown, answered, unanswered };

  NameQuery(std::string name, Before before, Signal::Sender ended)
      : name_(std::move(name)), before_(before), ended_(std::move(ended)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Before before() const { return before_; }
  /// From any thread.
  void begin();
  void end(Result<Addresses> answer);
  [[nodiscard]] Stage stage() const;
  /// Once it has ended, and once only.
  [[nodiscard]] Result<Addresses> take();

 private:
  const std::string name_;
  const Before before_;
  const Signal::Sender ended_;
  mutable std::mutex mutex_;
  Stage stage_ = Stage::queued;
  std::optional<Result<Addresses>> answer_;
};

/// Who answers lookups, sooner or later or never.
class NameService {
 public:
  virtual ~NameService() = default;
  virtual void begin(std::shared_ptr<NameQuery> lookup) = 0;
};

/// The system's resolver on at most `most` threads, and half as many for the names that no name
/// server answered the last time, so that these do not keep the others waiting. Each thread has a
/// descriptor open. Its end waits for no answer.
[[nodiscard]] std::unique_ptr<NameService> system_names(std::size_t most);

/// Asks once at a time for each name, and remembers. On the loop's thread only.
class Resolver {
 public:
  Resolver(Executor executor, std::unique_ptr<NameService> service);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  struct Answer {
    Addresses addresses;
    bool remembered = false;  ///< from an earlier question: this one has no answer (yet)
  };
  /// A name that was asked for before is asked for again, and where that does not bring an answer
  /// within a second, the last one holds: the addresses, for an hour after the name is gone and for
  /// ever while no name server answers; else the failure. not_found, unreachable, timed_out;
  /// exhausted: the question still waits for a thread. A question that nobody waits for any more
  /// goes on, and its answer is there for the next call.
  awaitable<Result<Answer>> resolve(std::string name, Deadline deadline);

 private:
  struct Name;
  [[nodiscard]] Name& ask(const std::string& name);

  Executor executor_;
  std::unique_ptr<NameService> service_;
  std::map<std::string, std::unique_ptr<Name>> names_;
};

}  // namespace tocsin::net
