// One connection to a host, logged in, with the service control manager open: drives the wire's
// conversations over TCP with a deadline on every step.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/try.h"
#include "config/monitored/host.h"
#include "logins/gate.h"
#include "net/tcp.h"
#include "probe/smb/smb_listener.h"
#include "probe/smb/smb_login.h"
#include "probe/smb/smb_pipe.h"
#include "probe/smb/smb_probe.h"
#include "wire/conversation.h"
#include "wire/dcerpc/client.h"
#include "wire/smb2/client.h"
#include "wire/svcctl/client.h"
#include "wire/svcctl/details.h"

namespace tocsin::probe {

/// Whether the error is about one service, and the session is sound.
[[nodiscard]] bool is_about_service(const Error& error);

class SmbSession {
 public:
  struct Environment {
    const config::Host& host;
    const SmbProbeOptions& options;
    net::Connector& connector;
    const RandomFill& random;
    SmbLogin& login;
  };

  /// Connects, logs in, opens the manager. `traits` is what an earlier session learned of the host.
  /// Errors as Probe says.
  static net::awaitable<Result<std::unique_ptr<SmbSession>>> open(Environment environment,
                                                                  svcctl::HostTraits traits,
                                                                  net::Deadline deadline);

  // The steps of open(), each after the one before.
  /// Before a connection is made: login_refused or denied where a login would be in vain. Asks the
  /// host for its names where the login needs them, over a connection of its own.
  static net::awaitable<Result<>> prepare_login(Environment environment, net::Deadline deadline);
  static net::awaitable<Result<std::unique_ptr<SmbSession>>> connect(Environment environment,
                                                                     net::Deadline deadline);
  net::awaitable<Result<>> negotiate(net::Deadline deadline);
  /// Into the share IPC$ too.
  net::awaitable<Result<>> log_in(net::Deadline deadline);
  net::awaitable<Result<>> open_pipe(net::Deadline deadline);
  net::awaitable<Result<>> open_manager(svcctl::HostTraits traits, net::Deadline deadline);

  net::awaitable<Result<svcctl::Enumeration>> enumerate(net::Deadline deadline);
  /// The same, not read yet.
  net::awaitable<Result<svcctl::ListReply>> ask_for_list(net::Deadline deadline);
  net::awaitable<Result<svcctl::Handle>> open_service(std::string name, net::Deadline deadline);
  /// `rights` are svcctl::Access bits.
  net::awaitable<Result<svcctl::Handle>> open_service(std::string name, std::uint32_t rights,
                                                      net::Deadline deadline);
  net::awaitable<Result<svcctl::ServiceStatusProcess>> query_status(svcctl::Handle service,
                                                                    net::Deadline deadline);
  net::awaitable<Result<svcctl::QueryServiceConfig>> query_config(svcctl::Handle service,
                                                                  net::Deadline deadline);
  net::awaitable<Result<bool>> query_delayed_start(svcctl::Handle service, net::Deadline deadline);
  net::awaitable<Result<bool>> query_start_trigger(svcctl::Handle service, net::Deadline deadline);
  /// As svcctl::Client says; these two may take as long as the service does.
  net::awaitable<Result<>> start_service(svcctl::Handle service, net::Deadline deadline);
  net::awaitable<Result<>> control_service(svcctl::Handle service, svcctl::Control control,
                                           net::Deadline deadline);
  net::awaitable<Result<std::vector<std::string>>> dependents(svcctl::Handle service,
                                                              net::Deadline deadline);
  /// The host may have closed it itself; that is as good.
  net::awaitable<Result<>> close_service(svcctl::Handle service, net::Deadline deadline);
  /// Where the host would end the session with an old ticket: logs in again by a fresh one. An
  /// error ends the session.
  net::awaitable<Result<>> stay_logged_in(net::Deadline deadline);
  net::awaitable<void> log_off(net::Deadline deadline);

