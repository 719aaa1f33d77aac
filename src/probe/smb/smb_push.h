// What a host pushes over the probe's session, and whether it does at all: between "asked to tell"
// and "found not to keep the rules, so checked more often".
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/monitored/host.h"
#include "net/async.h"
#include "net/pause.h"
#include "probe/listening.h"
#include "probe/smb/smb_probe.h"
#include "probe/smb/smb_session.h"

namespace tocsin::probe {

class SmbPush {
 public:
  /// The session is the probe's; here it ends when what was registered over it is void.
  struct Deps {
    const config::Host& host;
    const SmbProbeOptions& options;
    std::unique_ptr<SmbSession>& session;
  };
  explicit SmbPush(Deps deps) : deps_(deps) {}

  /// A conversation that was left half way leaves the session in no state.
  struct DropOnCancel {
    SmbPush* push;
    ~DropOnCancel() {
      if (push != nullptr) push->drop_session();
    }
  };
  /// Ends it; what it has brought stays.
  void drop_session();
  /// The same where the states are known already: without it nothing is told until the next check.
  void lose_session();

  /// What a check has seen, for listen(), where the host can be listened to at all.
  void prepare(const std::vector<ObservedService>& seen);
  /// As Probe.
  net::awaitable<void> listen(net::Deadline deadline);
  void stop_listening();
  net::awaitable<bool> has_pulse(net::Deadline deadline);
  [[nodiscard]] Pushed take_pushed() { return std::exchange(pushed_, {}); }

  /// Whether listen() can go on without prepare(): it listens to nothing, or to all that matters.
  [[nodiscard]] bool is_prepared() const;
  /// Whether there is anything for take_pushed(), after gather().
  [[nodiscard]] bool has_pushed() const { return pushed_.check_again || !pushed_.services.empty(); }
  /// What was pushed and not taken, all of it.
  const std::vector<ObservedService>& gather();
  /// The same. False: all that was registered is void, and the session has ended.
  bool take_news();

  /// For the next trace.
  [[nodiscard]] std::string take_notice() { return std::exchange(notice_, {}); }
  /// Why the host does not tell; empty: it does.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  /// So often in this time listening begins anew; each time costs a login and a check.
  static constexpr std::chrono::milliseconds kBeginningsTime = std::chrono::minutes(10);

  /// Whether the host is to tell of changes now.
  [[nodiscard]] bool listens() const;
  /// Whether it would tell of every change of what matters.
  [[nodiscard]] bool hears_all() const;
  [[nodiscard]] SmbListener* listener() const {
    return deps_.session ? deps_.session->listener() : nullptr;
  }
  void end(const Error& error);

  Deps deps_;
  Pushed pushed_;
  std::vector<ObservedService> audible_;  ///< of the last check
  bool hears_of_all_ = false;             ///< whether those are all that matter
  bool must_tell_whom_ = true;            ///< the host has not been told yet which they are
  net::Deadline listens_again_{};         ///< when the host may be asked again to tell of changes
  Budget beginnings_{3, kBeginningsTime};
  bool has_complained_ = false;
  std::string notice_;
  std::string refusal_;
  net::Pause pause_;         ///< where nothing is listened to
  bool is_stopped_ = false;  ///< since listen() was called, whether it waits yet or not
};

}  // namespace tocsin::probe
