// The client's side of svcctl: what a monitor asks a service control manager, with the fallbacks
// that Samba and old Windows need. [MS-SCMR]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/keyed_hash.h"
#include "wire/conversation.h"
#include "wire/dcerpc/client.h"
#include "wire/svcctl/messages.h"
#include "wire/svcctl/notify.h"
#include "wire/svcctl/refusals.h"
#include "wire/svcctl/service_list.h"

namespace tocsin::svcctl {

/// All services of a host (no drivers). The names are views into the reply, which is kept here:
/// nothing is allocated per service.
class Enumeration {
 public:
  Enumeration() = default;
  Enumeration(Enumeration&&) = default;
  Enumeration& operator=(Enumeration&&) = default;

  [[nodiscard]] const std::vector<EnumServiceStatus>& services() const { return services_; }
  /// malformed: an offset, a length or a count that lies outside what is possible.
  Result<> append(Bytes stub, const EnumServicesStatusResponse& page, EnumLayout layout);

 private:
  std::vector<Bytes> stubs_;
  std::vector<EnumServiceStatus> services_;
};

/// What a host has answered to the question for its services, not read yet: whether it is the same
/// as before is told by its bytes, for a fraction of what reading costs.
class ListReply {
 public:
  ListReply(std::string_view call, EnumLayout layout) : call_(call), layout_(layout) {}

  void append(Bytes stub, const EnumServicesStatusResponse& page) {
    pages_.push_back({.stub = std::move(stub), .response = page});
  }
  /// How many services it announces.
  [[nodiscard]] std::size_t size() const;
  /// Equal for two replies: they are the same in every byte, as far as keyed_hash() says. Unequal
  /// says nothing: what Windows leaves between the records and the names may be anything.
  [[nodiscard]] std::uint64_t fingerprint(const HashKey& key) const;
  /// Errors as Enumeration::append().
  [[nodiscard]] Result<Enumeration> read() &&;

 private:
  struct Page {
    Bytes stub;
    EnumServicesStatusResponse response;  ///< points into it
  };
  std::string_view call_;
  EnumLayout layout_;
  std::vector<Page> pages_;
};

/// What is worth remembering about a host between two connections, so that a check is one call.
struct HostTraits {
  std::uint32_t enumeration_size = 0;  ///< bytes that the last list took; 0: not known
  bool has_enum_services_ex = true;    ///< opnum 42; Samba lacks it
  bool has_query_status_ex = true;     ///< opnum 40
  bool has_delayed_start = true;       ///< info level 3 of opnum 39; Samba lacks it
  bool has_triggers = true;            ///< opnum 56; Samba and Windows before 7 lack it
  bool multiplexes = true;             ///< takes several calls at a time on one pipe

  /// With what another client of the same host has learned.
  void learn(const HostTraits& other) {
    has_query_status_ex = has_query_status_ex && other.has_query_status_ex;
    has_delayed_start = has_delayed_start && other.has_delayed_start;
    has_triggers = has_triggers && other.has_triggers;
  }
};

/// Over a dcerpc::Client that is bound to kInterface. One conversation at a time, unless that
/// multiplexes; this must not move while one runs. Errors are those of dcerpc::Client, and those
/// that the service manager answers, with the Win32 code as native: denied (5), not_found (1060),
/// unreachable (1722, 1115), unsupported (50, 120, 124), else rejected.
class Client {
 public:
  explicit Client(dcerpc::Client rpc, HostTraits traits = {})
      : rpc_(std::move(rpc)), traits_(traits) {}

  /// Asks for no more than the rights to connect and to enumerate. Must come first.
  Conversation<Result<>> open_manager(Port& port);
  /// One call when the size of the list is known and did not grow much; process ids are 0 where
  /// the host lacks opnum 42.
  Conversation<Result<Enumeration>> enumerate(Port& port);
  /// The same, not read yet.
  Conversation<Result<ListReply>> ask_for_list(Port& port);
  /// `name` is the key name, in UTF-8; `rights` are Access bits.
  Conversation<Result<Handle>> open_service(Port& port, std::string name,
                                            std::uint32_t rights = kServiceQueryConfig |
                                                                   kServiceQueryStatus);
  /// The process id is 0 where the host lacks opnum 40.
  Conversation<Result<ServiceStatusProcess>> query_status(Port& port, Handle service);
  Conversation<Result<QueryServiceConfig>> query_config(Port& port, Handle service);
  /// Whether a service that starts automatically does so with delay; unsupported where the host
  /// does not know the question.
  Conversation<Result<bool>> query_delayed_start(Port& port, Handle service);
  /// Whether an event starts the service; unsupported where the host does not know the question.
  Conversation<Result<bool>> query_start_trigger(Port& port, Handle service);
  /// The key names of the services that depend on it and do not rest, also those that do so through
  /// others, in the order in which they are to be stopped. Needs kServiceEnumerateDependents;
  /// unsupported where the host does not know the question.
  Conversation<Result<std::vector<std::string>>> dependents(Port& port, Handle service);
  /// Needs kServiceStart. Windows starts what it depends on first. Answers when the service has
  /// begun to start, which may take half a minute.
  Conversation<Result<>> start_service(Port& port, Handle service);
  /// Needs kServiceStop, or kServicePauseContinue. Answers when the service was told.
  Conversation<Result<>> control_service(Port& port, Handle service, Control control);
  Conversation<Result<>> close(Port& port, Handle handle);

  /// Registers for one notification about a service or, with `manager()`, about the list of
  /// services. unsupported where the host does not tell of changes.
  Conversation<Result<NotifyHandle>> register_for(Port& port, Handle handle,
                                                  std::uint32_t notify_mask);
  /// Asks for it, which may take days: `call` is brought what read_notifications() reads. Needs an
  /// RPC client that multiplexes; ends as its begin().
  Conversation<bool> wait_for_notifications(Port& port, NotifyHandle notify,
                                            dcerpc::PatientCall& call);
  Conversation<Result<>> close_notify(Port& port, NotifyHandle notify);

  [[nodiscard]] Handle manager() const { return manager_; }
  [[nodiscard]] const HostTraits& traits() const { return traits_; }

 private:
  /// A response with the bytes that it may point into.
  template <typename Response>
  struct Reply {
    Bytes stub;
    Response response;
  };
  /// The response, whatever its return value.
  template <typename Request>
  Conversation<Result<Reply<typename Request::Response>>> invoke(Port& port, Request request);
  /// The same; a return value other than success is an error.
  template <typename Request>
  Conversation<Result<Reply<typename Request::Response>>> ask(Port& port, Request request);
  template <typename Request>
  Conversation<Result<ListReply>> ask_for_list(Port& port, EnumLayout layout);
  Conversation<Result<ServiceStatusProcess>> query_status_ex(Port& port, Handle service);
  Conversation<Result<ServiceStatusProcess>> query_plain_status(Port& port, Handle service);

  dcerpc::Client rpc_;
  HostTraits traits_;
  Handle manager_{};
};

/// The answer to Client::wait_for_notifications(); errors as Client's.
[[nodiscard]] Result<std::vector<StatusNotification>> read_notifications(Result<Bytes> stub);

}  // namespace tocsin::svcctl
