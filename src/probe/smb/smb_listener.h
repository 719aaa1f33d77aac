// Changes of services as a host tells them: over one pipe that carries all registrations, or over a
// pipe for each where the host takes one call at a time.
// [MS-SCMR] 3.1.4.43 to 3.1.4.45
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/service.h"
#include "probe/listening.h"
#include "probe/probe.h"
#include "probe/smb/smb_pipe.h"
#include "wire/conversation.h"
#include "wire/dcerpc/client.h"
#include "wire/smb2/client.h"
#include "wire/svcctl/client.h"

namespace tocsin::probe {

/// Whether a host tells of changes.
struct PushOffer {
  dcerpc::Calls calls = dcerpc::Calls::any_number;  ///< over one pipe
  Result<> of_services{};                           ///< of the one that was asked for
  Result<> of_the_list{};                           ///< of services that come and go
};
Conversation<Result<PushOffer>> ask_for_push(svcctl::Client& scm, Port& port, std::string service);
/// Where the host takes one call at a time: over this pipe, which is not open yet.
Conversation<Result<PushOffer>> ask_for_push(SmbPipe& pipe, Port& port, std::string service);

/// Its conversations go on whenever something is delivered to the port, whoever waits for it.
class SmbListener {
 public:
  /// Services that it listens to where each needs a pipe of its own, and the list one more.
  static constexpr std::size_t kMostPipes = 16;

  /// `scm` takes several calls at a time. Both must outlive it and not move.
  SmbListener(svcctl::Client& scm, Port& port);
  /// The same over a pipe for each service. `traits`: what is known of the host.
  SmbListener(smb2::Client& smb, svcctl::HostTraits traits, Port& port);
  SmbListener(const SmbListener&) = delete;
  SmbListener& operator=(const SmbListener&) = delete;

  /// The services to listen to from now on, as a check has just seen them; also tries again those
  /// that it could not listen to before. Not from within a conversation.
  /// It begins with a few at a time, and with none where the host refuses the first ones: each
  /// takes some kilobytes up to its first wait, and a request or three.
  void listen_to(std::span<const ObservedService> services);
  /// To be called after each delivery: begins with those whose turn has come. Not from within a
  /// conversation.
  void begin_more();
  /// A check has seen all services since the last call: what was registered for before it may tell
  /// of what was before it.
  void note_check() { checks_++; }
  /// Whether a change of any of them, and the removal of one, would be told.
  [[nodiscard]] bool hears_all() const;
  /// Whether it listens to none, because each would need a pipe.
  [[nodiscard]] bool needs_too_many_pipes() const { return smb_ != nullptr && hears_too_many_; }
  /// Why the host tells of no service; empty: it tells of some, or has not answered yet.
  [[nodiscard]] std::string refusal() const;

  [[nodiscard]] bool has_news() const;
  /// What has changed since the last call, oldest first; what repeats what is known is left out.
  /// Not from within a conversation.
  [[nodiscard]] Pushed take_pushed();
  /// Why all that was registered is void. malformed: the host breaks the rules, or does not tell of
  /// what a check finds.
  [[nodiscard]] const std::optional<Error>& lost() const { return lost_; }

 private:
  /// A service that restarts every two seconds needs half of it; what needs more is left to the
  /// checks. A list that changes, and what is invalid, cost more: a check follows each.
  static constexpr int kMostNotifications = 240;
  /// A registration: what the host has told of it, and the conversation that goes on then. While it
  /// waits there is none; there are many of these.
  class Registration : public dcerpc::PatientCall {
   public:
    explicit Registration(SmbListener& listener) : by(listener) {}
    /// Goes on with another conversation; the one that runs and what it waits for are abandoned.
    void begin(Conversation<bool> conversation);
    [[nodiscard]] bool is_busy() const { return conversation_ && !conversation_->done(); }
    /// Over that pipe.
    [[nodiscard]] svcctl::Client& scm() { return pipe ? pipe->scm() : *by.scm_; }
    /// Whether it waits, or a conversation runs.
    [[nodiscard]] bool is_alive() const;
    /// Frees what a conversation that has ended has needed; whether none runs.
    bool tidy() {
      if (conversation_ && conversation_->done()) conversation_.reset();
      return !conversation_;
    }