  /// For many questions at a time, over one more pipe, which stays open. Null: the host takes
  /// one at a time, or lets us have no second pipe.
  net::awaitable<Result<svcctl::Client*>> batches(net::Deadline deadline);
  /// Begins to open that pipe, beside whatever is asked next: that costs no round trip.
  void prepare_batches();
  /// timed_out too when nothing at all has come for `pause`.
  net::awaitable<Result<>> read_batch(svcctl::DetailsBatch& batch, std::chrono::milliseconds pause,
                                      net::Deadline deadline);

  /// Has the host tell of changes of these services from now on, as far as it does; what they are
  /// is with listener(). An error ends the session.
  net::awaitable<Result<>> listen_to(std::span<const ObservedService> services,
                                     net::Deadline deadline);
  /// Waits until the listener, which must be there, has news, or it is stopped.
  net::awaitable<Result<>> listen(net::Deadline deadline, const bool& is_stopped);
  /// Wakes it, where it waits, to see that.
  void stop_listening() { stream_.stop_waiting(); }
  /// Null before listen_to().
  [[nodiscard]] SmbListener* listener() { return listener_ ? &*listener_ : nullptr; }
  net::awaitable<Result<PushOffer>> ask_for_push(std::string service, net::Deadline deadline);
  /// That the host is there.
  net::awaitable<Result<>> echo(net::Deadline deadline);

  [[nodiscard]] svcctl::HostTraits traits() const;
  /// The end of the connection: "10.1.2.3:445".
  [[nodiscard]] std::string peer() const { return stream_.peer(); }
  [[nodiscard]] const smb2::Client& smb() const { return smb_; }
  /// "SMB 3.1.1"
  [[nodiscard]] std::string_view dialect() const;
  /// "SMB 3.1.1, encrypted, Kerberos"
  [[nodiscard]] std::string connection() const;

 private:
  SmbSession(Environment environment, net::TcpStream stream);

  static net::awaitable<Result<>> ask_names(Environment environment, net::Deadline deadline);
  net::awaitable<Result<>> log_in_once(net::Deadline deadline);
  void conclude(logins::Pass& pass, const Result<>& login) const;
  [[nodiscard]] net::Deadline login_deadline(net::Deadline deadline) const {
    return std::min(deadline, net::within(environment_.options.login_limit));
  }
  [[nodiscard]] std::unique_ptr<wire::Initiator> renew();
  void conclude_renewal(const Result<>& login);
  Conversation<Result<svcctl::Client*>> open_batches();
  Result<svcctl::Client*> refused(const Error& error);
  net::awaitable<Result<>> send_outgoing(net::Deadline deadline);
  net::awaitable<Result<Bytes>> receive(net::Deadline deadline);

  /// As drive(), within the limit of a call.
  template <typename T>
  net::awaitable<T> ask(Conversation<T> conversation, net::Deadline deadline) {
    return drive(std::move(conversation),
                 std::min(deadline, net::within(environment_.options.call_limit)));
  }

  template <typename T>
  net::awaitable<T> drive(Conversation<T> conversation, net::Deadline deadline,
                          std::chrono::milliseconds pause = std::chrono::hours(1)) {
    conversation.start();
    co_return co_await go_on(conversation, deadline, pause);
  }

  /// The same with one that has begun.
  template <typename T>
  net::awaitable<T> go_on(Conversation<T>& conversation, net::Deadline deadline,
                          std::chrono::milliseconds pause = std::chrono::hours(1)) {
    while (!conversation.done()) {
      CO_TRY(co_await send_outgoing(deadline));
      CO_TRY(auto message, co_await receive(std::min(deadline, net::within(pause))));
      port_.deliver(std::move(message));
    }
    co_return conversation.take();
  }

  Environment environment_;
  std::optional<logins::Pass> renewal_;  ///< for the login in the middle of a call
  net::TcpStream stream_;
  Port port_;
  smb2::Client smb_;
  smb2::Pipe pipe_;
  svcctl::Client scm_;
  bool multiplexes_ = true;  ///< as far as is known
  std::optional<SmbPipe> batches_;
  std::optional<Conversation<Result<svcctl::Client*>>> preparing_;  ///< batches_
  std::optional<SmbListener> listener_;
};

}  // namespace tocsin::probe