    SmbListener& by;
    std::unique_ptr<SmbPipe> pipe{};  ///< null: all have the same one, or it is not open
    svcctl::NotifyHandle handle{};
    using Told = Result<std::vector<svcctl::StatusNotification>>;
    std::unique_ptr<Told> told{};  ///< null: nothing
    bool is_refused = false;       ///< the host does not tell of it
    Budget budget{kMostNotifications, std::chrono::minutes(1)};

   protected:
    ~Registration() { leave(); }  // before the pipe, where it waits
    virtual Conversation<bool> go_on() = 0;

   private:
    void answer(Result<Bytes> stub) override;
    std::optional<Conversation<bool>> conversation_{};
  };
  struct Service final : Registration {
    Service(SmbListener& listener, ServiceName of) : Registration(listener), name(std::move(of)) {}
    Conversation<bool> go_on() override {
      by.is_tidy_ = false;
      return by.go_on(*this);
    }

    ServiceName name;
    ServiceStatus status{};  ///< the last that is known, from whatever source
    Hearing hearing = Hearing::nothing;
    int untold = 0;  ///< changes in a row that a check has found first
    /// The host tells again of the state that it has told of, so that one must be left out.
    bool repeats = false;
    svcctl::Handle open{};
    std::uint64_t checks = 0;  ///< that there had been when it was registered for
  };
  struct List final : Registration {
    using Registration::Registration;
    Conversation<bool> go_on() override {
      by.is_tidy_ = false;
      return by.go_on_with_list();
    }
  };

  void tidy();
  void stop_listening();
  void forget_all_but(std::span<const ObservedService> services);
  void note_seen(Service& service, const ServiceStatus& seen);
  /// How many of those that it has begun with may be busy.
  [[nodiscard]] std::size_t most_at_once() const;

  /// Whom to ask: over a new pipe, where each has its own.
  Conversation<Result<svcctl::Client*>> reach(Registration& of);
  /// Closes its own pipe, and with that all that is open for it; it waits no more.
  void dismiss(Registration& of);
  Conversation<bool> close(std::unique_ptr<SmbPipe> pipe);
  /// `besides`: a state that it is known to be in, or 0.
  Conversation<bool> follow(Service& service, std::uint32_t besides);
  Conversation<bool> follow_anew(Service& service);
  /// With what was told, until that is nothing. False: it is listened to no more.
  Conversation<bool> go_on(Service& service);
  Conversation<bool> hear(Service& service);
  Conversation<bool> give_up(Service& service, Error error);
  /// Knows the service up to its first wait.
  Conversation<bool> leave(Service& service);
  Conversation<bool> follow_list();
  Conversation<bool> go_on_with_list();
  Conversation<bool> hear_of_list();
  /// With a registration of `handle` in place of the one that is over.
  Conversation<Result<>> renew(Registration& of, svcctl::Handle handle, std::uint32_t mask);
  Conversation<Result<svcctl::NotifyHandle>> end(svcctl::Client& scm,
                                                 svcctl::NotifyHandle registration);
  Conversation<Result<std::vector<svcctl::StatusNotification>>> bring_up_to_date(
      Service& service, std::vector<svcctl::StatusNotification> told);
  /// False: it is listened to no more.
  bool take(Service& service, std::span<const svcctl::StatusNotification> notifications);
  void take(Service& service, const Error& error);

  svcctl::Client* scm_ = nullptr;  ///< null: each has its own
  smb2::Client* smb_ = nullptr;    ///< for those
  svcctl::HostTraits traits_;
  Port& port_;
  Pushed pushed_;
  std::optional<Error> lost_;
  std::string refusal_;  ///< of the last service that was refused
  std::uint64_t checks_ = 0;
  bool tells_removals_ = false;
  bool has_registered_ = false;                        ///< for any service
  bool hears_too_many_ = false;                        ///< more are wanted than it listens to
  bool is_tidy_ = false;                               ///< no registration has a conversation
  std::unordered_map<ServiceName, Service> services_;  ///< that it has begun with
  std::vector<ObservedService> next_;  ///< those to begin with, or to try again; the last first
  std::list<Conversation<bool>> farewells_;
  std::optional<List> list_;
};

}  // namespace tocsin::probe
